"""Transitions of one customer, compiled: moves, renewals, episodes, signals.

The counterpart of those parts of `simulation.reference.customer` that involve the account or the orchestrator; the
reference documents the behaviour.
"""

from typing import Any

from simulation.compiled import state, state_columns
from simulation.compiled.account import on_value_change, open_account, schedule_failed_charge
from simulation.compiled.customer import (
    begin_episode,
    begin_spell,
    cancel_pending_signals,
    count_stay,
    draw_cause,
    effective_ratio,
    end_episode,
    enter_stage,
    is_blocked,
    on_effect_end,
    on_harm_end,
    on_noise,
    on_symptom,
    pop_signal,
    schedule_next_move,
    schedule_noise,
    settle_account,
    start_move_clock,
    start_onset_clock,
    update_move_clocks,
    update_onset_clock,
)
from simulation.compiled.orchestration import (
    add_signal,
    close_request,
    decide,
    evaluate,
    on_action,
    on_expiry,
    on_outcome,
    record_outcome,
)
from simulation.compiled.primitives import (
    KIND_ARRIVAL,
    KIND_MOVE,
    emit,
)
from simulation.compiled.state import RESOLVED
from simulation.compiled.state_columns import EVENT_TIMES, MOVE_CLOCKS, NO_INDEX, NOT_WAITING
from simulation.distributions.dwell_times import NEVER
from simulation.model.calendar_effects import interval_index
from simulation.model.event_types import (
    ACTION,
    CADENCE,
    CALM,
    CALM_SPELL,
    DELIVERY,
    EFFECT_END,
    EPISODE,
    EXPIRY,
    HARM_END,
    MOVE,
    NOISE,
    OUTCOME,
    PAYMENT,
    RENEWAL,
    SEASON,
    SYMPTOM,
    VALUE,
)
from simulation.model.record_errors import UNRECORDED, VALID_RECORD, recorded_stage
from simulation.random import streams
from simulation.random.streams import exponential, uniform

# Reasons of moves that are caused by a date, not by a hazard.
REASON_RENEWAL, REASON_PAYMENT = 0, 1


def on_episode(T: Any, S: Any, i: int) -> None:
    """Begin or end a distress episode: `Customer.on_episode`."""
    if S.ints[i, state_columns.CAUSE] == CALM:
        begin_episode(T, S, i, draw_cause(T, S, i))
        return
    end_episode(T, S, i)
    number = S.ints[i, state_columns.EPISODE_NUMBER]
    begin_spell(S, i, number | CALM_SPELL)
    if S.floats[i, EVENT_TIMES + OUTCOME] < NEVER and S.ints[i, state_columns.EPISODE_ACTED_ON] == number:
        if S.ints[i, state_columns.RESPONDED]:
            S.floats[i, state_columns.SATISFACTION] += T.csat[S.ints[i, state_columns.ACTION_CODE]]
        record_outcome(T, S, i, RESOLVED)


def churn(T: Any, S: Any, i: int) -> None:
    """The customer churns: `Customer._churn`."""
    if S.ints[i, state_columns.WAITING] != NOT_WAITING:
        close_request(T, S, i, state.WITHDRAWN, NO_INDEX)
    S.ints[i, state_columns.HAS_OPEN_ACTION] = 0
    S.churned[T.arm_index, S.ints[i, state_columns.SEGMENT]] += 1
    settle_account(T, S, i)
    if S.ints[i, state_columns.CAUSE] != CALM:
        S.ints[i, state_columns.CAUSE] = CALM
        start_onset_clock(T, S, i)
    S.floats[i, state_columns.HARM_RATIO] = 1.0
    for entry in (EPISODE, EFFECT_END, HARM_END, ACTION, OUTCOME, CADENCE, SYMPTOM, NOISE, DELIVERY):
        S.floats[i, EVENT_TIMES + entry] = NEVER
    cancel_pending_signals(S, i)


def win_back(T: Any, S: Any, i: int) -> None:
    """The customer is won back: `Customer._win_back`."""
    S.churned[T.arm_index, S.ints[i, state_columns.SEGMENT]] -= 1
    S.counts[T.arm_index, state.WON_BACK] += 1
    S.floats[i, state_columns.ACTIVE_SINCE] = S.floats[i, state_columns.NOW]
    open_account(T, S, i, 0.0)
    if T.cadence > 0.0:
        S.floats[i, EVENT_TIMES + CADENCE] = S.floats[i, state_columns.NOW] + T.cadence
    schedule_noise(T, S, i)


def record_stage_entry(T: Any, S: Any, i: int) -> None:
    """Record a stage entry, possibly with a wrong stage or not at all: `CustomerOrchestration.record_stage_entry`."""
    stage = S.ints[i, state_columns.STAGE]
    if T.live[stage]:
        visit = S.ints[i, state_columns.VISITS + stage]
        stage = recorded_stage(
            S.key[i], stage, visit, T.live, T.record_errors.stages_missing, T.record_errors.stages_wrong
        )
    if stage != UNRECORDED:
        S.ints[i, state_columns.RECORDED_STAGE] = stage
        S.floats[i, state_columns.RECORDED_SINCE] = S.floats[i, state_columns.NOW]


