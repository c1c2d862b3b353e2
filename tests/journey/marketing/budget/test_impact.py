"""Return per dollar before and after a transfer: compared only if there are snapshots on both sides."""

import pytest

from journey.marketing.budget.impact import report_impact
from journey.marketing.views.context import build_context
from tests.journey.marketing.companies import records, row, rows


def _sides(tables, action="BUD_0001"):
    found = report_impact(build_context(records(tables)))
    (move,) = (each for each in found if each["budget_action_id"] == action)
    return {side["channel_id"]: side for side in move["channels"]}


def _with_later_snapshots(conversions):
    """BUD_0001 (to CH_02, 16 March 11:25), with a snapshot at the moment of the transfer and one a week later."""
    tables = rows()
    last = [each for each in tables["performance_metrics"] if each["asset_id"] in ("ASSET_005", "ASSET_006")
            and each["timestamp"].startswith("2026-03-16")]  # fmt: skip
    for snapshot in last:
        snapshot["timestamp"] = "2026-03-16T11:25:00"
        tables["performance_metrics"].append(
            snapshot
            | {
                "timestamp": "2026-03-23T11:25:00",
                "impressions": snapshot["impressions"] + 5000,
                "clicks": snapshot["clicks"] + 500,
                "conversions": snapshot["conversions"] + conversions,
                "cost": snapshot["cost"] + 750,
                "revenue_proxy": snapshot["revenue_proxy"] + 50 * conversions,
            }
        )
    return tables


@pytest.mark.slow
@pytest.mark.parametrize(
    ("conversions", "verdict"), [(150, "rose"), (44, "no_difference_shown"), (2, "fell")]
)  # before: 99 of 1,135 clicks; 44 of 500 is the same rate at the same price
def test_snapshots_on_both_sides_show_whether_the_return_changed(conversions, verdict):
    search = _sides(_with_later_snapshots(conversions))["CH_02"]
    assert search["verdict"] == verdict
    assert (search["ratio_low"] > 1.0, search["ratio_high"] < 1.0) == (verdict == "rose", verdict == "fell")
    assert search["role"] == "received"


def test_the_bundled_transfers_have_no_verdict_and_the_reason_says_why():
    sides = _sides(rows())
    assert {side["verdict"] for side in sides.values()} == {"cannot_tell"}
    assert "a snapshot spans the transfer and covers both periods" in sides["CH_02"]["reason"]
    assert sides["CH_02"]["before"] is not None
    assert sides["CH_02"]["after"] is None
    # CAMP_001 has no asset on CH_02.
    assert "no performance is recorded before the transfer" in _sides(rows(), "BUD_0005")["CH_02"]["reason"]


def test_too_few_clicks_give_no_verdict():
    tables = _with_later_snapshots(5)
    for snapshot in tables["performance_metrics"]:
        if snapshot["timestamp"] == "2026-03-23T11:25:00":
            snapshot["clicks"] -= 460
    assert "only 80 clicks after it" in _sides(tables)["CH_02"]["reason"]


def test_transfers_to_the_same_channel_and_unexecuted_ones_are_not_compared():
    compared = {each["budget_action_id"] for each in report_impact(build_context(records(rows())))}
    assert compared == {"BUD_0001", "BUD_0004", "BUD_0005"}


def test_without_recorded_revenue_there_is_no_verdict():
    tables = rows()
    for snapshot in tables["performance_metrics"]:
        snapshot["revenue_proxy"] = 0.0
    assert _sides(tables)["CH_03"]["reason"] == "unknown: no conversion has a recorded value."
    assert row(tables, "budget_actions", "BUD_0001")["status"] == "executed"
