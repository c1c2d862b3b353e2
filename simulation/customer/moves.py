"""Moves between stages: those whose clock runs out, and those at a renewal or after a failed charge."""

from journey.decision.rules import NO_ACTION
from simulation.customer.account import add_revenue, open_account, schedule_failed_charge
from simulation.customer.counting import count_stay
from simulation.customer.decisions import evaluate, record_stage_entry
from simulation.customer.distress import settle_account
from simulation.customer.effects import end_effects
from simulation.customer.interventions import resolve_by_move
from simulation.customer.own_metrics import count_own_entry, count_own_event, count_own_stay
from simulation.customer.ports import Engine, cancel_pending_signals, emit
from simulation.customer.price import changes_price
from simulation.customer.reviews import close_request
from simulation.customer.rules import see_event
from simulation.customer.satisfaction import start_satisfaction
from simulation.customer.signals import schedule_noise
from simulation.customer.stages import (
    effective_ratio,
    enter_stage,
    is_blocked,
    restart_move_clock,
    start_onset_clock,
    take_due_move,
    update_move_clocks,
    update_onset_clock,
)
from simulation.customer.state import NO_INDEX, NOT_WAITING, Customer
from simulation.distributions.dwell_times import NEVER
from simulation.model.arm import ArmParameters
from simulation.model.event_types import (
    ACTION,
    CADENCE,
    CALM,
    DELIVERY,
    EFFECT_END,
    EPISODE,
    HARM_END,
    NOISE,
    OUTCOME,
    PAYMENT,
    RENEWAL,
    SEASON,
    SYMPTOM,
)
from simulation.model.metric_parameters import EVENT_MOVE
from simulation.model.rule_parameters import MOVE as MOVE_EVENT
from simulation.model.rule_parameters import STAGE
from simulation.random import streams
from simulation.random.streams import exponential, uniform
from simulation.trace.codes import KIND_MOVE, REASON_PAYMENT, REASON_RENEWAL, WITHDRAWN


