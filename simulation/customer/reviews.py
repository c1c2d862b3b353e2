"""Review requests of a customer: what happens when one is made, decided, expires or is withdrawn."""

from journey.decision.rules import NO_ACTION
from simulation.customer.counting import count_wait
from simulation.customer.own_metrics import count_own_event
from simulation.customer.ports import Engine, emit, submit_request
from simulation.customer.rules import see_event
from simulation.customer.state import IN_QUEUE, NO_INDEX, NOT_WAITING, Customer
from simulation.distributions.dwell_times import NEVER
from simulation.metrics.quantile_sketch import sketch_bucket
from simulation.model.arm import ArmParameters
from simulation.model.calendar_effects import interval_index
from simulation.model.event_types import ACTION, CALM, EXPIRY
from simulation.model.metric_parameters import EVENT_REVIEW
from simulation.model.rule_parameters import INTERVENTION, PENDING_APPROVAL, REVIEW, STATUS_AFTER_VERDICT
from simulation.random import streams
from simulation.random.streams import exponential, uniform
from simulation.trace.codes import APPROVED, EXPIRED, KIND_DECIDED, KIND_REQUESTED, OVERRIDDEN, REJECTED, WITHDRAWN


def request_review(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """Request a review of the current action."""
    customer.requests_in_spell += 1
    unit = exponential(customer.key, streams.SERVICE, customer.spell, customer.requests_in_spell)
    customer.work = unit * arm.review.service_days
    customer.requested_at = customer.now
    customer.review_started_at = -1.0
    customer.waiting = IN_QUEUE
    customer.version += 1
    stake = customer.value_at_stake
    emit(customer, engine, KIND_REQUESTED, customer.action, NO_INDEX, NO_INDEX, NO_INDEX, stake, NEVER)
    see_event(arm, customer, engine, INTERVENTION, PENDING_APPROVAL)
    customer.event_times[EXPIRY] = customer.now + arm.policy.approval_expiry_days
    submit_request(customer, engine)


def close_request(arm: ArmParameters, customer: Customer, engine: Engine, verdict: int, reviewer: int) -> None:
    """Close the open request with its verdict; `reviewer` is NO_INDEX if no reviewer decided."""
    started = customer.now if customer.review_started_at < 0.0 else customer.review_started_at
    waited = started - customer.requested_at
    engine.verdicts[customer.arm][verdict] += 1
    count_wait(engine, customer.requested_at, started)
    # Waits by verdict are separate: a request that expired has waited as long as the policy allows, not for a reviewer.
    if verdict == EXPIRED:
        engine.totals[customer.arm].waited_expired += waited
    elif verdict == WITHDRAWN:
        engine.totals[customer.arm].waited_withdrawn += waited
    else:
        engine.totals[customer.arm].waited += waited
        engine.waits[customer.arm][sketch_bucket(waited)] += 1
        interval = interval_index(engine.grid, customer.now)
        engine.reviewed[interval] += 1
        engine.waited[interval] += waited
    customer.event_times[EXPIRY] = NEVER
    customer.waiting = NOT_WAITING
    customer.version += 1
    emit(customer, engine, KIND_DECIDED, verdict, NO_INDEX, NO_INDEX, reviewer, customer.value_at_stake, NEVER)
    count_own_event(arm, customer, engine, EVENT_REVIEW, verdict)
    see_event(arm, customer, engine, REVIEW, verdict)
    see_event(arm, customer, engine, INTERVENTION, STATUS_AFTER_VERDICT[verdict])


def action_for_true_cause(arm: ArmParameters, customer: Customer) -> int:
    """The playbook action for the cause of the current distress, or NO_ACTION."""
    if customer.cause == CALM or arm.causes[customer.cause].policy_cause < 0:
        return NO_ACTION
    return arm.policy.plays[customer.policy_segment][customer.stage][arm.causes[customer.cause].policy_cause]


def on_verdict(arm: ArmParameters, customer: Customer, engine: Engine, time: float, reviewer: int) -> None:
    """Apply a reviewer's verdict to the open request."""
    customer.now = time
    spell, occurrence, review = customer.spell, customer.requests_in_spell, arm.review
    draw = uniform(customer.key, streams.VERDICT, spell, occurrence)
    approved = draw < review.approve_distressed if customer.cause != CALM else draw >= review.reject_calm
    verdict = REJECTED
    if approved:
        verdict = APPROVED
        preferred_action = action_for_true_cause(arm, customer)
        overrides = uniform(customer.key, streams.OVERRIDE, spell, occurrence) < review.override
        if overrides and preferred_action != NO_ACTION and preferred_action != customer.action:
            customer.action = preferred_action
            customer.is_overridden = True
            verdict = OVERRIDDEN
        customer.event_times[ACTION] = time + arm.effects[customer.action].delay
    else:
        customer.has_open_action = False
        # A rejection counts as a contact, so that the next signal does not repeat the same request.
        customer.last_contact_at = time
    close_request(arm, customer, engine, verdict, reviewer)


def on_expiry(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """Let a request expire that still waits; a review in progress is completed."""
    customer.event_times[EXPIRY] = NEVER
    if customer.waiting == IN_QUEUE:
        customer.has_open_action = False
        close_request(arm, customer, engine, EXPIRED, NO_INDEX)


def count_open_request(customer: Customer, engine: Engine) -> None:
    """Count the wait of a request that is open at the end of the run, if there is one."""
    if customer.waiting != NOT_WAITING:
        stop = NEVER if customer.waiting == IN_QUEUE else customer.review_started_at
        count_wait(engine, customer.requested_at, stop)


KERNELS = (
    request_review,
    close_request,
    action_for_true_cause,
    on_verdict,
    on_expiry,
    count_open_request,
)
"""Functions to compile, callees before callers."""
