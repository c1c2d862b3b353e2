"""The loop over many cases, each a customer at a moment: the orchestrator's steps, one after another, on arrays.

A case's signals and earlier interventions stand at ``starts[case] .. starts[case + 1] - 1`` of their columns. Which
customer it is and at which moment it is judged makes no difference here, so a folder judged today and a history of
decisions judged each at its own date are the same thing.
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


def judge(sheet: Any, positive: Any, weights: Any, cases: Any, signals: Any, past: Any, out: Any) -> None:
    """Judge every case and write the answers into `out`.

    Args:
        sheet: The policy, a `PolicyParameters` of arrays.
        positive: Per signal type, unknown ones each on their own: does it speak for the customer?
        weights: Per signal type: its weight.
        cases: Columns of the cases (`journey.batch.case_columns`).
        signals: Columns of their signals, in canonical order (`SignalColumns`).
        past: Columns of their earlier interventions (`PastColumns`).
        out: Columns to be filled (`DecisionColumns`).
    """
    for i in range(len(cases.stage)):
        stage, tier, value = cases.stage[i], cases.tier[i], cases.account_value[i]
        days = max(cases.days[i], 0.0)
        negative, good, negative_mass, positive_mass, lead, bright = gather(
            signals.starts[i],
            signals.starts[i + 1],
            signals.ages,
            signals.types,
            signals.sources,
            signals.strengths,
            positive,
            weights,
            sheet.trusts,
            sheet.fade_rate,
        )
        stalled = stall_evidence(sheet, stage, days)
        severity, confidence = assess(sheet, cases.gaps[i], stalled, negative, good, negative_mass, positive_mass)
        churn = compute_churn_probability(sheet, cases.segment[i], tier, severity)
        lead_type = NO_SIGNAL if lead == NO_SIGNAL else min(signals.types[lead], sheet.unknown_type)
        bright_type = NO_SIGNAL if bright == NO_SIGNAL else min(signals.types[bright], sheet.unknown_type)
        mass = negative_mass + positive_mass
        action, reason = plan_action(
            sheet, cases.segment[i], stage, stalled, severity, confidence, mass, lead_type, bright_type
        )
        waiting, since, recent = summarise_interventions(
            sheet,
            past.starts[i],
            past.starts[i + 1],
            past.ages,
            past.statuses,
            past.monitors,
            past.approvals,
            past.measured,
        )
        held = NO_ACTION
        needs = False
        worth = 0.0
        if action != NO_ACTION:
            reason = apply_contact_policy(sheet, action, reason, waiting, since, recent, cases.refused[i])
            if reason != ACT:
                held, action = action, NO_ACTION
            else:
                needs = action_needs_approval(sheet, action, severity, tier, value)
                worth = priority(churn, value, sheet.averts[action])
        out.severity[i] = severity
        out.confidence[i] = confidence
        out.churn_probability[i] = churn
        out.priority[i] = worth
        out.action[i] = action
        out.held_back[i] = held
        out.reason[i] = reason
        out.approval[i] = needs
        out.lead[i] = lead
        out.bright[i] = bright
        out.negative[i] = negative
        out.positive[i] = good
        out.stall[i] = stalled
        out.negative_mass[i] = negative_mass
        out.positive_mass[i] = positive_mass
        out.waiting[i] = waiting
        out.since[i] = since
        out.recent[i] = recent


KERNELS: tuple[Any, ...] = (judge,)
"""What `journey.runtime.jit` compiles."""