def make_move(T: Any, S: Any, i: int, transition: int, reason: int) -> None:
    """Make a move out of the current stage: `Customer.make_move`."""
    stage = S.ints[i, state_columns.STAGE]
    move, to_stage = T.move[stage, transition], T.to_stage[stage, transition]
    emit(T, S, i, KIND_MOVE, move, to_stage, reason, NO_INDEX, NEVER)
    if move == T.escalate_move:
        S.counts[T.arm_index, state.ESCALATIONS] += 1
    count_stay(T, S, i)
    if T.leaves[stage, transition]:
        churn(T, S, i)
    if T.terminal[to_stage]:
        S.ints[i, state_columns.STAGE] = to_stage
        return
    S.ints[i, state_columns.PREVIOUS] = stage
    enter_stage(T, S, i, to_stage, 0.0)
    record_stage_entry(T, S, i)
    if T.live[to_stage]:
        if not T.live[stage]:
            win_back(T, S, i)
        if T.on_stage_entry:
            evaluate(T, S, i)


def on_move(T: Any, S: Any, i: int) -> None:
    """Make the move whose clock has run out first: `Customer.on_move`."""
    transition = 0
    while (
        S.floats[i, MOVE_CLOCKS + state_columns.CLOCK_WIDTH * transition + state_columns.DUE]
        != S.floats[i, state_columns.NOW]
    ):
        transition += 1
    if is_blocked(T, S, i, transition):
        # A blocked move is not an error: the customer stays, and the clock of this move starts again.
        S.ints[i, state_columns.ATTEMPTS] += 1
        start_move_clock(T, S, i, transition, 0.0)
        schedule_next_move(T, S, i)
        return
    make_move(T, S, i, transition, NO_INDEX)


def find_move(T: Any, S: Any, i: int, move: int) -> int:
    """The index of a move among those out of the current stage: `Customer.find_move`."""
    stage = S.ints[i, state_columns.STAGE]
    for transition in range(T.move_count[stage]):
        if T.move[stage, transition] == move and not is_blocked(T, S, i, transition):
            return transition
    return NO_INDEX


def on_renewal(T: Any, S: Any, i: int) -> None:
    """A contract ends: `Account.on_renewal`."""
    S.ints[i, state_columns.RENEWALS] += 1
    S.floats[i, EVENT_TIMES + RENEWAL] = S.floats[i, state_columns.NOW] + T.contract.renewal_every
    amount = exponential(S.key[i], streams.LEAVES_AT_RENEWAL, 0, S.ints[i, state_columns.RENEWALS])
    transition = find_move(T, S, i, T.contract.renewal_move)
    mass = T.contract.renewal_mass[S.ints[i, state_columns.SEGMENT], S.ints[i, state_columns.TIER]]
    if transition != NO_INDEX and amount < effective_ratio(T, S, i, mass, transition):
        make_move(T, S, i, transition, REASON_RENEWAL)


def on_payment(T: Any, S: Any, i: int) -> None:
    """A charge fails, or its grace period ends: `Account.on_payment`."""
    now = S.floats[i, state_columns.NOW]
    if S.ints[i, state_columns.PAYMENT_OVERDUE]:
        S.ints[i, state_columns.PAYMENT_OVERDUE] = 0
        schedule_failed_charge(T, S, i, now)
        transition = find_move(T, S, i, T.contract.charge_move)
        if transition != NO_INDEX:
            make_move(T, S, i, transition, REASON_PAYMENT)
    elif uniform(S.key[i], streams.CHARGE_RECOVERED, 0, S.ints[i, state_columns.FAILURES]) < T.contract.recovered:
        schedule_failed_charge(T, S, i, now)
    else:
        S.ints[i, state_columns.PAYMENT_OVERDUE] = 1
        S.floats[i, EVENT_TIMES + PAYMENT] = now + T.contract.grace


def schedule_calendar_change(T: Any, S: Any, i: int) -> None:
    """Set the time of the next calendar period or tenure band: `Customer._schedule_calendar_change`."""
    due, period, band = NEVER, S.ints[i, state_columns.PERIOD], S.ints[i, state_columns.BAND]
    if period + 1 < len(T.calendar_effects.starts):
        due = T.calendar_effects.starts[period + 1]
    if band + 1 < len(T.calendar_effects.tenures):
        due = min(due, S.floats[i, state_columns.JOINED_AT] + T.calendar_effects.tenures[band + 1])
    S.floats[i, EVENT_TIMES + SEASON] = due


