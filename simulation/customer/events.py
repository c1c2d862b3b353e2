"""The events of a customer: the start, each scheduled event, and the end of the run."""

from simulation.customer.account import on_value_change, open_account
from simulation.customer.counting import count_last_stage, count_stay, first_grid_index
from simulation.customer.decisions import decide, evaluate
from simulation.customer.distress import begin_episode, on_effect_end, on_harm_end, settle_account
from simulation.customer.effects import on_discount_end, on_move_effect_end
from simulation.customer.interventions import on_action, on_episode, on_outcome
from simulation.customer.moves import on_calendar_change, on_move, on_payment, on_renewal, schedule_calendar_change
from simulation.customer.own_metrics import count_own_start, count_own_stay, finish_own_metrics
from simulation.customer.ports import Engine, emit
from simulation.customer.price import full_price
from simulation.customer.recurring_revenue import count_recurring_revenue, current_recurring_revenue
from simulation.customer.reviews import count_open_request, on_expiry
from simulation.customer.rules import begin_history, judge_rules
from simulation.customer.satisfaction import count_last_satisfaction, satisfaction_score, start_satisfaction
from simulation.customer.signals import draw_noise_wait, on_noise, on_symptom, receive_signal, schedule_noise
from simulation.customer.stages import enter_stage, start_onset_clock
from simulation.customer.state import NO_INDEX, Customer
from simulation.distributions.dwell_times import NEVER
from simulation.model.arm import ArmParameters
from simulation.model.calendar_effects import interval_index
from simulation.model.event_types import (
    ACTION,
    CADENCE,
    CALM,
    DELIVERY,
    DISCOUNT_END,
    EFFECT_END,
    EPISODE,
    EXPIRY,
    HARM_END,
    MOVE,
    MOVE_EFFECT_END,
    NOISE,
    OUTCOME,
    PAYMENT,
    RENEWAL,
    SEASON,
    SYMPTOM,
    VALUE,
)
from simulation.model.evidence import add_signal
from simulation.model.record_errors import VALID_RECORD
from simulation.random import streams
from simulation.random.streams import uniform
from simulation.trace.codes import KIND_ARRIVAL, LABEL_ARRIVAL


def set_start(
    customer: Customer, stage: int, days_in_stage: float, arrives_at: float, tenure: float, account_value: float
) -> None:
    """Set the state in which a customer starts.

    Args:
        customer: The customer.
        stage: Code of the stage.
        days_in_stage: Days already spent in the stage.
        arrives_at: Day of arrival; 0 for a customer who is present on day 0.
        tenure: Tenure in days.
        account_value: Revenue per year, in dollars.
    """
    customer.stage = stage
    customer.recorded_stage = stage
    customer.entered_at = days_in_stage
    customer.recorded_since = arrives_at - days_in_stage
    customer.arrives_at = arrives_at
    customer.tenure = tenure
    customer.account_value = account_value


