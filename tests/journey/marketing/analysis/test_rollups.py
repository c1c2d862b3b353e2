"""Segment rollups from performance, what they are comparison against, and what they lead to."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.core.errors import InputError
from journey.marketing.analysis.performance_counts import PerformanceCounts
from journey.marketing.analysis.recommendation import (
    Trend,
    compare_with_benchmark,
    compute_trend,
    recommend,
)
from journey.marketing.analysis.rollups import Window, compute_rollups, list_windows, report_rollups
from journey.marketing.core.policy import MarketingPolicy, RollupPolicy
from journey.marketing.views.context import build_context
from tests.journey.marketing.companies import records, row, rows

WEEK = Window(date(2026, 3, 10), date(2026, 3, 16))
POLICY = MarketingPolicy()
RATE = POLICY.metrics["conversion_rate"]


def _rolled(tables=None, window=WEEK, **options):
    found = compute_rollups(build_context(records(tables or rows()), **options), window)
    return {(each.campaign_id, each.segment_id): each for each in found}


def test_the_bundled_rollups_are_the_recorded_ones_and_lead_to_the_recorded_recommendations():
    found = _rolled()
    agree = [("CAMP_001", "SEG_001"), ("CAMP_001", "SEG_002"), ("CAMP_002", "SEG_002")]
    assert all(found[cell].differences == [] for cell in agree)
    assert {each.recorded["recommendation"] == each.advice.recommendation for each in found.values()} == {True}
    assert found["CAMP_001", "SEG_002"].trend_vs_prior_window == pytest.approx(156 / 18100 / (117 / 15200) - 1)


def test_every_difference_from_a_recorded_rollup_is_listed():
    found = _rolled()
    # A click-through rate of 0 beside 640 clicks of 8,600 impressions, and a trend without a window before.
    assert found["CAMP_003", "SEG_005"].differences == [
        {"field": "kpi_value", "recorded": 0.0, "computed": pytest.approx(640 / 8600)},
        {"field": "trend_vs_prior_window", "recorded": -0.3, "computed": None},
    ]
    tables = rows()
    row(tables, "segment_rollups", "SEGROLL_0001").update(spend=325.0, recommendation="stop")
    assert _rolled(tables)["CAMP_001", "SEG_001"].differences == [
        {"field": "spend", "recorded": 325.0, "computed": 324.0},
        {"field": "recommendation", "recorded": "stop", "computed": "hold"},
    ]


def test_missing_counts_are_unknown_and_not_zero():
    missing = _rolled()["CAMP_002", "SEG_001"]
    assert (missing.impressions, missing.spend, missing.kpi_value) == (None, None, None)
    assert (missing.advice.recommendation, missing.advice.rule) == ("hold", "nothing_counted")
    assert {each["computed"] for each in missing.differences} == {None}


def test_any_window_is_allowed_and_two_weeks_are_the_sum_of_both():
    early, late = _rolled(window=Window(date(2026, 3, 3), date(2026, 3, 9))), _rolled()
    both = _rolled(window=Window(date(2026, 3, 3), date(2026, 3, 16)))
    cell = ("CAMP_001", "SEG_001")
    for name in ("impressions", "clicks", "conversions", "spend", "revenue_proxy"):
        assert getattr(both[cell], name) == getattr(early[cell], name) + getattr(late[cell], name)
    with pytest.raises(InputError, match="ends before it begins"):
        _rolled(window=Window(date(2026, 3, 3), date(2026, 3, 2)))


def test_a_count_that_starts_before_the_window_has_a_note():
    found = _rolled(window=Window(date(2026, 3, 14), date(2026, 3, 16)))
    assert found["CAMP_001", "SEG_001"].notes == (
        "counts start on 2026-03-10: no snapshot was taken at the start of the window",
    )
    assert _rolled()["CAMP_001", "SEG_001"].notes == ()


def test_decreasing_snapshots_make_the_window_unknown():
    tables = rows()
    tables["performance_metrics"][1]["impressions"] = 7000
    assert _rolled(tables)["CAMP_001", "SEG_001"].impressions is None


def test_the_windows_are_the_recorded_ones_and_the_latest():
    tables = rows()
    row(tables, "segment_rollups", "SEGROLL_0001").update(window_start="2026-03-03", window_end="2026-03-09")
    assert list_windows(build_context(records(tables))) == [Window(date(2026, 3, 3), date(2026, 3, 9)), WEEK]
    policy = MarketingPolicy(rollups=RollupPolicy(window_days=3))
    found = list_windows(build_context(records(rows() | {"segment_rollups": []}), policy=policy))
    assert found == [Window(date(2026, 3, 14), date(2026, 3, 16))]


def test_nothing_later_than_as_of_is_in_a_window():
    found = _rolled(as_of=date(2026, 3, 15))
    assert found["CAMP_001", "SEG_001"].impressions is None
    assert found["CAMP_002", "SEG_003"].impressions == 15200


def test_without_a_target_the_kpi_is_compared_with_the_other_segments():
    tables = rows()
    row(tables, "campaigns", "CAMP_001")["kpi_target"] = None
    found = _rolled(tables)["CAMP_001", "SEG_002"]
    assert (found.comparison.basis, found.comparison.reference) == ("other segments", pytest.approx(122 / 16200))
    assert (found.advice.recommendation, found.advice.rule) == ("hold", "not_told_apart")


def test_the_json_has_dates_a_rule_and_a_reason():
    first = report_rollups(build_context(records(rows())))[0]
    assert (first["window_start"], first["window_end"]) == ("2026-03-10", "2026-03-16")
    assert {"recommendation", "rule", "reason", "recorded", "differences", "ratio_ci_low", "ci_low"} <= set(first)


# A case for each rule: counts, target, counts of the previous window.
CASES = [
    ("stop", "dead_end", PerformanceCounts(20_000, 1_000, 0, 100.0, 0.0), 0.01, None),
    ("hold", "too_few", PerformanceCounts(500, 50, 5, 10.0, 50.0), 0.001, None),
    ("hold", "nothing_to_compare", PerformanceCounts(20_000, 1_000, 200, 100.0, 500.0), None, None),
    ("stop", "far_below", PerformanceCounts(20_000, 1_000, 50, 100.0, 500.0), 0.1, None),
    ("revise", "below", PerformanceCounts(20_000, 1_000, 200, 100.0, 500.0), 0.02, None),
    ("hold", "not_told_apart", PerformanceCounts(20_000, 1_000, 200, 100.0, 500.0), 0.01, None),
    ("scale", "above", PerformanceCounts(20_000, 1_000, 200, 100.0, 500.0), 0.005, None),
    (
        "hold",
        "falling",
        PerformanceCounts(20_000, 1_000, 200, 100.0, 500.0),
        0.005,
        PerformanceCounts(20_000, 1_000, 400, 1.0, 1.0),
    ),
    ("hold", "does_not_pay", PerformanceCounts(20_000, 1_000, 200, 500.0, 505.0), 0.005, None),
    ("scale", "above", PerformanceCounts(20_000, 1_000, 200, 0.0, 500.0), 0.005, None),
]


@pytest.mark.parametrize(("recommendation", "rule", "measured", "target", "before"), CASES)
def test_each_rule_has_its_case(recommendation, rule, measured, target, before):
    comparison = compare_with_benchmark(measured, RATE, target, [], POLICY.rollups)
    found = recommend(measured, RATE, comparison, compute_trend(measured, before, RATE, POLICY.rollups), POLICY.rollups)
    assert (found.recommendation, found.rule) == (recommendation, rule)


counts = st.integers(1_000, 10**6).flatmap(
    lambda n: st.integers(0, n).flatmap(
        lambda clicks: st.builds(
            PerformanceCounts, st.just(n), st.just(clicks), st.integers(0, clicks), st.floats(0, 1e6), st.floats(0, 1e6)
        )
    )
)


@pytest.mark.medium
@given(counts, st.floats(1e-4, 1.0), st.floats(1e-4, 1.0))
def test_a_higher_target_never_makes_a_recommendation_better(measured, target, other_target):
    order = ["stop", "revise", "hold", "scale"]
    lower, higher = sorted((target, other_target))
    none = Trend(None, None, None, "")
    ranks = [
        order.index(
            recommend(
                measured, RATE, compare_with_benchmark(measured, RATE, t, [], POLICY.rollups), none, POLICY.rollups
            ).recommendation
        )
        for t in (lower, higher)
    ]
    assert ranks[1] <= ranks[0]


@given(counts, st.floats(1e-4, 1.0))
def test_the_scale_needs_the_whole_interval_above_the_target(measured, target):
    comparison = compare_with_benchmark(measured, RATE, target, [], POLICY.rollups)
    found = recommend(measured, RATE, comparison, Trend(None, None, None, ""), POLICY.rollups)
    assert found.recommendation != "scale" or (
        comparison.low > 1.0 and measured.conversions / measured.impressions > target
    )


def test_rollups_are_in_the_order_of_the_priorities_of_their_segments():
    tables = rows()
    for key, priority in (("SEG_001", "LOW"), ("SEG_002", "medium"), ("SEG_003", "High "), ("SEG_005", "someday")):
        row(tables, "audience_segments", key)["priority"] = priority
    context = build_context(records(tables))
    segments = [each.segment_id for each in compute_rollups(context, list_windows(context)[-1])]
    assert list(dict.fromkeys(segments)) == ["SEG_003", "SEG_002", "SEG_001", "SEG_005"]


@pytest.mark.parametrize("day", range(10, 17))
def test_the_latest_week_is_the_seven_days_up_to_the_evaluation(day):
    tables = rows() | {"segment_rollups": []}
    for index, snapshot in enumerate(tables["performance_metrics"]):
        snapshot["timestamp"] = f"2026-03-{3 + index % 14:02d}"
    (week,) = list_windows(build_context(records(tables), as_of=date(2026, 3, day)))
    assert week == Window(date(2026, 3, day - 6), date(2026, 3, day))
