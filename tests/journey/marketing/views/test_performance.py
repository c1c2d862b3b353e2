"""Performance: of several snapshots at one moment one is used, whatever the order of the rows."""

import pytest

from journey.marketing.views.context import build_context
from tests.journey.marketing.companies import find_codes, records, rows


def _totals(tables):
    context = build_context(records(tables))
    columns = "asset_id, timestamp, impressions, clicks, conversions, cost, revenue_proxy"
    tables = [f"SELECT {columns} FROM {name} ORDER BY ALL" for name in ("totals", "increments")]
    return [context.cursor.execute(sql).fetchall() for sql in tables]


@pytest.mark.medium
def test_the_order_of_conflicting_snapshots_does_not_matter():
    tables = rows()
    first = tables["performance_metrics"][0]
    others = [first | {"conversions": first["conversions"] + 5}, first | {"cost": first["cost"] + 1.0}]
    found = []
    snapshots = [first, *others]
    # Each snapshot is once the first of the three, and once the last.
    for order in (snapshots, snapshots[1:] + snapshots[:1], snapshots[2:] + snapshots[:2]):
        changed = rows()
        changed["performance_metrics"][:1] = order
        found.append(_totals(changed))
    assert "conflicting-snapshots" in {code for code, _ in find_codes(changed)}
    assert all(each == found[0] for each in found)


def test_of_conflicting_snapshots_the_one_with_the_fewest_conversions_is_used():
    tables = rows()
    first = tables["performance_metrics"][0]
    tables["performance_metrics"].insert(0, first | {"conversions": first["conversions"] + 5})
    _, increments = _totals(tables)
    assert increments == _totals(rows())[1]