def start_customer(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """Start all clocks, on day 0 or on the day of arrival."""
    customer.is_started = True
    customer.now = customer.arrives_at
    customer.active_since = customer.arrives_at
    engine.arrived[customer.arm][customer.segment] += 1
    customer.revenue_at_start = current_recurring_revenue(arm, customer) if customer.now == 0.0 else 0.0
    if customer.now > 0.0:
        emit(customer, engine, KIND_ARRIVAL, LABEL_ARRIVAL, customer.stage, NO_INDEX, NO_INDEX, NEVER, NEVER)
    customer.joined_at = customer.now - customer.tenure
    customer.period = interval_index(arm.calendar_effects.starts, customer.now)
    customer.band = interval_index(arm.calendar_effects.tenures, customer.tenure)
    schedule_calendar_change(arm, customer)
    customer.grid_index = first_grid_index(engine, customer.now)
    start_satisfaction(customer)
    if arm.has_distress:
        start_onset_clock(arm, customer)
    enter_stage(arm, customer, engine, customer.stage, customer.entered_at)
    open_account(arm, customer, customer.tenure)
    count_own_start(arm, customer, engine, customer.now - customer.entered_at)
    begin_history(arm, customer, engine)
    if arm.cadence > 0.0:
        customer.event_times[CADENCE] = customer.now + arm.cadence * uniform(customer.key, streams.CADENCE, 0, 0)
    draw_noise_wait(arm, customer)
    schedule_noise(arm, customer)
    if customer.initial_cause != CALM:
        begin_episode(arm, customer, engine, customer.initial_cause)


def on_delivery(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """Deliver the next pending signal to the orchestrator."""
    signal = receive_signal(arm, customer, engine)
    if signal.record != VALID_RECORD or not arm.evaluates:
        # Without evaluations the evidence is never used.
        return
    age = customer.now - signal.dated
    add_signal(arm.policy, customer.evidence, customer.now, signal.kind, signal.strength, signal.source, age)
    if arm.on_signal:
        evaluate(arm, customer, engine)


def on_cadence(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """Make the regular evaluation, and schedule the next one."""
    customer.event_times[CADENCE] = customer.now + arm.cadence
    decide(arm, customer, engine)


def handle_orchestration_event(arm: ArmParameters, customer: Customer, engine: Engine, entry: int) -> None:
    """Handle an event of the orchestrator."""
    if entry == CADENCE:
        on_cadence(arm, customer, engine)
    elif entry == DELIVERY:
        on_delivery(arm, customer, engine)
    elif entry == ACTION:
        on_action(arm, customer, engine)
    elif entry == OUTCOME:
        on_outcome(arm, customer, engine)
    elif entry == EXPIRY:
        on_expiry(arm, customer, engine)


def handle_customer_event(arm: ArmParameters, customer: Customer, engine: Engine, entry: int) -> None:
    """Handle one of the customer's own events that are rarer than signals."""
    if entry == MOVE:
        on_move(arm, customer, engine)
    elif entry == EPISODE:
        on_episode(arm, customer, engine)
    elif entry == EFFECT_END:
        on_effect_end(arm, customer)
    elif entry == HARM_END:
        on_harm_end(arm, customer, engine)
    elif entry == MOVE_EFFECT_END:
        on_move_effect_end(arm, customer, engine)
    elif entry == DISCOUNT_END:
        on_discount_end(arm, customer, engine)
    elif entry == SEASON:
        on_calendar_change(arm, customer, engine)
    elif entry == RENEWAL:
        on_renewal(arm, customer, engine)
    elif entry == PAYMENT:
        on_payment(arm, customer, engine)
    elif entry == VALUE:
        on_value_change(arm, customer, engine)


def handle_event(arm: ArmParameters, customer: Customer, engine: Engine, entry: int) -> None:
    """Advance the customer's time to the event `entry`, which is due first, and handle it."""
    customer.now = customer.event_times[entry]
    if entry == SYMPTOM:
        on_symptom(arm, customer, engine)
    elif entry == NOISE:
        on_noise(arm, customer, engine)
    elif entry in (CADENCE, DELIVERY, ACTION, OUTCOME, EXPIRY):
        handle_orchestration_event(arm, customer, engine, entry)
    else:
        handle_customer_event(arm, customer, engine, entry)


def finish_customer(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """Complete a customer's totals at the end of the run, which censors the history, or after churn."""
    if customer.arrives_at >= engine.horizon:
        return
    if arm.terminal[customer.stage]:
        count_last_stage(customer, engine)
    else:
        customer.now = engine.horizon
        count_own_stay(arm, customer, engine)
        count_stay(customer, engine)
        count_last_stage(customer, engine)
    finish_own_metrics(arm, customer, engine)
    judge_rules(arm, customer, engine)
    count_recurring_revenue(arm, customer, engine)
    totals = engine.totals[customer.arm]
    if arm.live[customer.stage]:
        totals.live_value += full_price(arm, customer)
        count_open_request(customer, engine)
        settle_account(arm, customer, engine)
    totals.distress_days += customer.distress_days
    score = satisfaction_score(arm, customer.satisfaction, customer.distress_days, customer.active_days)
    totals.satisfaction += score
    if arm.live[customer.stage]:
        count_last_satisfaction(customer, engine, score)


KERNELS = (
    set_start,
    start_customer,
    on_delivery,
    on_cadence,
    handle_orchestration_event,
    handle_customer_event,
    handle_event,
    finish_customer,
)
"""Functions to compile, callees before callers."""

INLINED = (handle_event,)
"""Functions to inline, because most events call them."""
