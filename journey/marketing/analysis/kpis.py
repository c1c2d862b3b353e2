"""KPIs of recorded campaigns in three groups, and targets compared with actuals, each with its definition and n.

KPIs that cannot be computed from the records have the value None and the status ``unknown``.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from journey.kpis.model import Kpi, KpiGroups, KpiStatus, mean_kpi, share_kpi, total_kpi, unknown_kpi
from journey.marketing.analysis.experiments import analyse_experiments
from journey.marketing.analysis.performance_counts import PerformanceCounts, read_campaign_performance
from journey.marketing.analysis.targets import Target, compute_targets
from journey.marketing.views.funnel import build_funnel_rows

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext

PROXY_NOTE = "revenue_proxy is revenue, not margin, and the revenue without the campaign is unknown"


def report_kpis(context: "MarketingContext") -> dict[str, Any]:
    """Every KPI by group and name, and under ``targets`` the targets by campaign and name, as JSON-ready data."""
    campaign_targets = compute_targets(context)
    groups = {
        name: {key: kpi.as_dict() for key, kpi in group.items()}
        for name, group in compute_kpis(context, campaign_targets).items()
    }
    return groups | {"targets": {f"{goal.campaign_id} {goal.name}": goal.as_dict() for goal in campaign_targets}}


def compute_kpis(context: "MarketingContext", targets: Iterable[Target]) -> KpiGroups:
    """The three groups of KPIs.

    Args:
        context: The records, the moment and the policy.
        targets: The targets of the campaigns.
    """
    counts_by_campaign = {name: each.counts for name, each in read_campaign_performance(context).items()}
    return {
        "operational": {**_compute_governance(context), **_compute_evidence(context)},
        "effectiveness": {**_compute_rates(counts_by_campaign), **_compute_progress(context, list(targets))},
        "business": {**_compute_money(counts_by_campaign), **_compute_moves(context), **_list_unrecorded()},
    }


def _compute_governance(context: "MarketingContext") -> dict[str, Kpi]:
    execute = context.cursor.execute
    threshold, severities = context.policy.budget.approval_from, list(context.policy.risk.force_review)
    ((needing_approval, approved),) = execute(
        "SELECT count(*), count(*) FILTER (WHERE approved_by_human AND approver_id IS NOT NULL) "
        "FROM seen_budget_actions WHERE status IN ('executed', 'rolled_back') AND amount >= ?", [threshold]
    ).fetchall()  # fmt: skip
    ((serious, reviewed),) = execute(
        "SELECT count(*), count(*) FILTER (WHERE status <> 'open') FROM seen_campaign_risk_signals "
        "WHERE list_contains(?, severity)", [severities]
    ).fetchall()  # fmt: skip
    ((decided, overridden),) = execute(
        "SELECT count(human_override), count(*) FILTER (WHERE human_override) FROM seen_orchestrator_decisions"
    ).fetchall()
    latencies = execute("SELECT campaign_id, approval_latency_minutes FROM seen_budget_actions").fetchall()
    ages = execute(
        "SELECT severity, date_diff('second', timestamp, as_of_time()) / 86400 FROM seen_campaign_risk_signals "
        "WHERE status IN ('open', 'in_review')"
    ).fetchall()
    return {
        "moves_approved": share_kpi(
            approved,
            needing_approval,
            f"executed budget actions of {threshold:,.2f} or more with a person's approval / all such actions; "
            "from the "
            "records' own fields, which unlike the log prove nothing",
        ),
        "approval_latency": mean_kpi(
            latencies, "minutes", "mean approval_latency_minutes of the budget actions that have one"
        ),
        "severe_risks_looked_at": share_kpi(
            reviewed, serious, f"risks of severity {' or '.join(severities)} that are no longer open / all such risks"
        ),
        "age_of_open_risks": mean_kpi(ages, "days", "mean days since open or in-review risks were raised"),
        "human_override_rate": share_kpi(
            overridden,
            decided,
            "orchestrator decisions that a person overrode / decisions that state whether a person did",
        ),
    }


def _compute_evidence(context: "MarketingContext") -> dict[str, Kpi]:
    steps = build_funnel_rows(context)
    counted = [step for step in steps if step.count is not None]
    min_trust = context.policy.trust.least
    trusted = sum(step.trust is not None and step.trust >= min_trust for step in counted)
    analyses = analyse_experiments(context)
    ((shown, approved),) = context.cursor.execute(
        "SELECT count(DISTINCT asset_id), count(DISTINCT asset_id) FILTER (WHERE approved_by_human) "
        "FROM totals LEFT JOIN creative_assets USING (asset_id) WHERE impressions > 0"
    ).fetchall()
    return {
        "funnel_steps_counted": share_kpi(
            len(counted),
            len(steps),
            "steps with one valid count / steps of the campaigns' paths on days with any count",
        ),
        "funnel_counts_trusted": share_kpi(
            trusted, len(counted), f"counts with a trust of {min_trust:g} or more / counts"
        ),
        "experiments_analysable": share_kpi(
            sum(each.call != "cannot be analysed" for each in analyses),
            len(analyses),
            "experiments that can be analysed on their own metric / all experiments",
        ),
        "assets_approved": share_kpi(approved, shown, "shown assets that a person approved / shown assets"),
    }


def _compute_rates(counts_by_campaign: Mapping[str, PerformanceCounts]) -> dict[str, Kpi]:
    return {
        "click_through_rate": _compute_ratio(
            ((name, counts.clicks, counts.impressions) for name, counts in counts_by_campaign.items()),
            "share",
            "clicks / impressions",
        ),
        "conversion_rate": _compute_ratio(
            ((name, counts.conversions, counts.impressions) for name, counts in counts_by_campaign.items()),
            "share",
            "conversions / impressions; campaigns define a conversion differently",
        ),
        "conversions_per_click": _compute_ratio(
            ((name, counts.conversions, counts.clicks) for name, counts in counts_by_campaign.items()),
            "share",
            "conversions / clicks",
        ),
    }


def _compute_ratio(
    rows: Iterable[tuple[str, float | None, float | None]], unit: str, definition: str, status: KpiStatus = "measured"
) -> Kpi:
    """Ratio of two sums, overall and by campaign; rows with a missing value are excluded from both sums."""
    complete = [(name, part, whole) for name, part, whole in rows if part is not None and whole is not None]
    denominator = sum(whole for _, _, whole in complete)
    if not denominator:
        return unknown_kpi(unit, f"{definition}, by campaign")
    by_campaign = {
        name: {"value": part / whole if whole else None, "n": round(whole)} for name, part, whole in complete
    }
    return Kpi(
        sum(part for _, part, _ in complete) / denominator,
        unit,
        round(denominator),
        f"{definition}, by campaign",
        status,
        by_campaign,
    )


def _compute_progress(context: "MarketingContext", targets: list[Target]) -> dict[str, Kpi]:
    analyses = [each for each in analyse_experiments(context) if each.call != "cannot be analysed"]
    compared = [step for step in build_funnel_rows(context) if step.conversion is not None]
    decided_targets = [goal for goal in targets if goal.name != "budget" and goal.verdict != "unknown"]
    return {
        "campaigns_on_target": share_kpi(
            sum(goal.verdict == "met" for goal in decided_targets),
            len(decided_targets),
            "campaigns whose KPI interval is entirely at or above the target / campaigns with a target and a KPI",
        ),
        "experiments_with_a_winner": share_kpi(
            sum(each.call == "winner" for each in analyses),
            len(analyses),
            "experiments with a winner / analysable experiments",
        ),
        "steps_that_lose_people": share_kpi(
            sum(step.flag == "drop_off" for step in compared),
            len(compared),
            "daily funnel steps with a significant drop-off / steps with a conversion rate",
        ),
        "days_to_conversion": unknown_kpi(
            "days", "from the first visit to the conversion; daily totals do not contain it"
        ),
    }


def _compute_money(counts_by_campaign: Mapping[str, PerformanceCounts]) -> dict[str, Kpi]:
    return {
        "media_spend": _compute_sum(
            ((name, counts.cost) for name, counts in counts_by_campaign.items()),
            "dollars spent according to the performance metrics",
        ),
        "revenue_proxy": _compute_sum(
            ((name, counts.revenue_proxy) for name, counts in counts_by_campaign.items()),
            f"sum of revenue_proxy; {PROXY_NOTE}",
            "directional",
        ),
        "return_on_ad_spend": _compute_ratio(
            ((name, counts.revenue_proxy, counts.cost) for name, counts in counts_by_campaign.items()),
            "dollars",
            f"revenue_proxy / spend; {PROXY_NOTE}",
            "directional",
        ),
        "cost_per_click": _compute_ratio(
            ((name, counts.cost, counts.clicks) for name, counts in counts_by_campaign.items()),
            "dollars",
            "spend / clicks",
        ),
        "cost_per_conversion": _compute_ratio(
            ((name, counts.cost, counts.conversions) for name, counts in counts_by_campaign.items()),
            "dollars",
            "spend / conversions; includes the spend of campaigns without conversions",
        ),
    }


def _compute_sum(rows: Iterable[tuple[str, float | None]], definition: str, status: KpiStatus = "measured") -> Kpi:
    complete = [(name, value) for name, value in rows if value is not None]
    summed = total_kpi((value for _, value in complete), "dollars", f"{definition}, by campaign", status)
    return (
        summed
        if summed.value is None
        else Kpi(
            round(summed.value, 2),
            "dollars",
            summed.n,
            summed.definition,
            status,
            {name: {"value": value, "n": 1} for name, value in complete},
        )
    )


def _compute_moves(context: "MarketingContext") -> dict[str, Kpi]:
    is_moved = "status = 'executed' AND from_channel_id <> to_channel_id"
    return {
        "capital_moved": _sum_actions(
            context, is_moved, "dollars of executed transfers between two channels; n is the number of campaigns"
        ),
        "capital_waiting": _sum_actions(
            context,
            "status IN ('proposed', 'approved')",
            "dollars of transfers that are proposed or approved; n is the number of campaigns",
        ),
    }


def _sum_actions(context: "MarketingContext", where: str, definition: str) -> Kpi:
    """Sum of the amounts of budget actions; unknown if one of them is in another currency."""
    rows = context.cursor.execute(f"""
        SELECT campaign_id, sum(amount), string_agg(budget_action_id, ', ' ORDER BY budget_action_id)
            FILTER (WHERE is_foreign)
        FROM seen_budget_actions WHERE {where} GROUP BY ALL ORDER BY 1
    """).fetchall()
    foreign = ", ".join(actions for _, _, actions in rows if actions is not None)
    if foreign:
        reason = f"{foreign} is in another currency, and amounts are not converted"
        return unknown_kpi("dollars", f"{definition}, by campaign", reason)
    return _compute_sum(((campaign, amount) for campaign, amount, _ in rows), definition)


def _list_unrecorded() -> dict[str, Kpi]:
    return {
        "incremental_conversions": unknown_kpi(
            "conversions", "conversions caused by the campaign; the records contain no control group"
        ),
        "retained_margin": unknown_kpi(
            "dollars", "margin of retained converted customers; the records end at the conversion"
        ),
    }
