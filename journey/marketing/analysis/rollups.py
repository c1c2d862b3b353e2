"""Segment rollups: performance of a campaign in a segment over a window of days, compared with recorded rollups.

Performance is recorded in cumulative snapshots. The difference between two snapshots is counted on the day of the later
one, so a window is exact if snapshots were taken at both of its ends. If a difference starts before the window, a note
gives its first day. Counts of a window without snapshots are unknown, not 0.

If no performance is recorded at all, the counts of recorded rollups are used, and labelled as such.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from journey.core.errors import InputError
from journey.marketing.analysis.performance_counts import (
    Cell,
    PerformanceCounts,
    get_metric_counts,
    read_window_counts,
)
from journey.marketing.analysis.recommendation import (
    Advice,
    BenchmarkComparison,
    compare_with_benchmark,
    compute_trend,
    recommend,
)
from journey.marketing.views.priorities import rank_segments
from journey.records.database import one_value
from journey.statistics.score_intervals import wilson_interval

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext


class Window(NamedTuple):
    """Days, both ends included.

    Attributes:
        start: First day.
        end: Last day.
    """

    start: date
    end: date

    @property
    def prior(self) -> "Window":
        """The preceding window of the same length."""
        length = self.end - self.start
        return Window(self.start - length - timedelta(days=1), self.start - timedelta(days=1))


COMPARED_FIELDS = (
    "impressions",
    "clicks",
    "conversions",
    "spend",
    "revenue_proxy",
    "kpi_value",
    "trend_vs_prior_window",
)
"""Numeric fields of a recorded rollup."""

NO_SNAPSHOT = "no performance is dated in this window"
RECORDED_COUNTS = "no performance is recorded: the counts are those of the recorded rollup"
DECREASED_SNAPSHOTS = "cumulative snapshots decreased in this window, so its counts are unknown"


@dataclass(frozen=True, slots=True)
class Rollup:
    """A campaign in a segment over a window.

    Attributes:
        window_start: First day.
        window_end: Last day.
        campaign_id: The campaign.
        segment_id: The segment.
        impressions: Number of impressions; None, like all counts, if unknown.
        clicks: Number of clicks.
        conversions: Number of conversions.
        spend: Spend in dollars.
        revenue_proxy: Revenue in dollars.
        return_on_spend: Dollars of revenue per dollar spent; None if nothing was spent.
        primary_kpi: Primary KPI of the campaign.
        kpi_definition: Definition of the KPI in words.
        kpi_value: Value of the KPI.
        ci_low: Lower bound of its Wilson interval.
        ci_high: Upper bound.
        comparison: Comparison with the benchmark.
        trend_vs_prior_window: Relative change from the preceding window of the same length.
        trend_ci_low: Lower bound of the trend.
        trend_ci_high: Upper bound.
        trend_reason: Reason for a missing trend.
        advice: The recommendation, its rule and its reason.
        recorded: The recorded rollup of the same window, if any.
        notes: Limitations of the counts.
        source: Source of the counts: ``performance``, or ``recorded rollup`` if no performance is recorded at all.
    """

    window_start: date
    window_end: date
    campaign_id: str
    segment_id: str
    impressions: int | None
    clicks: int | None
    conversions: int | None
    spend: float | None
    revenue_proxy: float | None
    return_on_spend: float | None
    primary_kpi: str | None
    kpi_definition: str | None
    kpi_value: float | None
    ci_low: float | None
    ci_high: float | None
    comparison: BenchmarkComparison
    trend_vs_prior_window: float | None
    trend_ci_low: float | None
    trend_ci_high: float | None
    trend_reason: str | None
    advice: Advice
    recorded: Mapping[str, Any] | None
    notes: tuple[str, ...]
    tolerances: Mapping[str, float]
    source: Literal["performance", "recorded rollup"] = "performance"

    @property
    def differences(self) -> list[dict[str, Any]]:
        """Fields in which the recorded rollup differs: field, recorded value, computed value (None if unknown)."""
        if self.recorded is None or self.source != "performance":
            return []
        differing_fields = []
        for name in COMPARED_FIELDS:
            stated, computed = self.recorded[name], getattr(self, name)
            same = computed is not None and stated is not None and abs(stated - computed) <= self.tolerances[name]
            if stated is not None and not same:
                differing_fields.append({"field": name, "recorded": stated, "computed": computed})
        stated = self.recorded["recommendation"]
        if stated is not None and stated != self.advice.recommendation:
            differing_fields.append(
                {"field": "recommendation", "recorded": stated, "computed": self.advice.recommendation}
            )
        return differing_fields

    def as_dict(self) -> dict[str, Any]:
        """The rollup as a JSON-ready mapping."""
        data = asdict(self)
        del data["tolerances"], data["comparison"], data["advice"]
        return data | {
            "window_start": self.window_start.isoformat(),
            "window_end": self.window_end.isoformat(),
            **self.comparison.as_dict(),
            **self.advice.as_dict(),
            "notes": list(self.notes),
            "differences": self.differences,
        }


def report_rollups(context: "MarketingContext") -> list[dict[str, Any]]:
    """The rollups of every window of `list_windows`, as JSON-ready data."""
    return [rollup.as_dict() for window in list_windows(context) for rollup in compute_rollups(context, window)]


def list_windows(context: "MarketingContext") -> list[Window]:
    """The recorded windows, and the latest window up to the last snapshot, in order."""
    execute = context.cursor.execute
    recorded = execute("SELECT DISTINCT window_start::DATE, window_end::DATE FROM seen_segment_rollups").fetchall()
    # A recorded window that ends before it begins is reported by a check and ignored here.
    windows = {Window(start, end) for start, end in recorded if start <= end}
    ((latest,),) = execute("SELECT max(timestamp)::DATE FROM increments").fetchall()
    if latest is not None:
        windows.add(Window(latest - timedelta(days=context.policy.rollups.window_days - 1), latest))
    return sorted(windows, key=lambda window: (window.end, window.start))


def compute_rollups(context: "MarketingContext", window: Window) -> list[Rollup]:
    """The rollups of one window, for each campaign and segment with performance or with a recorded rollup.

    They are in the order of the priorities of their segments, then of campaigns and segments.

    Args:
        context: The records, the moment and the policy.
        window: The days; records dated after `as_of` are ignored.

    Raises:
        InputError: The window ends before it begins.
    """
    if window.end < window.start:
        raise InputError(f"window from {window.start} to {window.end}: ends before it begins; give a later end")
    recorded = _read_recorded(context, window)
    is_recorded = not one_value(context.cursor, "SELECT EXISTS (FROM totals)")
    if is_recorded:
        current, previous = (_get_counts(rows) for rows in (recorded, _read_recorded(context, window.prior)))
    else:
        current, previous = read_window_counts(context, *window), read_window_counts(context, *window.prior)
    goals = _read_goals(context)
    known = context.cursor.execute(
        "SELECT DISTINCT campaign_id, segment_id FROM totals WHERE campaign_id IS NOT NULL AND segment_id IS NOT NULL"
    ).fetchall()
    ranks, last = rank_segments(context), len(context.policy.rollups.priorities)
    cells = sorted(
        {Cell(*cell) for cell in known} | set(recorded), key=lambda cell: (ranks.get(cell.segment_id, last), cell)
    )
    rollups = [_build_rollup(context, window, cell, current, previous, goals, recorded.get(cell)) for cell in cells]
    if is_recorded:
        return [replace(each, source="recorded rollup", notes=(RECORDED_COUNTS,)) for each in rollups]
    return rollups


class _Goal(NamedTuple):
    """Name of a campaign's KPI, and its target."""

    kpi: str | None
    target: float | None