def churn(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """The customer leaves: cancel all pending events, and close the account."""
    if customer.waiting != NOT_WAITING:
        close_request(arm, customer, engine, WITHDRAWN, NO_INDEX)
    customer.has_open_action = False
    engine.churned[customer.arm][customer.segment] += 1
    settle_account(arm, customer, engine)
    if customer.cause != CALM:
        customer.cause = CALM
        start_onset_clock(arm, customer)
    customer.harm_ratio = 1.0
    end_effects(customer)
    for entry in (EPISODE, EFFECT_END, HARM_END, ACTION, OUTCOME, CADENCE, SYMPTOM, NOISE, DELIVERY):
        customer.event_times[entry] = NEVER
    cancel_pending_signals(customer, engine)


def win_back(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """The customer is won back: open a new contract, and resume from the current stage."""
    engine.churned[customer.arm][customer.segment] -= 1
    engine.totals[customer.arm].won_back += 1
    customer.active_since = customer.now
    start_satisfaction(customer)
    open_account(arm, customer, 0.0)
    if arm.cadence > 0.0:
        customer.event_times[CADENCE] = customer.now + arm.cadence
    schedule_noise(arm, customer)


def make_move(arm: ArmParameters, customer: Customer, engine: Engine, slot: int, reason: int) -> None:
    """Make a move out of the current stage.

    Args:
        arm: The arm.
        customer: The customer.
        engine: The engine.
        slot: Slot of the move.
        reason: Code of its reason in the trace, or NO_INDEX if its hazard caused it.
    """
    stage, move = customer.stage, arm.moves[customer.stage][slot]
    emit(customer, engine, KIND_MOVE, move.move, move.to_stage, reason, NO_INDEX, NEVER, NEVER)
    if arm.escalation[move.to_stage] and not arm.escalation[stage]:
        engine.totals[customer.arm].escalations += 1
    count_own_event(arm, customer, engine, EVENT_MOVE, move.move)
    see_event(arm, customer, engine, MOVE_EVENT, move.move)
    if not move.within_stay:
        see_event(arm, customer, engine, STAGE, move.to_stage)
    if arm.has_move_effects and customer.moves_action != NO_ACTION:
        resolve_by_move(arm, customer, engine, slot)
    if move.within_stay:
        restart_move_clock(arm, customer, engine, slot)
        return
    count_own_stay(arm, customer, engine)
    count_stay(customer, engine)
    if move.leaves:
        churn(arm, customer, engine)
    count_own_entry(arm, customer, engine, move.to_stage)
    if arm.terminal[move.to_stage]:
        customer.stage = move.to_stage
        return
    if changes_price(arm, customer, move.to_stage):
        add_revenue(arm, customer, engine)
    customer.previous_stage = stage
    enter_stage(arm, customer, engine, move.to_stage, 0.0)
    record_stage_entry(arm, customer, engine)
    if arm.live[move.to_stage]:
        if not arm.live[stage]:
            win_back(arm, customer, engine)
        if arm.on_stage_entry:
            evaluate(arm, customer, engine)


def on_move(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """Make the move whose clock has run out, if there is one."""
    slot = take_due_move(arm, customer, engine)
    if slot != NO_INDEX:
        make_move(arm, customer, engine, slot, NO_INDEX)


def find_move(arm: ArmParameters, customer: Customer, engine: Engine, move: int) -> int:
    """The slot of a move among those out of the current stage; NO_INDEX if it is illegal or blocked."""
    for slot in range(arm.move_count[customer.stage]):
        if arm.moves[customer.stage][slot].move == move and not is_blocked(arm, customer, engine, slot):
            return slot
    return NO_INDEX


def on_renewal(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """The contract is due for renewal: the customer renews or leaves."""
    contract = arm.contract
    customer.renewals += 1
    customer.event_times[RENEWAL] = customer.now + contract.renewal_every
    amount = exponential(customer.key, streams.LEAVES_AT_RENEWAL, 0, customer.renewals)
    slot = find_move(arm, customer, engine, contract.renewal_move)
    mass = contract.renewal_mass[customer.segment][customer.tier]
    if slot != NO_INDEX and amount < effective_ratio(arm, customer, mass, slot):
        make_move(arm, customer, engine, slot, REASON_RENEWAL)


def on_payment(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """A charge fails, or the grace period of a failed charge ends."""
    if customer.is_payment_overdue:
        customer.is_payment_overdue = False
        schedule_failed_charge(arm, customer, customer.now)
        slot = find_move(arm, customer, engine, arm.contract.charge_move)
        if slot != NO_INDEX:
            make_move(arm, customer, engine, slot, REASON_PAYMENT)
    elif uniform(customer.key, streams.CHARGE_RECOVERED, 0, customer.failures) < arm.contract.recovered:
        schedule_failed_charge(arm, customer, customer.now)
    else:
        customer.is_payment_overdue = True
        customer.event_times[PAYMENT] = customer.now + arm.contract.grace


def schedule_calendar_change(arm: ArmParameters, customer: Customer) -> None:
    """Schedule the start of the next calendar period or tenure band."""
    due, calendar = NEVER, arm.calendar_effects
    if customer.period + 1 < len(calendar.starts):
        due = calendar.starts[customer.period + 1]
    if customer.band + 1 < len(calendar.tenures):
        due = min(due, customer.joined_at + calendar.tenures[customer.band + 1])
    customer.event_times[SEASON] = due


def on_calendar_change(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """A calendar period or a tenure band begins."""
    calendar, period, band = arm.calendar_effects, customer.period + 1, customer.band + 1
    if period < len(calendar.starts) and calendar.starts[period] == customer.now:
        customer.period = period
    if band < len(calendar.tenures) and customer.joined_at + calendar.tenures[band] == customer.now:
        customer.band = band
    schedule_calendar_change(arm, customer)
    update_move_clocks(arm, customer, engine)
    update_onset_clock(arm, customer)


KERNELS = (
    churn,
    win_back,
    make_move,
    on_move,
    find_move,
    on_renewal,
    on_payment,
    schedule_calendar_change,
    on_calendar_change,
)
"""Functions to compile, callees before callers."""
