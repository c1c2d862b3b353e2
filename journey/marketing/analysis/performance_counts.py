"""Sums of performance: impressions, clicks, conversions, spend and revenue per campaign, or per cell and window."""

from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

from journey.marketing.core.policy import Metric

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext

NO_CAMPAIGN_SQL = "coalesce(campaign_id, 'no campaign')"
"""SQL for the campaign of a snapshot; snapshots whose asset has no campaign are summed as ``no campaign``."""

_SUMS = """
    sum(impressions)::BIGINT, sum(clicks)::BIGINT, sum(conversions)::BIGINT, round(sum(cost), 2),
    CASE WHEN count(*) FILTER (WHERE revenue_proxy IS NULL AND conversions > 0) = 0
        THEN round(sum(revenue_proxy), 2) END
"""


class PerformanceCounts(NamedTuple):
    """Sums of performance snapshots.

    Attributes:
        impressions: Number of impressions.
        clicks: Number of clicks.
        conversions: Number of conversions.
        cost: Spend in dollars.
        revenue_proxy: Revenue in dollars; None if it is not recorded, or not for all conversions.
        has_decreased: Whether a cumulative count decreased between two snapshots, so that the sums are wrong.
        counted_since: First day that the sums include; None if unknown.
    """

    impressions: int
    clicks: int
    conversions: int
    cost: float
    revenue_proxy: float | None
    has_decreased: bool = False
    counted_since: date | datetime | None = None

    def counts_for(self, metric: Metric) -> tuple[int, int]:
        """Numerator and denominator of a metric."""
        counts = {"impressions": self.impressions, "clicks": self.clicks, "conversions": self.conversions}
        return counts[metric.numerator], counts[metric.denominator]

    @property
    def return_on_spend(self) -> float | None:
        """Dollars of revenue per dollar spent; None if nothing was spent or no revenue is recorded."""
        return None if self.revenue_proxy is None or self.cost <= 0.0 else self.revenue_proxy / self.cost


class CampaignPerformance(NamedTuple):
    """Performance of one campaign up to the moment of the evaluation.

    Attributes:
        snapshots: Number of last snapshots that are summed, one per asset and experiment.
        counts: Their sums.
    """

    snapshots: int
    counts: PerformanceCounts


class Cell(NamedTuple):
    """A campaign in a segment.

    Attributes:
        campaign_id: The campaign.
        segment_id: The segment.
    """

    campaign_id: str
    segment_id: str


def get_metric_counts(counts: PerformanceCounts | None, metric: Metric | None) -> tuple[int, int]:
    """Numerator and denominator of a metric; (0, 0) if the counts or the metric are unknown."""
    return (0, 0) if counts is None or metric is None else counts.counts_for(metric)


def read_campaign_performance(context: "MarketingContext") -> dict[str, CampaignPerformance]:
    """Performance of each campaign with at least one snapshot up to `as_of`, in order of campaign."""
    rows = context.cursor.execute(
        f"SELECT {NO_CAMPAIGN_SQL}, count(*), {_SUMS} FROM totals GROUP BY ALL ORDER BY 1"
    ).fetchall()
    return {campaign: CampaignPerformance(snapshots, PerformanceCounts(*sums)) for campaign, snapshots, *sums in rows}


def read_window_counts(context: "MarketingContext", first_day: date, last_day: date) -> dict[Cell, PerformanceCounts]:
    """Performance of each campaign and segment with a snapshot in a window of days.

    Args:
        context: The records, the moment and the policy.
        first_day: First day of the window.
        last_day: Last day, included.
    """
    rows = context.cursor.execute(
        f"""
        SELECT i.campaign_id, i.segment_id, {_SUMS}, bool_or(least(impressions, clicks, conversions, cost) < 0),
            -- Counting starts on the day after the previous snapshot.
            min(coalesce(since::DATE + 1, e.start_date::DATE))
        FROM increments AS i LEFT JOIN experiments AS e USING (experiment_id)
        WHERE i.timestamp::DATE BETWEEN ? AND ? AND i.campaign_id IS NOT NULL AND i.segment_id IS NOT NULL
        GROUP BY ALL
        """,
        [first_day, last_day],
    ).fetchall()
    return {Cell(*row[:2]): PerformanceCounts(*row[2:]) for row in rows}
