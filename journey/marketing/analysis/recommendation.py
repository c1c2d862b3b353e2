"""What to do about a campaign in a segment: scale, hold, revise or stop, by rules that look at intervals.

Counts in, advice out. A rule acts only where the whole interval lies on one side of its threshold; where it spans the
threshold the answer is to hold, because the data do not tell.
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
    """What a KPI is held against, and how it compares.

    Attributes:
        reference: The value; None where there is nothing.
        basis: ``target``, or ``other segments`` of the same campaign in the same window.
        low: Lower bound of the KPI as a multiple of the reference; None where there is none.
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
    """A relative change, 0.05 for 5 % more.

    Attributes:
        value: The change; None where it has no meaning.
        low: Lower bound of its score interval.
        high: Upper bound.
        reason: Why there is no value.
    """

    value: float | None
    low: float | None
    high: float | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do.

    Attributes:
        recommendation: ``scale``, ``hold``, ``revise`` or ``stop``.
        rule: The rule that gave it.
        reason: Why, with the interval and the threshold.
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
    """The KPI against its target, or where there is none against the campaign's other segments together.

    A target is a number that somebody set, so only the KPI is uncertain (Wilson); other segments are uncertain too
    (score interval of the ratio).
    """
    if counts is None or metric is None:
        return NO_COMPARISON
    count, n = counts.counts_for(metric)
    if target:
        share = wilson_interval(count, n, policy.confidence)
        low, high = (None if bound is None else bound / target for bound in (share.low, share.high))
        return BenchmarkComparison(target, "target", low, high)
    counted = [other.counts_for(metric) for other in others if not other.has_decreased]
    events, customers = sum(part for part, _ in counted), sum(whole for _, whole in counted)
    if not events or not 0 < events <= customers or not 0 <= count <= n:
        return NO_COMPARISON
    interval = ratio_interval(ContingencyTable(events, customers, count, n), policy.confidence)
    if interval is None:
        return NO_COMPARISON
    return BenchmarkComparison(events / customers, "other segments", interval.low, interval.high)


def compute_trend(
    current: PerformanceCounts | None, previous: PerformanceCounts | None, metric: Metric | None, policy: RollupPolicy
) -> Trend:
    """The KPI against that of the window before."""
    if metric is None:
        return Trend(None, None, None, "the KPI is not known")
    if current is None:
        return Trend(None, None, None, "nothing is counted in this window")
    if previous is None or previous.has_decreased:
        return Trend(None, None, None, "nothing is counted in the window before")
    (count, n), (previous_count, previous_n) = current.counts_for(metric), previous.counts_for(metric)
    if not n or count > n or not previous_n or previous_count > previous_n:
        return Trend(None, None, None, "the counts make no share")
    if not previous_count:
        return Trend(None, None, None, "the KPI was 0 in the window before, against which no change has a size")
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
    """The recommendation by the first rule that applies."""
    if counts is None:
        return Advice("hold", "nothing_counted", "nothing is counted, so there is no ground for a change")
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
        reason = f"{n:,} {metric.denominator} are fewer than {policy.least_counted:,}"
        return Advice("hold", "too_few", reason)
    if comparison.reference is None or comparison.low is None or comparison.high is None:
        reason = "there is no target, and no other segment with a KPI above 0 to hold it against"
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
        return Advice("hold", "not_told_apart", f"{comparison_text}: above or below cannot be told")
    if trend.high is not None and trend.high < 0.0:
        return Advice(
            "hold", "falling", f"{comparison_text}, but it fell by {-trend.high:.0%} or more since the window before"
        )
    min_return = _min_return(counts, policy)
    if min_return is not None and min_return < policy.least_return:
        reason = (
            f"{comparison_text}, but a dollar brings {min_return:.2f} or more, and {policy.least_return:.2f} is "
            "asked for"
        )
        return Advice("hold", "does_not_pay", reason)
    return Advice("scale", "above", f"{comparison_text}, above it")


def _min_return(counts: PerformanceCounts, policy: RollupPolicy) -> float | None:
    """Lower bound of revenue per dollar: that of the conversions, each worth what it is on average."""
    share = wilson_interval(counts.conversions, counts.impressions, policy.confidence)
    if counts.return_on_spend is None or share.value is None or share.low is None or not counts.conversions:
        return None
    return counts.return_on_spend * share.low / share.value
