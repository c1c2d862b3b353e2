"""Targets compared with actuals: KPI and budget of each campaign."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from journey.marketing.analysis.performance_counts import PerformanceCounts, read_campaign_performance
from journey.marketing.core.policy import MarketingPolicy
from journey.statistics.score_intervals import wilson_interval

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext

Verdict = Literal["met", "missed", "open", "within", "over", "unknown"]


@dataclass(frozen=True, slots=True)
class Target:
    """One target of one campaign.

    Attributes:
        campaign_id: The campaign.
        name: Name of its KPI, or ``budget``.
        value: Actual value so far; None if unknown.
        target: Target value; None if none is set.
        unit: ``share`` or ``dollars``.
        n: Denominator of a rate, or number of snapshots behind a sum.
        ci_low: Lower bound of the Wilson interval of a rate.
        ci_high: Upper bound.
        verdict: A rate is ``met`` or ``missed`` if its whole interval is on one side of the target, and ``open`` if the
            interval includes the target. A budget is ``within`` or ``over``.
        definition: Definition of the value.
        reason: Reason for a missing value, or a note.
    """

    campaign_id: str
    name: str
    value: float | None
    target: float | None
    unit: Literal["share", "dollars"]
    n: int
    ci_low: float | None
    ci_high: float | None
    verdict: Verdict
    definition: str
    reason: str | None

    def as_dict(self) -> dict[str, Any]:
        """The target as a JSON-ready KPI, extended by target, interval and verdict."""
        return {
            "value": self.value,
            "unit": self.unit,
            "n": self.n,
            "definition": self.definition,
            "status": "unknown" if self.value is None else "measured",
            "campaign_id": self.campaign_id,
            "target": self.target,
            "ci_low": self.ci_low,
            "ci_high": self.ci_high,
            "verdict": self.verdict,
            "reason": self.reason,
        }


def compute_targets(context: "MarketingContext") -> list[Target]:
    """The targets for the KPI and the budget of every campaign, by campaign."""
    rows = context.cursor.execute(
        "SELECT campaign_id, primary_kpi, kpi_target, budget, start_date, end_date FROM campaigns ORDER BY campaign_id"
    ).fetchall()
    performance = read_campaign_performance(context)
    targets = []
    for campaign, kpi, target, budget, start, end in rows:
        snapshots, counts = performance.get(campaign, (0, None))
        targets.append(_build_kpi_target(campaign, kpi, target, counts, context.policy))
        targets.append(_build_budget_target(campaign, budget, start, end, counts, snapshots, context.as_of))
    return targets


def _build_kpi_target(
    campaign: str,
    kpi: str | None,
    campaign_target: float | None,
    counts: PerformanceCounts | None,
    policy: MarketingPolicy,
) -> Target:
    metric = policy.metrics.get(kpi or "")
    target = policy.targets.get(kpi or "") if campaign_target is None else campaign_target
    if counts is None or metric is None:
        reason_unknown = (
            "no performance is recorded" if metric else f"the policy does not define {kpi or 'a KPI without a name'}"
        )
        return Target(
            campaign, kpi or "primary_kpi", None, target, "share", 0, None, None, "unknown", "unknown", reason_unknown
        )
    count, n = counts.counts_for(metric)
    share = wilson_interval(count, n, policy.rollups.confidence)
    verdict: Verdict = "open"
    if share.low is None or share.high is None or target is None:
        verdict = "unknown"
    elif share.low >= target:
        verdict = "met"
    elif share.high < target:
        verdict = "missed"
    reason = "neither the campaign nor the policy sets a target" if target is None else None
    definition = f"{metric.definition}, all performance up to the moment of the evaluation"
    return Target(
        campaign, kpi or "", share.value, target, "share", n, share.low, share.high, verdict, definition, reason
    )


def _build_budget_target(
    campaign: str,
    budget: float | None,
    start: datetime | None,
    end: datetime | None,
    counts: PerformanceCounts | None,
    snapshots: int,
    as_of: datetime | None,
) -> Target:
    definition = "dollars spent according to the performance metrics, compared with the campaign's budget"
    spent = None if counts is None else counts.cost
    verdict: Verdict = "unknown"
    if budget is not None and spent is not None:
        verdict = "within" if spent <= budget else "over"
    reason = "the campaign has no budget" if budget is None else _describe_pace(budget, spent, start, end, as_of)
    return Target(campaign, "budget", spent, budget, "dollars", snapshots, None, None, verdict, definition, reason)


def _describe_pace(
    budget: float, spent: float | None, start: datetime | None, end: datetime | None, as_of: datetime | None
) -> str | None:
    """Spend compared with an even pace; None if the budget or the dates are missing."""
    if spent is None:
        return "no performance is recorded"
    if start is None or end is None or as_of is None or end < start or not budget:
        return None
    length = end - start + timedelta(days=1)
    elapsed = min(1.0, max(0.0, (as_of - start) / length))
    return f"{spent / budget:.0%} of the budget is spent after {elapsed:.0%} of the campaign's days"
