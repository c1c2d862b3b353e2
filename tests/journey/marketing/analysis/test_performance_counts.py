"""Sums of performance per campaign and per window."""

from datetime import date

from journey.marketing.analysis.performance_counts import (
    Cell,
    PerformanceCounts,
    get_metric_counts,
    read_campaign_performance,
    read_window_counts,
)
from journey.marketing.checks.runner import build_context
from journey.marketing.core.policy import MarketingPolicy
from tests.journey.marketing.companies import records, row, rows

RATE = MarketingPolicy().metrics["conversion_rate"]


def test_the_sums_of_the_bundled_campaigns_by_hand():
    found = read_campaign_performance(build_context(records(rows())))
    assert list(found) == ["CAMP_001", "CAMP_002", "CAMP_003"]
    counts = found["CAMP_001"].counts
    assert (counts.impressions, counts.clicks, counts.conversions) == (63_700, 4_058, 494)
    assert (counts.cost, counts.revenue_proxy) == (1258.0, 25_320.0)
    assert sum(each.snapshots for each in found.values()) == len(
        {(each["asset_id"], each["experiment_id"]) for each in rows()["performance_metrics"]}
    )


def test_snapshots_of_an_unknown_asset_are_summed_apart():
    tables = rows()
    whole = read_campaign_performance(build_context(records(tables)))["CAMP_002"]
    tables["creative_assets"].remove(row(tables, "creative_assets", "ASSET_005"))
    found = read_campaign_performance(build_context(records(tables)))
    assert found["CAMP_002"].counts.clicks + found["no campaign"].counts.clicks == whole.counts.clicks
    assert found["CAMP_002"].snapshots + found["no campaign"].snapshots == whole.snapshots


def test_a_window_counts_only_what_was_added_in_it():
    context = build_context(records(rows()))
    cell = Cell("CAMP_001", "SEG_001")
    first = read_window_counts(context, date(2026, 3, 3), date(2026, 3, 9))[cell]
    second = read_window_counts(context, date(2026, 3, 10), date(2026, 3, 16))[cell]
    both = read_window_counts(context, date(2026, 3, 3), date(2026, 3, 16))[cell]
    assert first.impressions + second.impressions == both.impressions
    assert read_window_counts(context, date(2025, 1, 1), date(2025, 1, 7)) == {}


def test_unknown_counts_or_metrics_give_no_share():
    counts = PerformanceCounts(1000, 100, 10, 50.0, 200.0)
    assert get_metric_counts(counts, RATE) == (10, 1000)
    assert get_metric_counts(None, RATE) == get_metric_counts(counts, None) == (0, 0)
    assert counts.return_on_spend == 4.0
    assert counts._replace(cost=0.0).return_on_spend is None


def test_the_revenue_of_a_campaign_is_unknown_if_that_of_some_conversions_is():
    tables = rows()
    for snapshot in tables["performance_metrics"]:
        if snapshot["asset_id"] == "ASSET_005":
            snapshot["revenue_proxy"] = None
    found = read_campaign_performance(build_context(records(tables)))
    # ASSET_005 has 45 conversions of unknown value; the other campaigns are not affected.
    assert found["CAMP_002"].counts.revenue_proxy is None
    assert found["CAMP_001"].counts == read_campaign_performance(build_context(records(rows())))["CAMP_001"].counts
