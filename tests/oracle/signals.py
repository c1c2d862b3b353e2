"""Signals of one customer: symptoms of distress, false alarms and recovery signals, each detected with a delay.

The draws of a signal are keyed by its identity: the episode and the number of the symptom, or the number of the false
alarm.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

from simulation.distributions.dwell_times import NEVER
from simulation.population.draw import pick
from simulation.random import streams
from simulation.trace import events
from tests.oracle import record_errors
from tests.oracle.event_types import CALM, DELIVERY, NOISE, SYMPTOM

if TYPE_CHECKING:
    from simulation.model.distress_spec import Strengths
    from tests.oracle.customer import Customer

AUTOMATED, MANUAL = 0, 1
"""Sources of simulated signals; the codes are those of the policy's trusts."""


class PendingSignal(NamedTuple):
    """A signal that the orchestrator has not received yet; `order` breaks ties between signals due at the same time.

    `record` is the kind of its record, a code of `tests.oracle.record_errors`; `dated` is the day in the record.
    """

    time: float
    order: int
    kind: int
    strength: float
    source: int
    cause: int
    episode: int
    record: int
    dated: float


class SignalProcess:
    """The signals of one customer."""

    __slots__ = ("_customer", "_noise", "_pending", "_signals_sent", "_symptom", "is_detected")

    def __init__(self, customer: Customer) -> None:
        self._customer = customer
        self._symptom = 0
        self._noise = 0
        self._signals_sent = 0
        self._pending: list[PendingSignal] = []
        self.is_detected = False
        """Whether the orchestrator has received a symptom of the current episode."""

    def begin_episode(self) -> None:
        """Start the symptoms of the current episode."""
        self._symptom = 0
        self.is_detected = False
        self._schedule_symptom()

    def end_episode(self, cause: int) -> None:
        """Stop the symptoms; send a recovery signal with the probability of the world."""
        customer, table = self._customer, self._customer.table
        customer.event_times[SYMPTOM] = NEVER
        draw = streams.uniform(customer.key, streams.RELIEF_TYPE, customer.episode, 0)
        if table.recovery_type >= 0 and draw < table.signals.recovery_probability:
            strength = self._strength(table.signals.strength, streams.RELIEF_STRENGTH, customer.episode, 0)
            self._send_signal(record_errors.RELIEF, table.recovery_type, strength, customer.episode, 0, cause)

    def on_symptom(self) -> None:
        """Send a symptom and schedule the next one."""
        customer = self._customer
        parameters, signals = customer.table.causes[customer.cause], customer.table.signals
        context, occurrence = customer.episode, self._symptom
        kind = parameters.symptoms.types[
            pick(
                parameters.symptoms.cumulative, streams.uniform(customer.key, streams.SYMPTOM_TYPE, context, occurrence)
            )
        ]
        strength = self._strength(signals.strength, streams.SYMPTOM_STRENGTH, context, occurrence)
        self._send_signal(record_errors.SYMPTOM, kind, strength, context, occurrence, customer.cause)
        self._schedule_symptom()

    def schedule_noise(self) -> None:
        """Schedule the next false alarm."""
        customer, rate = self._customer, self._customer.table.noise.rate
        if rate > 0.0:
            self._noise += 1
            customer.event_times[NOISE] = (
                customer.now + streams.exponential(customer.key, streams.NOISE, 0, self._noise) / rate
            )

    def on_noise(self) -> None:
        """Send a false alarm and schedule the next one."""
        customer, occurrence = self._customer, self._noise
        mix, signals = customer.table.noise, customer.table.signals
        kind = mix.types[pick(mix.cumulative, streams.uniform(customer.key, streams.NOISE_TYPE, 0, occurrence))]
        strength = self._strength(signals.false_strength, streams.NOISE_STRENGTH, 0, occurrence)
        self._send_signal(record_errors.FALSE_ALARM, kind, strength, 0, occurrence, CALM)
        self.schedule_noise()

    def on_delivery(self) -> None:
        """Deliver the next pending signal to the orchestrator."""
        customer, table, counters = self._customer, self._customer.table, self._customer.counters
        signal = heappop(self._pending)
        customer.event_times[DELIVERY] = self._pending[0].time if self._pending else NEVER
        is_false = signal.cause == CALM
        dated = signal.dated if signal.dated != signal.time else None
        kind, source = table.policy.signal_types[signal.kind], table.policy.sources[signal.source]
        reason = self._reason(signal)
        customer.emit(events.SIGNAL, kind, reason=reason, value=signal.strength, source=source, dated=dated)
        if signal.record != record_errors.VALID_RECORD:
            return
        if not table.policy.positive[signal.kind]:
            counters.alarms_false += is_false
            counters.alarms_true += not is_false
            if not is_false and customer.cause != CALM and signal.episode == customer.episode:
                self.is_detected = True
        customer.orchestration.receive_signal(signal.kind, signal.strength, signal.source, signal.dated)

    def _reason(self, signal: PendingSignal) -> str:
        if signal.record != record_errors.VALID_RECORD:
            return events.ORPHANED if signal.record == record_errors.ORPHAN_RECORD else events.DUPLICATE
        return events.NOISE if signal.cause == CALM else self._customer.table.causes[signal.cause].name

    def cancel_all(self) -> None:
        """Cancel all future and pending signals of a customer that has left."""
        self._pending.clear()
        for entry in (SYMPTOM, NOISE, DELIVERY):
            self._customer.event_times[entry] = NEVER

    def _schedule_symptom(self) -> None:
        customer = self._customer
        rate = customer.table.causes[customer.cause].symptoms.rate
        if rate > 0.0:
            self._symptom += 1
            wait = streams.exponential(customer.key, streams.SYMPTOM, customer.episode, self._symptom) / rate
            customer.event_times[SYMPTOM] = customer.now + wait

    def _strength(self, spread: Strengths, purpose: int, context: int, occurrence: int) -> float:
        return spread.low + (spread.high - spread.low) * streams.uniform(
            self._customer.key, purpose, context, occurrence
        )

    def _send_signal(self, channel: int, kind: int, strength: float, context: int, occurrence: int, cause: int) -> None:
        """Add a signal to the pending ones, with the errors of its record."""
        customer, signals, error_rates = (
            self._customer,
            self._customer.table.signals,
            self._customer.table.record_errors,
        )
        fate = record_errors.signal_fate(
            customer.key, channel, context, occurrence, error_rates.missing, error_rates.orphaned
        )
        if fate == record_errors.LOST:
            return
        manual = streams.uniform(customer.key, _SOURCES[channel], context, occurrence) < signals.manual_share
        delay = signals.delay_mean_days * streams.exponential(customer.key, _DELAYS[channel], context, occurrence)
        dated = customer.now + delay
        known = dated + record_errors.reporting_delay(
            customer.key, channel, context, occurrence, error_rates.late, error_rates.late_mean
        )
        records = [record_errors.ORPHAN_RECORD if fate == record_errors.ORPHANED else record_errors.VALID_RECORD]
        if record_errors.is_duplicated(customer.key, channel, context, occurrence, error_rates.duplicated):
            records.append(record_errors.DUPLICATE_RECORD)
        for record in records:
            self._signals_sent += 1
            source = MANUAL if manual else AUTOMATED
            signal = PendingSignal(
                known, self._signals_sent, kind, strength, source, cause, customer.episode, record, dated
            )
            heappush(self._pending, signal)
        customer.event_times[DELIVERY] = self._pending[0].time


_SOURCES = (streams.SYMPTOM_SOURCE, streams.NOISE_SOURCE, streams.RELIEF_SOURCE)
_DELAYS = (streams.SYMPTOM_DELAY, streams.NOISE_DELAY, streams.RELIEF_DELAY)
"""Random streams by the signal's origin, in the order of `tests.oracle.record_errors`."""
