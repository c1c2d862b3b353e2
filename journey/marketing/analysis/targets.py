"""Targets against actuals: what each campaign was to reach and to spend, and what it did so far."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from journey.marketing.analysis.recommendation import Measured
from journey.marketing.core.policy import MarketingPolicy
from journey.statistics.wilson import wilson

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext

Verdict = Literal["met", "missed", "open", "within", "over", "unknown"]


@dataclass(frozen=True, slots=True)
class Target:
    """One target of one campaign.

    Attributes:
        campaign_id: The campaign.
        name: Name of its KPI, or ``budget``.
        value: What was reached so far, None when that is unknown.
        target: What was to be reached, None when nobody said.
        unit: ``share`` or ``dollars``.
        n: Denominator of a rate, or number of snapshots behind a sum.
        ci_low: Lower bound of a rate (Wilson).
        ci_high: Upper bound.
        verdict: A rate is ``met`` or ``missed`` when its whole interval says so and ``open`` when it spans the target;
            a budget is ``within`` or ``over``.
        definition: What is measured.
        reason: Why something is unknown, or what else to know.
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
        """The target as a JSON-ready KPI, with target, interval and verdict besides."""
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


def targets(context: "MarketingContext") -> list[Target]:
    """The KPI and the budget of every campaign, by campaign."""
    rows = context.cursor.execute("""
        SELECT campaign_id, primary_kpi, kpi_target, budget, start_date, end_date, count(t.asset_id),
            sum(impressions)::BIGINT, sum(clicks)::BIGINT, sum(conversions)::BIGINT, round(sum(cost), 2),
            round(sum(revenue_proxy), 2)
        FROM campaigns AS c LEFT JOIN totals AS t USING (campaign_id) GROUP BY ALL ORDER BY campaign_id
    """).fetchall()
    found = []
    for campaign, kpi, target, budget, start, end, snapshots, *counted in rows:
        measured = Measured(*counted) if snapshots else None
        found.append(_kpi(campaign, kpi, target, measured, context.policy))
        found.append(_budget(campaign, budget, start, end, measured, snapshots, context.as_of))
    return found


def _kpi(
    campaign: str, kpi: str | None, own: float | None, measured: Measured | None, policy: MarketingPolicy
) -> Target:
    metric = policy.metrics.get(kpi or "")
    target = policy.targets.get(kpi or "") if own is None else own
    if measured is None or metric is None:
        why = "no performance is recorded" if metric else f"the policy does not define {kpi or 'a KPI without a name'}"
        return Target(campaign, kpi or "primary_kpi", None, target, "share", 0, None, None, "unknown", "unknown", why)
    count, n = measured.of(metric)
    share = wilson(count, n, policy.rollups.confidence)
    verdict: Verdict = "open"
    if share.low is None or share.high is None or target is None:
        verdict = "unknown"
    elif share.low >= target:
        verdict = "met"
    elif share.high < target:
        verdict = "missed"
    reason = "neither the campaign nor the policy states a target" if target is None else None
    about = f"{metric.definition}, all performance up to the moment of the evaluation"
    return Target(campaign, kpi or "", share.value, target, "share", n, share.low, share.high, verdict, about, reason)


def _budget(
    campaign: str,
    budget: float | None,
    start: datetime | None,
    end: datetime | None,
    measured: Measured | None,
    snapshots: int,
    as_of: datetime | None,
) -> Target:
    about = "dollars that performance says were spent, against the campaign's budget"
    spent = None if measured is None else measured.cost
    verdict: Verdict = "unknown"
    if budget is not None and spent is not None:
        verdict = "within" if spent <= budget else "over"
    reason = "the campaign states no budget" if budget is None else _pace(budget, spent, start, end, as_of)
    return Target(campaign, "budget", spent, budget, "dollars", snapshots, None, None, verdict, about, reason)


def _pace(
    budget: float, spent: float | None, start: datetime | None, end: datetime | None, as_of: datetime | None
) -> str | None:
    """How the money that was spent compares with an even pace; None where that cannot be said."""
    if spent is None:
        return "no performance is recorded"
    if start is None or end is None or as_of is None or end < start or not budget:
        return None
    length = end - start + timedelta(days=1)
    gone = min(1.0, max(0.0, (as_of - start) / length))
    return f"{spent / budget:.0%} of the budget is spent, {gone:.0%} of the campaign's days are over"
