"""Shorter ways to the result of an evaluation, for runs without a trace.

Most evaluations lead to no action. Bounds on the evidence (`journey.decision.bounds`) settle most of these without a
logarithm or an exponential function, and many scheduled ones in one batch. The counts equal those of
`simulation.customer.decisions.decide_in_full`.
"""

from typing import Any

from journey.decision.bounds import UNDECIDED, idle_reason_from_bounds, plan_from_bounds
from journey.decision.rules import ACT, NO_ACTION, severity
from journey.decision.steps import action_needs_approval, stall_evidence
from simulation.customer.decisions import (
    contact_policy_reason,
    count_evaluation,
    decide_in_full,
    start_intervention,
)
from simulation.distributions.dwell_times import NEVER
from simulation.model.event_types import CADENCE
from simulation.model.evidence import remaining_evidence
from simulation.trace.codes import KIND_DECISION


def decide_from_bounds(arm: Any, customer: Any, engine: Any) -> None:
    """Evaluate a customer with bounds in place of severity and confidence, if they settle the result."""
    if engine.keep_trace:
        decide_in_full(arm, customer, engine)
        return
    policy, evidence, stage = arm.policy, customer.evidence, customer.recorded_stage
    remaining = remaining_evidence(policy, evidence, customer.now)
    negative, positive = evidence.negative * remaining, evidence.positive * remaining
    stalled = stall_evidence(policy, stage, customer.now - customer.recorded_since)
    action = plan_from_bounds(
        policy,
        customer.policy_segment,
        stage,
        stalled,
        negative,
        positive,
        evidence.negative_mass * remaining,
        evidence.positive_mass * remaining,
        evidence.leading_negative,
        evidence.leading_positive,
    )
    if action == NO_ACTION:
        decide_in_full(arm, customer, engine)
        return
    reason = contact_policy_reason(arm, customer, engine, action, ACT)
    if arm.respects_rules and reason == ACT and action != policy.monitor:
        # The rules may demand approval, or forbid the action.
        decide_in_full(arm, customer, engine)
        return
    count_evaluation(customer, engine, action if reason == ACT else NO_ACTION, reason, NEVER)
    if reason == ACT and action != policy.monitor:
        severity_level = 1.0
        if action_needs_approval(policy, action, severity_level, customer.tier, customer.account_value):
            # Severity is at most 1, so its exact value matters only if 1 would need approval.
            severity_level = severity(negative + stalled, positive, policy.relief)
        start_intervention(arm, customer, engine, action, severity_level, False)


def idle_reason(arm: Any, customer: Any, now: float, later: float) -> int:
    """Why no evaluation from `now` to `later` days after it can lead to an action, or UNDECIDED."""
    evidence = customer.evidence
    return idle_reason_from_bounds(
        arm.policy,
        customer.policy_segment,
        customer.recorded_stage,
        now - customer.recorded_since,
        now - evidence.last_signal_at,
        later,
        evidence.negative,
        evidence.negative_mass + evidence.positive_mass,
        evidence.leading_positive,
    )


def evaluate_from_bounds(arm: Any, customer: Any, engine: Any) -> None:
    """Evaluate a customer now; in full only if an action is possible or a trace is kept."""
    reason = UNDECIDED if engine.keep_trace else idle_reason(arm, customer, customer.now, 0.0)
    if reason == UNDECIDED:
        decide_from_bounds(arm, customer, engine)
    else:
        count_evaluation(customer, engine, NO_ACTION, reason, NEVER)


def count_evaluations_until(arm: Any, customer: Any, engine: Any, until: float, reason: int) -> None:
    """Count all scheduled evaluations before `until` as evaluations without an action, for this reason."""
    at, now, evaluations = customer.event_times[CADENCE], customer.now, 0
    while at < until:
        now = at
        at += arm.cadence
        evaluations += 1
    customer.now = now
    customer.event_times[CADENCE] = at
    engine.reasons[customer.arm, reason] += evaluations
    engine.kinds[customer.arm, KIND_DECISION] += evaluations
    totals = engine.totals[customer.arm]
    totals.evaluations += evaluations
    if customer.recorded_stage != customer.stage:
        totals.misclassified += evaluations


def count_idle_evaluations(arm: Any, customer: Any, engine: Any, until: float) -> None:
    """Count the scheduled evaluations before `until` that cannot lead to an action.

    Between two other events of the customer only time passes, so these evaluations can be counted without going through
    the event list. Where bounds settle the whole interval, they are counted in one batch.
    """
    at = customer.event_times[CADENCE]
    if at >= until:
        return
    reason = idle_reason(arm, customer, at, until - at)
    if reason != UNDECIDED:
        count_evaluations_until(arm, customer, engine, until, reason)
        return
    if until - customer.recorded_since <= arm.policy.typical_days[customer.recorded_stage]:
        # No stall evidence arises before `until`, so it is the first evaluation that is undecided.
        return
    while at < until:
        at += arm.cadence
        reason = idle_reason(arm, customer, customer.event_times[CADENCE], 0.0)
        if reason == UNDECIDED:
            break
        count_evaluations_until(arm, customer, engine, min(at, until), reason)


KERNELS: tuple[Any, ...] = (
    decide_from_bounds,
    idle_reason,
    evaluate_from_bounds,
    count_evaluations_until,
    count_idle_evaluations,
)
"""Functions to compile, callees before callers."""

INLINED: tuple[Any, ...] = (idle_reason, count_evaluations_until, count_idle_evaluations)
"""Functions to inline, because most events call them."""
