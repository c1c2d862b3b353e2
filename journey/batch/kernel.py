"""The loop over cases: the steps of the orchestrator, on arrays. A case is one customer at one time.

A case's signals and earlier interventions are at ``starts[case]:starts[case + 1]`` of their columns. The loop does not
depend on the customer or the time of a case, so it serves both the evaluation of all customers at one time and the
replay of recorded decisions, each at its own time.
"""

from typing import Any

from journey.decision.rules import ACT, NO_ACTION, NO_SIGNAL, gather, priority
from journey.decision.steps import (
    action_needs_approval,
    apply_contact_policy,
    assess,
    compute_churn_probability,
    plan_action,
    stall_evidence,
    summarise_interventions,
)


def decide_cases(parameters: Any, positive: Any, weights: Any, cases: Any, signals: Any, past: Any, out: Any) -> None:
    """Evaluate every case and write the results into `out`.

    Args:
        parameters: The policy, a `PolicyParameters` of arrays.
        positive: Per signal type, including each unknown type: whether it is positive.
        weights: The weight of each signal type.
        cases: Columns of the cases (`journey.batch.case_columns`).
        signals: Columns of their signals, in canonical order (`SignalColumns`).
        past: Columns of their earlier interventions (`PastColumns`).
        out: Columns that are filled (`DecisionColumns`).
    """
    for i in range(len(cases.stage)):
        stage, tier, value = cases.stage[i], cases.tier[i], cases.account_value[i]
        days = max(cases.days[i], 0.0)
        negative, positive_sum, negative_mass, positive_mass, leading_negative, leading_positive = gather(
            signals.starts[i],
            signals.starts[i + 1],
            signals.ages,
            signals.types,
            signals.sources,
            signals.strengths,
            positive,
            weights,
            parameters.trusts,
            parameters.fade_rate,
        )
        stalled = stall_evidence(parameters, stage, days)
        severity, confidence = assess(
            parameters, cases.gaps[i], stalled, negative, positive_sum, negative_mass, positive_mass
        )
        churn = compute_churn_probability(parameters, cases.segment[i], tier, severity)
        leading_negative_type = (
            NO_SIGNAL
            if leading_negative == NO_SIGNAL
            else min(signals.types[leading_negative], parameters.unknown_type)
        )
        leading_positive_type = (
            NO_SIGNAL
            if leading_positive == NO_SIGNAL
            else min(signals.types[leading_positive], parameters.unknown_type)
        )
        mass = negative_mass + positive_mass
        action, reason = plan_action(
            parameters,
            cases.segment[i],
            stage,
            days,
            stalled,
            severity,
            confidence,
            mass,
            leading_negative_type,
            leading_positive_type,
        )
        open_interventions, days_since_contact, contacts_in_window = summarise_interventions(
            parameters,
            past.starts[i],
            past.starts[i + 1],
            past.ages,
            past.statuses,
            past.monitors,
            past.approvals,
            past.measured,
        )
        held_back = NO_ACTION
        needs_approval = False
        money_at_stake = 0.0
        if action != NO_ACTION:
            reason = apply_contact_policy(
                parameters, action, reason, open_interventions, days_since_contact, contacts_in_window, cases.refused[i]
            )
            if reason != ACT:
                held_back, action = action, NO_ACTION
            else:
                needs_approval = action_needs_approval(parameters, action, severity, tier, value)
                money_at_stake = priority(churn, value, parameters.averts[action])
        out.severity[i] = severity
        out.confidence[i] = confidence
        out.churn_probability[i] = churn
        out.priority[i] = money_at_stake
        out.action[i] = action
        out.held_back[i] = held_back
        out.reason[i] = reason
        out.approval[i] = needs_approval
        out.leading_negative[i] = leading_negative
        out.leading_positive[i] = leading_positive
        out.negative[i] = negative
        out.positive[i] = positive_sum
        out.stall[i] = stalled
        out.negative_mass[i] = negative_mass
        out.positive_mass[i] = positive_mass
        out.open_interventions[i] = open_interventions
        out.days_since_contact[i] = days_since_contact
        out.contacts_in_window[i] = contacts_in_window


KERNELS: tuple[Any, ...] = (decide_cases,)
"""The functions that `journey.runtime.jit` compiles."""