def on_calendar_change(T: Any, S: Any, i: int) -> None:
    """A calendar period or a tenure band begins: `Customer.on_calendar_change`."""
    now, period, band = S.floats[i, state_columns.NOW], S.ints[i, state_columns.PERIOD], S.ints[i, state_columns.BAND]
    if period + 1 < len(T.calendar_effects.starts) and T.calendar_effects.starts[period + 1] == now:
        S.ints[i, state_columns.PERIOD] += 1
    if (
        band + 1 < len(T.calendar_effects.tenures)
        and S.floats[i, state_columns.JOINED_AT] + T.calendar_effects.tenures[band + 1] == now
    ):
        S.ints[i, state_columns.BAND] += 1
    schedule_calendar_change(T, S, i)
    update_move_clocks(T, S, i)
    update_onset_clock(T, S, i)


def on_delivery(T: Any, S: Any, i: int) -> None:
    """Deliver a signal to the orchestrator: `SignalProcess.on_delivery`."""
    slot = pop_signal(T, S, i)
    if S.pool_ints[slot, 6] != VALID_RECORD:
        return
    if not T.evaluates:
        # Without evaluations the evidence is never used.
        return
    now = S.floats[i, state_columns.NOW]
    age = now - S.pool_floats[slot, 2]
    add_signal(T, S, i, now, S.pool_ints[slot, 1], S.pool_floats[slot, 1], S.pool_ints[slot, 2], age)
    if T.on_signal:
        evaluate(T, S, i)


def handle_orchestration_event(T: Any, S: Any, i: int, entry: int) -> None:
    """Handle an event of the orchestrator."""
    if entry == CADENCE:
        S.floats[i, EVENT_TIMES + CADENCE] = S.floats[i, state_columns.NOW] + T.cadence
        decide(T, S, i)
    elif entry == DELIVERY:
        on_delivery(T, S, i)
    elif entry == ACTION:
        on_action(T, S, i)
    elif entry == OUTCOME:
        on_outcome(T, S, i)
    elif entry == EXPIRY:
        on_expiry(T, S, i)


def handle_customer_event(T: Any, S: Any, i: int, entry: int) -> None:
    """Handle one of the customer's own events that are rarer than signals."""
    if entry == MOVE:
        on_move(T, S, i)
    elif entry == EPISODE:
        on_episode(T, S, i)
    elif entry == EFFECT_END:
        on_effect_end(T, S, i)
    elif entry == HARM_END:
        on_harm_end(T, S, i)
    elif entry == SEASON:
        on_calendar_change(T, S, i)
    elif entry == RENEWAL:
        on_renewal(T, S, i)
    elif entry == PAYMENT:
        on_payment(T, S, i)
    elif entry == VALUE:
        on_value_change(T, S, i)


def handle_event(T: Any, S: Any, i: int, entry: int) -> None:
    """Advance the time to the event `entry`, which is due first, and handle it."""
    S.floats[i, state_columns.NOW] = S.floats[i, EVENT_TIMES + entry]
    if entry == SYMPTOM:
        on_symptom(T, S, i)
    elif entry == NOISE:
        on_noise(T, S, i)
    elif entry in (CADENCE, DELIVERY, ACTION, OUTCOME, EXPIRY):
        handle_orchestration_event(T, S, i, entry)
    else:
        handle_customer_event(T, S, i, entry)


def start_customer(T: Any, S: Any, i: int) -> None:
    """Start every clock, on day 0 or on the day of arrival: `Customer._start`."""
    f = S.floats[i]
    f[state_columns.NOW] = f[state_columns.ARRIVES]
    f[state_columns.ACTIVE_SINCE] = f[state_columns.ARRIVES]
    stage, tenure, now = S.ints[i, state_columns.STAGE], f[state_columns.TENURE], f[state_columns.NOW]
    S.customers[T.arm_index, S.ints[i, state_columns.SEGMENT]] += 1
    if now > 0.0:
        emit(T, S, i, KIND_ARRIVAL, NO_INDEX, stage, NO_INDEX, NO_INDEX, NEVER)
    f[state_columns.JOINED_AT] = now - tenure
    S.ints[i, state_columns.PERIOD] = interval_index(T.calendar_effects.starts, now)
    S.ints[i, state_columns.BAND] = interval_index(T.calendar_effects.tenures, tenure)
    schedule_calendar_change(T, S, i)
    start_onset_clock(T, S, i)
    enter_stage(T, S, i, stage, f[state_columns.ENTERED])
    open_account(T, S, i, tenure)
    if T.cadence > 0.0:
        f[EVENT_TIMES + CADENCE] = now + T.cadence * uniform(S.key[i], streams.CADENCE, 0, 0)
    schedule_noise(T, S, i)
    if S.ints[i, state_columns.INITIAL_CAUSE] != CALM:
        begin_episode(T, S, i, S.ints[i, state_columns.INITIAL_CAUSE])


KERNELS: tuple[Any, ...] = (
    churn,
    win_back,
    record_stage_entry,
    make_move,
    on_move,
    find_move,
    on_renewal,
    on_payment,
    schedule_calendar_change,
    on_calendar_change,
    on_episode,
    on_delivery,
    handle_orchestration_event,
    handle_customer_event,
    handle_event,
    start_customer,
)
"""The functions that compiled code uses, callees before callers."""

INLINED: tuple[Any, ...] = (handle_event,)
"""The functions that are inlined where compiled code calls them, because most events call them."""
