"""Attribution of the bundled campaigns: hints and paths, method by method."""

from datetime import date

import pytest

from journey.marketing.analysis.attribution import NO_CONVERSIONS, NO_PATHS, compute_credits, report_attribution
from journey.marketing.core.policy import AttributionPolicy, MarketingPolicy
from journey.marketing.views.context import build_context
from tests.journey.marketing.companies import records, rows


def _credit(tables=None, **options):
    found = compute_credits(build_context(records(tables or rows()), **options))
    return {(row.campaign_id, row.basis, row.method, row.channel_id): row for row in found}


def test_hints_are_joined_and_never_added_across_methods():
    found = _credit()
    hints = {key[2:]: row.conversions for key, row in found.items() if key[:2] == ("CAMP_001", "hints")}
    assert hints == {("last_touch", "CH_01"): 28, ("assist", "CH_02"): 14, ("first_touch", "CH_03"): 3}
    assert found["CAMP_001", "hints", "last_touch", "CH_01"].performance_conversions == 494
    assert found["CAMP_001", "hints", "last_touch", "CH_01"].channel_type == "email"


def test_the_bundled_paths_agree_with_the_hints():
    found = _credit()
    for campaign, channel, conversions in (("CAMP_001", "CH_01", 28), ("CAMP_002", "CH_02", 19)):
        assert found[campaign, "paths", "last_touch", channel].conversions == conversions
        assert found[campaign, "hints", "last_touch", channel].conversions == conversions
    assert found["CAMP_001", "paths", "first_touch", "CH_03"].conversions == 3


def test_the_bundled_removal_effects_by_hand():
    """CAMP_001: 200 of 500 begin at CH_01, 200 at CH_02, 100 at CH_03; half of the latter two go on to CH_01, where
    28 of 350 convert. 0.08 x 0.7 convert; without CH_02 0.08 x 0.5, without CH_03 0.08 x 0.6, without CH_01 none."""
    found = _credit()
    effects = {channel: found["CAMP_001", "paths", "markov", channel] for channel in ("CH_01", "CH_02", "CH_03")}
    assert [effects[channel].removal_effect for channel in effects] == pytest.approx([1, 2 / 7, 1 / 7], rel=1e-12)
    assert [effects[channel].conversions for channel in effects] == pytest.approx([19.6, 5.6, 2.8], rel=1e-12)
    assert [effects[channel].value for channel in effects] == pytest.approx([980, 280, 140], rel=1e-12)


def test_paths_without_conversions_give_no_credit_and_a_reason():
    row = _credit()["CAMP_003", "paths", "markov", "CH_04"]
    assert (row.conversions, row.reason) == (None, NO_CONVERSIONS)


def test_without_paths_each_method_has_a_reason():
    tables = rows() | {"conversion_paths": []}
    found = [row for row in report_attribution(build_context(records(tables))) if row["basis"] == "paths"]
    assert [row["method"] for row in found] == ["first_touch", "last_touch", "linear", "markov"]
    assert all((row["conversions"], row["reason"]) == (None, NO_PATHS) for row in found)


def test_records_after_as_of_are_not_credited():
    found = _credit(as_of=date(2026, 3, 16))
    assert ("CAMP_001", "paths", "markov", "CH_03") not in found
    assert ("CAMP_001", "hints", "first_touch", "CH_03") not in found


def test_the_order_of_the_chain_comes_from_the_policy_and_is_reported():
    policy = MarketingPolicy(attribution=AttributionPolicy(order=2))
    assert _credit(policy=policy)["CAMP_001", "paths", "markov", "CH_01"].order == 2


def _paths(*counted):
    return [
        {"path": path, "campaign_id": "CAMP_001", "conversions": conversions, "nulls": nulls, "value": value}
        for path, conversions, nulls, value in counted
    ]


def test_one_row_per_prospect_gives_the_credit_of_counted_paths():
    counted = _paths(("CH_01 > CH_02", 3, 2, 30.0), ("CH_02", 1, 4, 10.0))
    single = _paths(
        *[("CH_01 > CH_02", 1, 0, 10.0)] * 3, *[("CH_01 > CH_02", 0, 1, None)] * 2,
        ("CH_02", 1, 0, 10.0), *[("CH_02", 0, 1, None)] * 4,
    )  # fmt: skip
    assert len(single) == 10
    assert _credit(rows() | {"conversion_paths": single}) == _credit(rows() | {"conversion_paths": counted})


def test_equal_paths_are_not_reported_as_repetitions():
    tables = rows() | {"conversion_paths": _paths(*[("CH_01", 1, 0, 5.0)] * 4)}
    found = records(tables)
    assert found.set_aside == ()
    assert _credit(tables)["CAMP_001", "paths", "first_touch", "CH_01"].conversions == 4


def test_a_value_without_a_conversion_is_not_credited():
    paths = _paths(("CH_01", 1, 0, 5.0), ("CH_01", 0, 1, 100.0))
    assert _credit(rows() | {"conversion_paths": paths})["CAMP_001", "paths", "linear", "CH_01"].value == 5.0