def _read_goals(context: "MarketingContext") -> dict[str, _Goal]:
    """KPI and target of each campaign; without any campaign, the KPIs that recorded rollups name."""
    rows = context.cursor.execute("""
        SELECT campaign_id, primary_kpi, kpi_target FROM campaigns
        UNION ALL SELECT campaign_id, any_value(primary_kpi ORDER BY rollup_id), NULL FROM seen_segment_rollups
        WHERE NOT EXISTS (FROM campaigns) GROUP BY campaign_id
    """).fetchall()
    targets = context.policy.targets
    return {name: _Goal(kpi, targets.get(kpi) if target is None else target) for name, kpi, target in rows}


def _read_recorded(context: "MarketingContext", window: Window) -> dict[Cell, dict[str, Any]]:
    cursor = context.cursor.execute(
        f"""
        SELECT campaign_id, segment_id, rollup_id, {", ".join(COMPARED_FIELDS)}, recommendation
            FROM seen_segment_rollups
        WHERE window_start::DATE = ? AND window_end::DATE = ? ORDER BY rollup_id DESC
        """,
        [window.start, window.end],
    )
    names = [column[0] for column in cursor.description or ()]
    # Duplicate rollups of a cell are reported by a check; the first one is used.
    return {Cell(*row[:2]): dict(zip(names[2:], row[2:], strict=True)) for row in cursor.fetchall()}


