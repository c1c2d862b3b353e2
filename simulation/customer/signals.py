"""Signals of a customer: symptoms of distress, false alarms and recovery signals, each detected with a delay.

The draws of a signal are keyed by its identity: the episode and the number of the symptom, or the number of the false
alarm.
"""

from simulation.customer.own_metrics import count_own_event
from simulation.customer.ports import Engine, PendingSignal, emit, pop_signal, push_signal
from simulation.customer.rules import see_event
from simulation.customer.state import NO_INDEX, Customer
from simulation.distributions.dwell_times import NEVER
from simulation.model.arm import ArmParameters
from simulation.model.event_types import CALM, NOISE, SYMPTOM
from simulation.model.metric_parameters import EVENT_SIGNAL
from simulation.model.record_errors import (
    DUPLICATE_RECORD,
    FALSE_ALARM,
    LOST,
    ORPHAN_RECORD,
    ORPHANED,
    RELIEF,
    VALID_RECORD,
    is_duplicated,
    reporting_delay,
    signal_fate,
)
from simulation.model.record_errors import SYMPTOM as SYMPTOM_SIGNAL
from simulation.model.rule_parameters import SIGNAL
from simulation.population.draw import pick
from simulation.random import streams
from simulation.random.streams import exponential, uniform
from simulation.trace.codes import KIND_SIGNAL, REASON_DUPLICATE, REASON_NOISE, REASON_ORPHANED

AUTOMATED, MANUAL = 0, 1
"""Sources of simulated signals; the codes are those of the policy's trusts."""


def needs_details(arm: ArmParameters, engine: Engine) -> bool:
    """Whether strength and source of a signal matter: the customers are evaluated, or the trace is kept."""
    return arm.evaluates or engine.keep_trace


def send_signal(
    arm: ArmParameters,
    customer: Customer,
    engine: Engine,
    channel: int,
    kind: int,
    strength: float,
    context: int,
    occurrence: int,
    cause: int,
) -> None:
    """Add a signal to the pending ones, with the errors of its record.

    Args:
        arm: The arm.
        customer: The customer.
        engine: The engine.
        channel: Origin of the signal, a code of `simulation.model.record_errors`.
        kind: Type of the signal.
        strength: Its strength, in [0, 1].
        context: First number of its identity.
        occurrence: Second number of its identity.
        cause: The cause it is a symptom of, or CALM.
    """
    key, errors = customer.key, arm.record_errors
    fate = signal_fate(key, channel, context, occurrence, errors.missing, errors.orphaned)
    if fate == LOST:
        return
    source_purpose, delay_purpose = streams.SYMPTOM_SOURCE, streams.SYMPTOM_DELAY
    if channel == FALSE_ALARM:
        source_purpose, delay_purpose = streams.NOISE_SOURCE, streams.NOISE_DELAY
    elif channel == RELIEF:
        source_purpose, delay_purpose = streams.RELIEF_SOURCE, streams.RELIEF_DELAY
    source = AUTOMATED
    if needs_details(arm, engine) and uniform(key, source_purpose, context, occurrence) < arm.signals.manual_share:
        source = MANUAL
    dated = customer.now
    if arm.signals.delay_mean > 0.0:
        dated += arm.signals.delay_mean * exponential(key, delay_purpose, context, occurrence)
    time = dated + reporting_delay(key, channel, context, occurrence, errors.late, errors.late_mean)
    record = ORPHAN_RECORD if fate == ORPHANED else VALID_RECORD
    push_signal(customer, engine, time, dated, kind, strength, source, cause, record)
    if is_duplicated(key, channel, context, occurrence, errors.duplicated):
        push_signal(customer, engine, time, dated, kind, strength, source, cause, DUPLICATE_RECORD)


def schedule_symptom(arm: ArmParameters, customer: Customer) -> None:
    """Schedule the next symptom of the current episode."""
    rate = arm.causes[customer.cause].symptom_rate
    if rate > 0.0:
        customer.symptom += 1
        wait = exponential(customer.key, streams.SYMPTOM, customer.episode, customer.symptom) / rate
        customer.event_times[SYMPTOM] = customer.now + wait


