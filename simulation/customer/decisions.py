"""Decisions about a customer: evidence, evaluation, and the start of an intervention.

The rules are those for recorded customers (`journey.decision`). Records may have errors, so the recorded stage is used.
"""

from journey.decision.rules import (
    ACT,
    BELOW_THRESHOLD,
    BREAKS_RULE,
    NO_ACTION,
    NO_EVIDENCE,
    NO_STAGE,
    NOT_LIVE,
    priority,
)
from journey.decision.steps import action_needs_approval, apply_contact_policy, compute_churn_probability
from journey.rules.respect import ALLOWED, FORBIDDEN, ONLY_APPROVED
from simulation.customer.ports import Engine, count_contacts_since, emit
from simulation.customer.reviews import request_review
from simulation.customer.rules import apply_rules, see_event
from simulation.customer.state import NO_INDEX, Customer
from simulation.distributions.dwell_times import NEVER
from simulation.model.arm import ArmParameters
from simulation.model.event_types import ACTION
from simulation.model.evidence import plan_from_evidence
from simulation.model.record_errors import UNRECORDED, recorded_stage
from simulation.model.rule_parameters import AUTOMATICALLY_APPROVED, INTERVENTION, RECOMMENDED
from simulation.trace.codes import KIND_DECISION, LABEL_MONITOR_ONLY, LABEL_NONE


def record_stage_entry(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """Record the entry to the current stage, possibly with a wrong stage or not at all."""
    stage, errors = customer.stage, arm.record_errors
    if arm.live[stage]:
        visit = engine.visits[customer.row][stage]
        stage = recorded_stage(customer.key, stage, visit, arm.live, errors.stages_missing, errors.stages_wrong)
    if stage != UNRECORDED:
        customer.recorded_stage = stage
        customer.recorded_since = customer.now


def contact_policy_reason(arm: ArmParameters, customer: Customer, engine: Engine, action: int, reason: int) -> int:
    """Apply the contact policy to a planned action: the reason, or the one that prevents the action."""
    recent = count_contacts_since(customer, engine, customer.now - arm.policy.window_days)
    since = -1.0 if customer.last_contact_at == NEVER else customer.now - customer.last_contact_at
    open_interventions = int(customer.has_open_action)
    return apply_contact_policy(arm.policy, action, reason, open_interventions, since, recent, not customer.has_consent)


def count_evaluation(customer: Customer, engine: Engine, action: int, reason: int, confidence: float) -> None:
    """Count an evaluation and its result."""
    totals, stage = engine.totals[customer.arm], customer.recorded_stage
    totals.evaluations += 1
    engine.reasons[customer.arm][reason] += 1
    label, wrong_stage = action, NO_INDEX
    if action == NO_ACTION:
        nothing_to_do = reason in (NO_EVIDENCE, BELOW_THRESHOLD, NOT_LIVE, NO_STAGE)
        label = LABEL_NONE if nothing_to_do else LABEL_MONITOR_ONLY
    if stage != customer.stage:
        totals.misclassified += 1
        wrong_stage = stage
    emit(customer, engine, KIND_DECISION, label, wrong_stage, reason, NO_INDEX, confidence, NEVER)


def start_intervention(
    arm: ArmParameters,
    customer: Customer,
    engine: Engine,
    action: int,
    severity: float,
    must_review: bool,  # noqa: FBT001 - compiled code takes no keywords
) -> None:
    """Start an action: request a review if policy or rules demand approval, otherwise schedule it."""
    customer.action = action
    customer.has_open_action = True
    customer.is_overridden = False
    see_event(arm, customer, engine, INTERVENTION, RECOMMENDED)
    churn = compute_churn_probability(arm.policy, customer.policy_segment, customer.tier, severity)
    customer.value_at_stake = priority(churn, customer.account_value, arm.policy.averts[action])
    if must_review or action_needs_approval(arm.policy, action, severity, customer.tier, customer.account_value):
        request_review(arm, customer, engine)
    else:
        see_event(arm, customer, engine, INTERVENTION, AUTOMATICALLY_APPROVED)
        customer.event_times[ACTION] = customer.now + arm.effects[action].delay


def decide_in_full(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """Evaluate the customer with the rules, and start the resulting action or review."""
    action, reason, severity, confidence = plan_from_evidence(
        arm.policy,
        customer.evidence,
        customer.now,
        customer.policy_segment,
        customer.recorded_stage,
        customer.now - customer.recorded_since,
    )
    reason = contact_policy_reason(arm, customer, engine, action, reason)
    verdict = ALLOWED
    if arm.respects_rules and reason == ACT and action != arm.policy.monitor:
        needs_approval = action_needs_approval(arm.policy, action, severity, customer.tier, customer.account_value)
        verdict = apply_rules(arm, customer, engine, action, needs_approval)
        if verdict == FORBIDDEN:
            reason = BREAKS_RULE
    if reason != ACT:
        action = NO_ACTION
    count_evaluation(customer, engine, action, reason, confidence)
    if action != NO_ACTION and action != arm.policy.monitor:
        start_intervention(arm, customer, engine, action, severity, verdict == ONLY_APPROVED)


def decide(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """Evaluate the customer at a scheduled time.

    In the compiled engine `simulation.compiled.fast_paths` replaces this function and the next one by shorter ways to
    the same result, for runs without a trace.
    """
    decide_in_full(arm, customer, engine)


def evaluate(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """Evaluate the customer because of a signal or a stage entry."""
    decide_in_full(arm, customer, engine)


KERNELS = (
    record_stage_entry,
    contact_policy_reason,
    count_evaluation,
    start_intervention,
    decide_in_full,
)
"""Functions to compile, callees before callers."""

INLINED = (contact_policy_reason, count_evaluation, start_intervention)
"""Functions to inline, because most events call them."""
