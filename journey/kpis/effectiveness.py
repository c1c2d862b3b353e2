"""Effectiveness KPIs: is the journey getting better?"""

from collections import Counter

from journey.kpis.facts import BEFORE_AFTER_DAYS, ESCALATION, SUPPORT_STAGES, Facts
from journey.kpis.model import Kpi, mean, share, unknown
from journey.machine import Journey

SUCCESS = frozenset(("resolved", "improved_engagement", "success", "recovered", "retained", "renewed"))
"""Outcome labels that count as a success."""

UNRESOLVED = frozenset(("no_response", "partial_improvement", "unresolved", "failed", "no_improvement", "churned"))
"""Outcome labels that leave the trouble, or part of it, where it was. Any other label is neither."""

NO_PERIOD_BEFORE = "needs a period before the orchestrator, which these records do not hold"


def effectiveness(facts: Facts, journey: Journey) -> dict[str, Kpi]:
    """All KPIs of the group."""
    return {
        "time_to_resolution_days": mean(
            ((fact.journey_stage or "unknown", fact.resolution_time_days) for fact in facts.outcomes),
            "days",
            "mean resolution_time_days of the outcomes that carry one, by the stage of the intervention",
        ),
        **_success(facts),
        "repeat_issue_rate": share(
            facts.customers.repeated,
            facts.customers.troubled,
            "customers with negative signals of one cause on two or more days / customers with any negative signal",
        ),
        "reduction_in_unresolved_or_repeat_issues": unknown(
            "share", f"unresolved and repeat issues now / the same before; {NO_PERIOD_BEFORE}"
        ),
        "negative_signals_before_after_contact": mean(
            facts.customers.changes,
            "signals per customer",
            f"negative signals in the {BEFORE_AFTER_DAYS} days after the first contact less those in the"
            f" {BEFORE_AFTER_DAYS} before, customers whose days after are over; troubles also pass by themselves",
            "directional",
        ),
        **_escalations(facts, journey),
        **_proactive(facts),
        "consistency_across_channels": unknown(
            "share", "spread of experience between channels; records name no channel"
        ),
    }


def _success(facts: Facts) -> dict[str, Kpi]:
    labels = Counter(str(fact.outcome) for fact in facts.outcomes)
    count = sum(labels.values())
    by = {label: {"value": number / count, "n": number} for label, number in sorted(labels.items())}
    succeeded = sum(number for label, number in labels.items() if label in SUCCESS)
    left = sum(number for label, number in labels.items() if label in UNRESOLVED)
    rate = share(succeeded, count, f"outcomes labelled {', '.join(sorted(SUCCESS))} / interventions with an outcome")
    return {
        "intervention_success_rate": Kpi(rate.value, rate.unit, rate.n, rate.definition, rate.status, by),
        "unresolved_rate": share(
            left, count, f"outcomes labelled {', '.join(sorted(UNRESOLVED))} / interventions with an outcome"
        ),
    }


def _escalations(facts: Facts, journey: Journey) -> dict[str, Kpi]:
    definition = "customers that ever entered escalation / customers"
    change = unknown("share", f"escalation rate now less the one before; {NO_PERIOD_BEFORE}")
    if ESCALATION not in journey.stages:
        return {
            "escalation_rate": unknown("share", f"{definition}; this journey has no such stage"),
            "decrease_in_escalations": change,
        }
    return {
        "escalation_rate": share(facts.customers.escalated, facts.customers.count, definition),
        "decrease_in_escalations": change,
    }


def _proactive(facts: Facts) -> dict[str, Kpi]:
    acted = [fact for fact in facts.interventions if not fact.monitors and fact.journey_stage is not None]
    return {
        "proactive_share": share(
            sum(fact.journey_stage not in SUPPORT_STAGES for fact in acted),
            len(acted),
            "interventions made before the customer was in support or escalation / interventions that act and name"
            " their stage",
        ),
        "increase_in_proactive_interventions": unknown(
            "share", f"proactive share now less the one before; {NO_PERIOD_BEFORE}"
        ),
    }
