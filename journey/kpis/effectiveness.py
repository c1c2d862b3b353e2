"""Effectiveness KPIs: resolution, repeat issues, escalations and proactive interventions."""

from collections import Counter

from journey.kpis.facts import BEFORE_AFTER_DAYS, ESCALATION, SUPPORT_STAGES, Facts
from journey.kpis.model import Kpi, mean_kpi, share_kpi, unknown_kpi
from journey.machine import Journey

SUCCESS_OUTCOMES = frozenset(("resolved", "improved_engagement", "success", "recovered", "retained", "renewed"))
"""Outcome labels that count as a success."""

UNRESOLVED_OUTCOMES = frozenset(
    ("no_response", "partial_improvement", "unresolved", "failed", "no_improvement", "churned")
)
"""Outcome labels that leave the issue, or part of it, unresolved. Other labels are neither success nor unresolved."""

NO_BASELINE_PERIOD = "needs a baseline period before the orchestrator, which these records do not cover"


def compute_effectiveness_kpis(facts: Facts, journey: Journey) -> dict[str, Kpi]:
    """Compute all KPIs of the group."""
    return {
        "time_to_resolution_days": mean_kpi(
            ((fact.journey_stage or "unknown", fact.resolution_time_days) for fact in facts.outcomes),
            "days",
            "mean resolution_time_days over the outcomes that have one, by the stage of the intervention",
        ),
        **_compute_success_rates(facts),
        "repeat_issue_rate": share_kpi(
            facts.customers.with_repeat_issues,
            facts.customers.with_negative_signals,
            "customers with negative signals of one cause on two or more days / customers with any negative signal",
        ),
        "reduction_in_unresolved_or_repeat_issues": unknown_kpi(
            "share", f"unresolved and repeat issues now / in the baseline period; {NO_BASELINE_PERIOD}"
        ),
        "negative_signals_before_after_contact": mean_kpi(
            facts.customers.signal_changes,
            "signals per customer",
            f"negative signals in the {BEFORE_AFTER_DAYS} days after the first contact less those in the"
            f" {BEFORE_AFTER_DAYS} days before it, customers with a complete window after; issues can also resolve on"
            " their own",
            "directional",
        ),
        **_compute_escalation_rates(facts, journey),
        **_compute_proactive_share(facts),
        "consistency_across_channels": unknown_kpi(
            "share", "spread of experience between channels; the records contain no channel"
        ),
    }


def _compute_success_rates(facts: Facts) -> dict[str, Kpi]:
    labels = Counter(str(fact.outcome) for fact in facts.outcomes)
    count = sum(labels.values())
    by = {label: {"value": number / count, "n": number} for label, number in sorted(labels.items())}
    succeeded = sum(number for label, number in labels.items() if label in SUCCESS_OUTCOMES)
    unresolved = sum(number for label, number in labels.items() if label in UNRESOLVED_OUTCOMES)
    rate = share_kpi(
        succeeded, count, f"outcomes labelled {', '.join(sorted(SUCCESS_OUTCOMES))} / interventions with an outcome"
    )
    return {
        "intervention_success_rate": Kpi(rate.value, rate.unit, rate.n, rate.definition, rate.status, by),
        "unresolved_rate": share_kpi(
            unresolved,
            count,
            f"outcomes labelled {', '.join(sorted(UNRESOLVED_OUTCOMES))} / interventions with an outcome",
        ),
    }


def _compute_escalation_rates(facts: Facts, journey: Journey) -> dict[str, Kpi]:
    definition = "customers that ever entered escalation / customers"
    change = unknown_kpi("share", f"escalation rate now less the rate in the baseline period; {NO_BASELINE_PERIOD}")
    if ESCALATION not in journey.stages:
        return {
            "escalation_rate": unknown_kpi("share", f"{definition}; this journey has no such stage"),
            "decrease_in_escalations": change,
        }
    return {
        "escalation_rate": share_kpi(facts.customers.escalated, facts.customers.count, definition),
        "decrease_in_escalations": change,
    }


def _compute_proactive_share(facts: Facts) -> dict[str, Kpi]:
    acted = [fact for fact in facts.interventions if not fact.is_monitoring and fact.journey_stage is not None]
    return {
        "proactive_share": share_kpi(
            sum(fact.journey_stage not in SUPPORT_STAGES for fact in acted),
            len(acted),
            "interventions made outside support and escalation / interventions with an action and a recorded stage",
        ),
        "increase_in_proactive_interventions": unknown_kpi(
            "share", f"proactive share now less the share in the baseline period; {NO_BASELINE_PERIOD}"
        ),
    }
