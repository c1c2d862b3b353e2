"""KPIs of recorded campaigns in three groups, and targets against actuals; each says what it counts and of how many.

What the records hold no ground truth for is there with value None and status ``unknown``.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from journey.kpis.model import Groups, Kpi, Status, mean, share, total, unknown
from journey.marketing.analysis.experiments import analysed
from journey.marketing.analysis.recommendation import Measured
from journey.marketing.analysis.targets import Target, targets
from journey.marketing.views.funnel import funnel_rows

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext

PROXY = "revenue_proxy is revenue and no margin, and nobody knows how much would have come without the campaign"


class _Campaign(NamedTuple):
    """What performance counts of one campaign."""

    campaign_id: str
    measured: Measured


def kpis(context: "MarketingContext") -> dict[str, Any]:
    """Every KPI by group and name, and under ``targets`` by campaign and name, as JSON-ready data."""
    goals = targets(context)
    groups = {
        name: {key: kpi.as_dict() for key, kpi in group.items()} for name, group in grouped(context, goals).items()
    }
    return groups | {"targets": {f"{goal.campaign_id} {goal.name}": goal.as_dict() for goal in goals}}


def grouped(context: "MarketingContext", goals: Iterable[Target]) -> Groups:
    """The three groups of KPIs.

    Args:
        context: The records, the moment and the policy.
        goals: The targets of the campaigns.
    """
    campaigns = _campaigns(context)
    return {
        "operational": {**_governance(context), **_evidence(context)},
        "effectiveness": {**_rates(campaigns), **_progress(context, list(goals))},
        "business": {**_money(campaigns), **_moved(context), **_not_recorded()},
    }


def _campaigns(context: "MarketingContext") -> list[_Campaign]:
    rows = context.cursor.execute("""
        SELECT coalesce(campaign_id, 'no campaign'), sum(impressions)::BIGINT, sum(clicks)::BIGINT,
            sum(conversions)::BIGINT, round(sum(cost), 2), round(sum(revenue_proxy), 2)
        FROM totals GROUP BY ALL ORDER BY 1
    """).fetchall()
    return [_Campaign(name, Measured(*counted)) for name, *counted in rows]


def _governance(context: "MarketingContext") -> dict[str, Kpi]:
    ask = context.cursor.execute
    least, severe = context.policy.budget.approval_from, list(context.policy.risk.force_review)
    ((asked, approved),) = ask(
        "SELECT count(*), count(*) FILTER (WHERE approved_by_human AND approver_id IS NOT NULL) "
        "FROM seen_budget_actions WHERE status IN ('executed', 'rolled_back') AND amount >= ?", [least]
    ).fetchall()  # fmt: skip
    ((serious, looked_at),) = ask(
        "SELECT count(*), count(*) FILTER (WHERE status <> 'open') FROM seen_campaign_risk_signals "
        "WHERE list_contains(?, severity)", [severe]
    ).fetchall()  # fmt: skip
    ((decided, overridden),) = ask(
        "SELECT count(human_override), count(*) FILTER (WHERE human_override) FROM seen_orchestrator_decisions"
    ).fetchall()
    waits = ask("SELECT campaign_id, approval_latency_minutes FROM seen_budget_actions").fetchall()
    ages = ask(
        "SELECT severity, date_diff('second', timestamp, the_moment()) / 86400 FROM seen_campaign_risk_signals "
        "WHERE status IN ('open', 'in_review')"
    ).fetchall()
    return {
        "moves_approved": share(
            approved, asked,
            f"executed budget actions of {least:,.2f} or more that name a person's approval / all such; by the "
            "records' own fields, which are no proof (the log is)",
        ),
        "approval_latency": mean(waits, "minutes", "mean approval_latency_minutes of the budget actions that have one"),
        "severe_risks_looked_at": share(
            looked_at, serious, f"risks of severity {' or '.join(severe)} that are no longer open / all such"
        ),
        "age_of_open_risks": mean(ages, "days", "mean days since risks were raised that are open or in review"),
        "human_override_rate": share(
            overridden, decided, "orchestrator decisions that a person overrode / those that say whether one did"
        ),
    }  # fmt: skip


def _evidence(context: "MarketingContext") -> dict[str, Kpi]:
    steps = funnel_rows(context)
    counted = [step for step in steps if step.count is not None]
    least = context.policy.trust.least
    trusted = sum(step.trust is not None and step.trust >= least for step in counted)
    found = analysed(context)
    ((shown, approved),) = context.cursor.execute(
        "SELECT count(DISTINCT asset_id), count(DISTINCT asset_id) FILTER (WHERE approved_by_human) "
        "FROM totals LEFT JOIN creative_assets USING (asset_id) WHERE impressions > 0"
    ).fetchall()
    return {
        "funnel_steps_counted": share(
            len(counted), len(steps), "steps counted once / steps of the campaigns' paths on the days with any count"
        ),
        "funnel_counts_trusted": share(trusted, len(counted), f"counts trusted by {least:g} or more / counts"),
        "experiments_analysable": share(
            sum(each.call != "cannot be analysed" for each in found), len(found),
            "experiments that can be analysed on their own metric / experiments",
        ),
        "assets_approved": share(approved, shown, "assets shown that a person approved / assets shown"),
    }  # fmt: skip


def _rates(campaigns: list[_Campaign]) -> dict[str, Kpi]:
    by = [(each.campaign_id, each.measured) for each in campaigns]
    return {
        "click_through_rate": _ratio(
            ((name, m.clicks, m.impressions) for name, m in by), "share", "clicks / impressions"
        ),
        "conversion_rate": _ratio(
            ((name, m.conversions, m.impressions) for name, m in by), "share",
            "conversions / impressions; what counts as one differs between campaigns",
        ),
        "conversions_per_click": _ratio(
            ((name, m.conversions, m.clicks) for name, m in by), "share", "conversions / clicks"
        ),
    }  # fmt: skip


def _ratio(
    rows: Iterable[tuple[str, float | None, float | None]], unit: str, definition: str, status: Status = "measured"
) -> Kpi:
    """One sum over another, altogether and by campaign; rows that lack one of the two are left out of both."""
    known = [(name, part, whole) for name, part, whole in rows if part is not None and whole is not None]
    below = sum(whole for _, _, whole in known)
    if not below:
        return unknown(unit, f"{definition}, by campaign")
    by = {name: {"value": part / whole if whole else None, "n": round(whole)} for name, part, whole in known}
    return Kpi(sum(part for _, part, _ in known) / below, unit, round(below), f"{definition}, by campaign", status, by)


def _progress(context: "MarketingContext", goals: list[Target]) -> dict[str, Kpi]:
    found = [each for each in analysed(context) if each.call != "cannot be analysed"]
    compared = [step for step in funnel_rows(context) if step.conversion is not None]
    judged = [goal for goal in goals if goal.name != "budget" and goal.verdict != "unknown"]
    return {
        "campaigns_on_target": share(
            sum(goal.verdict == "met" for goal in judged), len(judged),
            "campaigns whose KPI reaches its target with its whole interval / campaigns with a target and a KPI",
        ),
        "experiments_with_a_winner": share(
            sum(each.call == "winner" for each in found), len(found),
            "experiments with a winner / analysable experiments",
        ),
        "steps_that_lose_people": share(
            sum(step.flag == "drop_off" for step in compared), len(compared),
            "funnel steps on a day that lose more than chance explains / steps with a conversion",
        ),
        "days_to_conversion": unknown("days", "from the first visit to the conversion; daily totals do not hold it"),
    }  # fmt: skip


def _money(campaigns: list[_Campaign]) -> dict[str, Kpi]:
    by = [(each.campaign_id, each.measured) for each in campaigns]
    return {
        "media_spend": _sum(((name, m.cost) for name, m in by), "dollars that performance says were spent"),
        "revenue_proxy": _sum(
            ((name, m.revenue_proxy) for name, m in by), f"sum of revenue_proxy; {PROXY}", "directional"
        ),
        "return_on_ad_spend": _ratio(
            ((name, m.revenue_proxy, m.cost) for name, m in by), "dollars", f"revenue_proxy / spend; {PROXY}",
            "directional",
        ),
        "cost_per_click": _ratio(((name, m.cost, m.clicks) for name, m in by), "dollars", "spend / clicks"),
        "cost_per_conversion": _ratio(
            ((name, m.cost, m.conversions) for name, m in by), "dollars",
            "spend / conversions; spend of campaigns without any conversion is in it",
        ),
    }  # fmt: skip


def _sum(rows: Iterable[tuple[str, float | None]], definition: str, status: Status = "measured") -> Kpi:
    known = [(name, value) for name, value in rows if value is not None]
    summed = total((value for _, value in known), "dollars", f"{definition}, by campaign", status)
    return summed if summed.value is None else Kpi(
        round(summed.value, 2), "dollars", summed.n, summed.definition, status,
        {name: {"value": value, "n": 1} for name, value in known},
    )  # fmt: skip


def _moved(context: "MarketingContext") -> dict[str, Kpi]:
    ask = context.cursor.execute
    moved = ask(
        "SELECT campaign_id, sum(amount) FROM seen_budget_actions "
        "WHERE status = 'executed' AND from_channel_id <> to_channel_id GROUP BY ALL ORDER BY 1"
    ).fetchall()
    waiting = ask(
        "SELECT campaign_id, sum(amount) FROM seen_budget_actions WHERE status IN ('proposed', 'approved') "
        "GROUP BY ALL ORDER BY 1"
    ).fetchall()
    return {
        "capital_moved": _sum(moved, "dollars of executed moves between two channels; n counts campaigns"),
        "capital_waiting": _sum(waiting, "dollars of moves that are proposed or approved; n counts campaigns"),
    }


def _not_recorded() -> dict[str, Kpi]:
    return {
        "incremental_conversions": unknown(
            "conversions", "those that would not have come without the campaign; no record holds a group without it"
        ),
        "retained_margin": unknown(
            "dollars", "margin of those who converted and stayed; the records end at the conversion"
        ),
    }