def on_symptom(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """Send a symptom, and schedule the next one."""
    signals, context, occurrence, cause = arm.signals, customer.episode, customer.symptom, customer.cause
    type_draw = uniform(customer.key, streams.SYMPTOM_TYPE, context, occurrence)
    kind = signals.symptom_types[cause][pick(signals.symptom_shares[cause], type_draw)]
    draw = uniform(customer.key, streams.SYMPTOM_STRENGTH, context, occurrence)
    strength = signals.strength_low + (signals.strength_high - signals.strength_low) * draw
    send_signal(arm, customer, engine, SYMPTOM_SIGNAL, kind, strength, context, occurrence, cause)
    schedule_symptom(arm, customer)


def draw_noise_wait(arm: ArmParameters, customer: Customer) -> None:
    """Draw the wait before a false alarm, one alarm ahead, so that the schedule does not wait for the draw."""
    if arm.signals.noise_rate > 0.0:
        draw = exponential(customer.key, streams.NOISE, 0, customer.noise + 1)
        customer.next_noise_wait = draw / arm.signals.noise_rate


def schedule_noise(arm: ArmParameters, customer: Customer) -> None:
    """Schedule the next false alarm, and draw the wait for the one after it."""
    if arm.signals.noise_rate > 0.0:
        customer.event_times[NOISE] = customer.now + customer.next_noise_wait
        customer.noise += 1
        draw_noise_wait(arm, customer)


def on_noise(arm: ArmParameters, customer: Customer, engine: Engine) -> None:
    """Send a false alarm, and schedule the next one."""
    signals, occurrence = arm.signals, customer.noise
    kind, strength = signals.noise_types[0], signals.false_low
    if len(signals.noise_types) > 1:
        type_draw = uniform(customer.key, streams.NOISE_TYPE, 0, occurrence)
        kind = signals.noise_types[pick(signals.noise_shares, type_draw)]
    if needs_details(arm, engine):
        draw = uniform(customer.key, streams.NOISE_STRENGTH, 0, occurrence)
        strength = signals.false_low + (signals.false_high - signals.false_low) * draw
    send_signal(arm, customer, engine, FALSE_ALARM, kind, strength, 0, occurrence, CALM)
    schedule_noise(arm, customer)


def send_recovery_signal(arm: ArmParameters, customer: Customer, engine: Engine, cause: int) -> None:
    """Send the signal of an episode that has ended, with the probability of the world."""
    signals, number = arm.signals, customer.episode
    if signals.recovery_type < 0:
        return
    if uniform(customer.key, streams.RELIEF_TYPE, number, 0) < signals.recovery_probability:
        draw = uniform(customer.key, streams.RELIEF_STRENGTH, number, 0)
        strength = signals.strength_low + (signals.strength_high - signals.strength_low) * draw
        send_signal(arm, customer, engine, RELIEF, signals.recovery_type, strength, number, 0, cause)


def receive_signal(arm: ArmParameters, customer: Customer, engine: Engine) -> PendingSignal:
    """Take the first pending signal, and count it.

    Returns:
        The signal. Its values are valid until the customer sends another one.
    """
    signal = pop_signal(customer, engine)
    reason = signal.cause if signal.cause != CALM else REASON_NOISE
    if signal.record != VALID_RECORD:
        reason = REASON_ORPHANED if signal.record == ORPHAN_RECORD else REASON_DUPLICATE
    dated = signal.dated if signal.dated != customer.now else NEVER
    emit(customer, engine, KIND_SIGNAL, signal.kind, NO_INDEX, reason, signal.source, signal.strength, dated)
    if signal.record == VALID_RECORD:
        count_own_event(arm, customer, engine, EVENT_SIGNAL, signal.kind)
        see_event(arm, customer, engine, SIGNAL, signal.kind)
    if signal.record == VALID_RECORD and not arm.policy.positive[signal.kind]:
        if signal.cause == CALM:
            engine.totals[customer.arm].alarms_false += 1
        else:
            engine.totals[customer.arm].alarms_true += 1
            if customer.cause != CALM and signal.episode == customer.episode:
                customer.is_detected = True
    return signal


KERNELS = (
    needs_details,
    send_signal,
    schedule_symptom,
    on_symptom,
    draw_noise_wait,
    schedule_noise,
    on_noise,
    send_recovery_signal,
    receive_signal,
)
"""Functions to compile, callees before callers."""