def _get_counts(recorded: Mapping[Cell, Mapping[str, Any]]) -> dict[Cell, PerformanceCounts]:
    """The counts of recorded rollups."""
    return {
        cell: PerformanceCounts(
            row["impressions"], row["clicks"], row["conversions"], row["spend"], row["revenue_proxy"]
        )
        for cell, row in recorded.items()
    }


def _build_rollup(
    context: "MarketingContext",
    window: Window,
    cell: Cell,
    current: Mapping[Cell, PerformanceCounts],
    previous: Mapping[Cell, PerformanceCounts],
    goals: Mapping[str, _Goal],
    recorded: Mapping[str, Any] | None,
) -> Rollup:
    policy = context.policy
    goal = goals.get(cell.campaign_id, _Goal(None, None))
    metric = policy.metrics.get(goal.kpi or "")
    counts = current.get(cell)
    trusted_counts = None if counts is None or counts.has_decreased else counts
    others = [each for other, each in current.items() if other.campaign_id == cell.campaign_id and other != cell]
    comparison = compare_with_benchmark(trusted_counts, metric, goal.target, others, policy.rollups)
    trend = compute_trend(trusted_counts, previous.get(cell), metric, policy.rollups)
    kpi = wilson_interval(*get_metric_counts(trusted_counts, metric), policy.rollups.confidence)
    return Rollup(
        window_start=window.start,
        window_end=window.end,
        campaign_id=cell.campaign_id,
        segment_id=cell.segment_id,
        impressions=None if trusted_counts is None else trusted_counts.impressions,
        clicks=None if trusted_counts is None else trusted_counts.clicks,
        conversions=None if trusted_counts is None else trusted_counts.conversions,
        spend=None if trusted_counts is None else trusted_counts.cost,
        revenue_proxy=None if trusted_counts is None else trusted_counts.revenue_proxy,
        return_on_spend=None if trusted_counts is None else trusted_counts.return_on_spend,
        primary_kpi=goal.kpi,
        kpi_definition=None if metric is None else metric.definition,
        kpi_value=kpi.value,
        ci_low=kpi.low,
        ci_high=kpi.high,
        comparison=comparison,
        trend_vs_prior_window=trend.value,
        trend_ci_low=trend.low,
        trend_ci_high=trend.high,
        trend_reason=trend.reason,
        advice=recommend(trusted_counts, metric, comparison, trend, policy.rollups),
        recorded=recorded,
        notes=_build_notes(window, counts),
        tolerances=_build_tolerances(context),
    )


def _build_notes(window: Window, counts: PerformanceCounts | None) -> tuple[str, ...]:
    if counts is None:
        return (NO_SNAPSHOT,)
    notes: tuple[str, ...] = (DECREASED_SNAPSHOTS,) if counts.has_decreased else ()
    counted_since = counts.counted_since.date() if isinstance(counts.counted_since, datetime) else counts.counted_since
    if counted_since is not None and counted_since < window.start:
        notes += (f"counts start on {counted_since.isoformat()}: no snapshot was taken at the start of the window",)
    return notes


def _build_tolerances(context: "MarketingContext") -> dict[str, float]:
    tolerance = context.policy.tolerance
    return {
        "impressions": 0.0,
        "clicks": 0.0,
        "conversions": 0.0,
        "spend": tolerance.money,
        "revenue_proxy": tolerance.money,
        # Stored values are rounded half up; 1e-9 allows for floating-point error at exactly the tolerance.
        "kpi_value": tolerance.kpi + 1e-9,
        "trend_vs_prior_window": tolerance.trend,
    }
