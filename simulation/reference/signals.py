"""How a life looks from outside: symptoms of distress, false alarms, and signs of recovery, each detected with a delay.

Every signal's luck belongs to its identity: which episode, which symptom of it; or which false alarm in a life.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

from simulation.distributions.dwell_times import NEVER
from simulation.model import record_errors
from simulation.model.event_types import CALM, DELIVERY, NOISE, SYMPTOM
from simulation.population.draw import pick
from simulation.random import streams
from simulation.trace import events

if TYPE_CHECKING:
    from simulation.model.spec import Strengths
    from simulation.reference.customer import Life

AUTOMATED, MANUAL = 0, 1
"""Sources that a simulated signal can have; the codes are those of the policy's trusts."""


class Delivery(NamedTuple):
    """A signal on its way to the orchestrator; `order` breaks ties between two that are known at the same time.

    `record` says what is wrong with its record, one of the codes below; `dated` is the day that the record bears.
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


class Symptoms:
    """The signals one customer sends."""

    __slots__ = ("_life", "_noise", "_sent", "_symptom", "_under_way", "noticed")

    def __init__(self, life: Life) -> None:
        self._life = life
        self._symptom = 0
        self._noise = 0
        self._sent = 0
        self._under_way: list[Delivery] = []
        self.noticed = False
        """Whether the present episode has shown itself to the orchestrator."""

    def begin_episode(self) -> None:
        """From now on the present episode shows."""
        self._symptom = 0
        self.noticed = False
        self._wind_symptom()

    def end_episode(self, cause: int) -> None:
        """No more symptoms; perhaps a sign of recovery."""
        life, table = self._life, self._life.table
        life.agenda[SYMPTOM] = NEVER
        draw = streams.uniform(life.key, streams.RELIEF_TYPE, life.episode, 0)
        if table.recovery_type >= 0 and draw < table.signals.recovery_probability:
            strength = self._strength(table.signals.strength, streams.RELIEF_STRENGTH, life.episode, 0)
            self._send(record_errors.RELIEF, table.recovery_type, strength, life.episode, 0, cause)

    def on_symptom(self) -> None:
        """A symptom occurs; it will be detected a little later."""
        life = self._life
        law, signals = life.table.causes[life.cause], life.table.signals
        which, nth = life.episode, self._symptom
        kind = law.symptoms.types[
            pick(law.symptoms.cumulative, streams.uniform(life.key, streams.SYMPTOM_TYPE, which, nth))
        ]
        strength = self._strength(signals.strength, streams.SYMPTOM_STRENGTH, which, nth)
        self._send(record_errors.SYMPTOM, kind, strength, which, nth, life.cause)
        self._wind_symptom()

    def wind_noise(self) -> None:
        """Set the time of the next false alarm."""
        life, rate = self._life, self._life.table.noise.rate
        if rate > 0.0:
            self._noise += 1
            life.agenda[NOISE] = life.now + streams.exponential(life.key, streams.NOISE, 0, self._noise) / rate

    def on_noise(self) -> None:
        """A false alarm is raised."""
        life, nth = self._life, self._noise
        mix, signals = life.table.noise, life.table.signals
        kind = mix.types[pick(mix.cumulative, streams.uniform(life.key, streams.NOISE_TYPE, 0, nth))]
        strength = self._strength(signals.false_strength, streams.NOISE_STRENGTH, 0, nth)
        self._send(record_errors.FALSE_ALARM, kind, strength, 0, nth, CALM)
        self.wind_noise()

    def on_delivery(self) -> None:
        """A signal reaches the orchestrator."""
        life, table, tally = self._life, self._life.table, self._life.tally
        signal = heappop(self._under_way)
        life.agenda[DELIVERY] = self._under_way[0].time if self._under_way else NEVER
        false = signal.cause == CALM
        dated = signal.dated if signal.dated != signal.time else None
        kind, source = table.policy.signal_types[signal.kind], table.policy.sources[signal.source]
        reason = self._reason(signal)
        life.emit(events.SIGNAL, kind, reason=reason, value=signal.strength, source=source, dated=dated)
        if signal.record != record_errors.SOUND:
            return
        if not table.policy.positive[signal.kind]:
            tally.alarms_false += false
            tally.alarms_true += not false
            if not false and life.cause != CALM and signal.episode == life.episode:
                self.noticed = True
        life.care.hear(signal.kind, signal.strength, signal.source, signal.dated)

    def _reason(self, signal: Delivery) -> str:
        if signal.record != record_errors.SOUND:
            return events.ORPHANED if signal.record == record_errors.STRAY else events.DUPLICATE
        return events.NOISE if signal.cause == CALM else self._life.table.causes[signal.cause].name

    def drop(self) -> None:
        """The customer is gone: nothing more is sent, and what is under way arrives nowhere."""
        self._under_way.clear()
        for entry in (SYMPTOM, NOISE, DELIVERY):
            self._life.agenda[entry] = NEVER

    def _wind_symptom(self) -> None:
        life = self._life
        rate = life.table.causes[life.cause].symptoms.rate
        if rate > 0.0:
            self._symptom += 1
            wait = streams.exponential(life.key, streams.SYMPTOM, life.episode, self._symptom) / rate
            life.agenda[SYMPTOM] = life.now + wait

    def _strength(self, spread: Strengths, purpose: int, which: int, nth: int) -> float:
        return spread.low + (spread.high - spread.low) * streams.uniform(self._life.key, purpose, which, nth)

    def _send(self, channel: int, kind: int, strength: float, which: int, nth: int, cause: int) -> None:
        """Put a signal on its way, with whatever goes wrong with its record."""
        life, signals, wrong = self._life, self._life.table.signals, self._life.table.flaws
        fate = record_errors.becomes_of(life.key, channel, which, nth, wrong.missing, wrong.orphaned)
        if fate == record_errors.LOST:
            return
        manual = streams.uniform(life.key, _SOURCES[channel], which, nth) < signals.manual_share
        delay = signals.delay_mean_days * streams.exponential(life.key, _DELAYS[channel], which, nth)
        dated = life.now + delay
        known = dated + record_errors.known_after(life.key, channel, which, nth, wrong.late, wrong.late_mean)
        records = [record_errors.STRAY if fate == record_errors.ORPHANED else record_errors.SOUND]
        if record_errors.is_doubled(life.key, channel, which, nth, wrong.duplicated):
            records.append(record_errors.COPY)
        for record in records:
            self._sent += 1
            source = MANUAL if manual else AUTOMATED
            signal = Delivery(known, self._sent, kind, strength, source, cause, life.episode, record, dated)
            heappush(self._under_way, signal)
        life.agenda[DELIVERY] = self._under_way[0].time


_SOURCES = (streams.SYMPTOM_SOURCE, streams.NOISE_SOURCE, streams.RELIEF_SOURCE)
_DELAYS = (streams.SYMPTOM_DELAY, streams.NOISE_DELAY, streams.RELIEF_DELAY)
"""Streams by what the signal came from, in the order of `simulation.model.record_errors`."""
