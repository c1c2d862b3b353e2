"""Recommendation for a campaign in a segment: scale, hold, revise or stop, by rules on confidence intervals.

A rule applies only if the whole interval is on one side of its threshold. If the interval includes the threshold, the
recommendation is to hold, because the data are inconclusive.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from journey.marketing.analysis.performance_counts import PerformanceCounts
from journey.marketing.core.policy import Metric, RollupPolicy
from journey.marketing.records.model import Recommendation
from journey.statistics.proportions import ContingencyTable
from journey.statistics.score_intervals import ratio_interval, wilson_interval

Rule = Literal[
    "nothing_counted",
    "kpi_unknown",
    "dead_end",
    "too_few",
    "nothing_to_compare",
    "far_below",
    "below",
    "falling",
    "does_not_pay",
    "above",
    "not_told_apart",
]


@dataclass(frozen=True, slots=True)
class BenchmarkComparison:
    """A KPI compared with its benchmark.

    Attributes:
        reference: Value of the benchmark; None if there is none.
        basis: ``target``, or ``other segments`` of the same campaign in the same window.
        low: Lower bound of the KPI divided by the reference; None if there is no reference.
        high: Upper bound.
    """

    reference: float | None
    basis: Literal["target", "other segments"] | None
    low: float | None
    high: float | None

    def as_dict(self) -> dict[str, Any]:
        """The comparison as JSON-ready keys of a rollup."""
        return {
            "reference": self.reference,
            "reference_basis": self.basis,
            "ratio_ci_low": self.low,
            "ratio_ci_high": self.high,
        }


NO_COMPARISON = BenchmarkComparison(None, None, None, None)


class Trend(NamedTuple):
    """A relative change; 0.05 is an increase of 5 %.

    Attributes:
        value: The change; None if undefined.
        low: Lower bound of its score interval.
        high: Upper bound.
        reason: Reason for a missing value.
    """

    value: float | None
    low: float | None
    high: float | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Advice:
    """A recommendation and its reason.

    Attributes:
        recommendation: ``scale``, ``hold``, ``revise`` or ``stop``.
        rule: The rule that applied.
        reason: Explanation with the interval and the threshold.
    """

    recommendation: Recommendation
    rule: Rule
    reason: str

    def as_dict(self) -> dict[str, Any]:
        """The advice as JSON-ready keys of a rollup."""
        return {"recommendation": self.recommendation, "rule": self.rule, "reason": self.reason}


def compare_with_benchmark(
    counts: PerformanceCounts | None,
    metric: Metric | None,
    target: float | None,
    others: Sequence[PerformanceCounts],
    policy: RollupPolicy,
) -> BenchmarkComparison:
    """Compare the KPI with its target, or without a target with the campaign's other segments combined.

    A target is a fixed number, so the interval covers only the uncertainty of the KPI (Wilson). Other segments are
    uncertain too, so their comparison uses the score interval of the ratio.
    """
    if counts is None or metric is None:
        return NO_COMPARISON
    count, n = counts.counts_for(metric)
    if target:
        share = wilson_interval(count, n, policy.confidence)
        low, high = (None if bound is None else bound / target for bound in (share.low, share.high))
        return BenchmarkComparison(target, "target", low, high)
    counted = [other.counts_for(metric) for other in others if not other.has_decreased]
    events, customers = sum(count for count, _ in counted), sum(n for _, n in counted)
    if not events or not 0 < events <= customers or not 0 <= count <= n:
        return NO_COMPARISON
    interval = ratio_interval(ContingencyTable(events, customers, count, n), policy.confidence)
    if interval is None:
        return NO_COMPARISON
    return BenchmarkComparison(events / customers, "other segments", interval.low, interval.high)


def compute_trend(
    current: PerformanceCounts | None, previous: PerformanceCounts | None, metric: Metric | None, policy: RollupPolicy
) -> Trend:
    """Relative change of the KPI from the previous window."""
    if metric is None:
        return Trend(None, None, None, "the KPI is unknown")
    if current is None:
        return Trend(None, None, None, "no performance is recorded in this window")
    if previous is None or previous.has_decreased:
        return Trend(None, None, None, "no performance is recorded in the previous window")
    (count, n), (previous_count, previous_n) = current.counts_for(metric), previous.counts_for(metric)
    if not n or count > n or not previous_n or previous_count > previous_n:
        return Trend(None, None, None, "the counts do not form a valid rate")
    if not previous_count:
        return Trend(None, None, None, "the KPI was 0 in the previous window, so a relative change is undefined")
    change = (count / n) / (previous_count / previous_n) - 1.0
    interval = ratio_interval(ContingencyTable(previous_count, previous_n, count, n), policy.confidence)
    return Trend(
        change,
        None if interval is None else interval.low - 1.0,
        None if interval is None else interval.high - 1.0,
        None,
    )


def recommend(
    counts: PerformanceCounts | None,
    metric: Metric | None,
    comparison: BenchmarkComparison,
    trend: Trend,
    policy: RollupPolicy,
) -> Advice:
    """Recommend an action by the first rule that applies."""
    if counts is None:
        return Advice("hold", "nothing_counted", "no performance is recorded, so there is no basis for a change")
    if metric is None:
        return Advice("hold", "kpi_unknown", "the campaign's KPI is not defined by the policy")
    beyond_click = wilson_interval(counts.conversions, counts.clicks, policy.confidence)
    if beyond_click.high is not None and beyond_click.high < policy.dead_end:
        return Advice(
            "stop",
            "dead_end",
            f"{counts.conversions:,} of {counts.clicks:,} clicks convert: at most {beyond_click.high:.2%}, below "
            f"{policy.dead_end:.2%}",
        )
    _, n = counts.counts_for(metric)
    if n < policy.least_counted:
        reason = f"{n:,} {metric.denominator} are fewer than the required {policy.least_counted:,}"
        return Advice("hold", "too_few", reason)
    if comparison.reference is None or comparison.low is None or comparison.high is None:
        reason = "there is no target, and no other segment with a KPI above 0 to compare with"
        return Advice("hold", "nothing_to_compare", reason)
    return _advise_by_comparison(counts, comparison, trend, policy)


def _advise_by_comparison(
    counts: PerformanceCounts, comparison: BenchmarkComparison, trend: Trend, policy: RollupPolicy
) -> Advice:
    low, high = comparison.low or 0.0, comparison.high or 0.0
    benchmark_text = (
        f"{'the target' if comparison.basis == 'target' else 'the other segments'} of {comparison.reference:.2%}"
    )
    comparison_text = f"the KPI is {low:.2f} to {high:.2f} times {benchmark_text}"
    if high < policy.stop_below:
        return Advice("stop", "far_below", f"{comparison_text}, below {policy.stop_below:g} times")
    if high < 1.0:
        return Advice("revise", "below", f"{comparison_text}, below it")
    if low <= 1.0:
        return Advice("hold", "not_told_apart", f"{comparison_text}: the interval includes 1")
    if trend.high is not None and trend.high < 0.0:
        return Advice(
            "hold", "falling", f"{comparison_text}, but it fell by at least {-trend.high:.0%} since the previous window"
        )
    min_return = _min_return(counts, policy)
    if min_return is not None and min_return < policy.least_return:
        reason = (
            f"{comparison_text}, but the return per dollar may be as low as {min_return:.2f}, below the required "
            f"{policy.least_return:.2f}"
        )
        return Advice("hold", "does_not_pay", reason)
    return Advice("scale", "above", f"{comparison_text}, above it")


def _min_return(counts: PerformanceCounts, policy: RollupPolicy) -> float | None:
    """Lower bound of revenue per dollar, from that of the conversion rate and the mean revenue per conversion."""
    share = wilson_interval(counts.conversions, counts.impressions, policy.confidence)
    if counts.return_on_spend is None or share.value is None or share.low is None or not counts.conversions:
        return None
    return counts.return_on_spend * share.low / share.value
