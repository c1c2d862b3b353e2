"""Effectiveness KPIs: resolution, repeat issues, escalations and proactive interventions."""

from collections import Counter
from collections.abc import Set as AbstractSet
from dataclasses import replace

from journey.kpis.facts import BEFORE_AFTER_DAYS, Facts
from journey.kpis.model import Kpi, mean_kpi, share_kpi, unknown_kpi
from journey.machine import Journey
from journey.machine.stages import ESCALATION
from journey.records.outcome_labels import KNOWN_OUTCOMES, SUCCESS_OUTCOMES, UNRESOLVED_OUTCOMES, normalise_outcome

NO_STAGE = "no customer has a recorded stage"
NO_BASELINE_PERIOD = "no baseline period is given"
NO_ESCALATION_STAGE = "no stage of the journey has the role `escalation`"
NO_SUPPORT_STAGE = "no stage of the journey has the role `support` or `escalation`"


def compute_effectiveness_kpis(facts: Facts, journey: Journey) -> dict[str, Kpi]:
    """Compute all KPIs of the group."""
    return {
        "time_to_resolution_days": mean_kpi(
            (
                (fact.journey_stage or "unknown", fact.resolution_time_days)
                for fact in facts.outcomes
                if fact.is_resolved
            ),
            "days",
            f"mean resolution_time_days of the outcomes labelled {_list(SUCCESS_OUTCOMES)}, by the stage of the"
            " intervention",
            reason="no resolved outcome has resolution_time_days",
        ),
        **_compute_success_rates(facts),
        "repeat_issue_rate": share_kpi(
            facts.customers.with_repeat_issues,
            facts.customers.with_negative_signals,
            "customers with negative signals of one cause on two or more days / customers with any negative signal",
            reason="no customer has a negative signal",
        ),
        "reduction_in_unresolved_or_repeat_issues": unknown_kpi(
            "share", "unresolved and repeat issues now / in the baseline period", NO_BASELINE_PERIOD
        ),
        "negative_signals_before_after_contact": mean_kpi(
            facts.customers.signal_changes,
            "signals per customer",
            f"negative signals in the {BEFORE_AFTER_DAYS} days after the first contact less those in the"
            f" {BEFORE_AFTER_DAYS} days before it, customers with a complete window after; issues can also resolve on"
            " their own",
            "directional",
            reason=f"no contacted customer has {BEFORE_AFTER_DAYS} days of records afterwards",
        ),
        **_compute_escalation_rates(facts, journey),
        **_compute_proactive_share(facts),
        "consistency_across_channels": unknown_kpi(
            "share", "spread of experience between channels", "no field states the channel"
        ),
    }


def _list(labels: AbstractSet[str]) -> str:
    return ", ".join(sorted(labels))


def _compute_success_rates(facts: Facts) -> dict[str, Kpi]:
    spelt = Counter(normalise_outcome(fact.outcome) for fact in facts.outcomes if fact.outcome is not None)
    labels = {label: number for label, number in sorted(spelt.items()) if label in KNOWN_OUTCOMES}
    count = sum(labels.values())
    by = {label: {"value": number / count, "n": number} for label, number in labels.items()}
    succeeded = sum(number for label, number in labels.items() if label in SUCCESS_OUTCOMES)
    unresolved = sum(number for label, number in labels.items() if label in UNRESOLVED_OUTCOMES)
    whole, reason = "outcomes with a known label", "no outcome has a known label"
    success = share_kpi(succeeded, count, f"outcomes labelled {_list(SUCCESS_OUTCOMES)} / {whole}", reason=reason)
    return {
        "intervention_success_rate": replace(success, by=by),
        "unresolved_rate": share_kpi(
            unresolved, count, f"outcomes labelled {_list(UNRESOLVED_OUTCOMES)} / {whole}", reason=reason
        ),
    }


def _compute_escalation_rates(facts: Facts, journey: Journey) -> dict[str, Kpi]:
    definition = "customers that ever entered escalation / customers with a recorded stage"
    if journey.stages_with(ESCALATION):
        rate = share_kpi(facts.customers.escalated, facts.customers.count, definition, reason=NO_STAGE)
    else:
        rate = unknown_kpi("share", definition, NO_ESCALATION_STAGE)
    return {
        "escalation_rate": rate,
        "decrease_in_escalations": unknown_kpi(
            "share", "escalation rate now less the rate in the baseline period", NO_BASELINE_PERIOD
        ),
    }


def _compute_proactive_share(facts: Facts) -> dict[str, Kpi]:
    acted = [fact for fact in facts.interventions if not fact.is_monitoring and fact.journey_stage is not None]
    definition = "interventions made outside support and escalation / interventions with an action and a recorded stage"
    return {
        "proactive_share": share_kpi(
            sum(fact.journey_stage not in facts.support_stages for fact in acted),
            len(acted),
            definition,
            reason="no intervention with an action states its stage",
        )
        if facts.support_stages
        else unknown_kpi("share", definition, NO_SUPPORT_STAGE),
        "increase_in_proactive_interventions": unknown_kpi(
            "share", "proactive share now less the share in the baseline period", NO_BASELINE_PERIOD
        ),
    }
