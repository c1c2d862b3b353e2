"""One customer's life in the reference engine: a SimPy process that sleeps until the next thing that is due.

A customer has a small agenda of due times. The process sleeps until the earliest, lets it happen, and looks again;
a reviewer's verdict interrupts the sleep. Nothing is drawn twice and nothing is redrawn: a change of hazard keeps
what is left of every clock.

This module is the customer: stages, moves and the latent distress. `simulation.symptoms` is how it shows from
outside, `simulation.care` what the orchestrator does about it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import simpy

from journey.machine import Facts, MoveResult
from journey.policy import TIERS
from simulation import streams, trace
from simulation.agenda import CALM, EFFECT_END, ENTRIES, EPISODE, HARM_END, MOVE
from simulation.care import CALM_SPELL, Care
from simulation.clocks import EXPONENTIAL, NEVER, Clock, wound
from simulation.population import pick
from simulation.symptoms import Symptoms

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from simulation.population import Person
    from simulation.reference import Arm, Town

NOWHERE = -1


class Life:
    """One customer: state, agenda, and what happens when something on it is due.

    Attributes:
        now: The customer's own time, in days: the exact due time of what is happening.
        stage: Code of the present stage.
        entered_at: When it was entered; before 0 for a customer met in mid-stay.
        cause: Cause of the present distress, or CALM.
        episode: Number of the present or last episode, from 1.
        agenda: When each entry of `simulation.agenda` is due; NEVER where it is not.
    """

    __slots__ = ("_attempts", "_clocks", "_distress_days", "_distress_since", "_end_clock", "_frailty", "_harm",
                 "_onset_clock", "_previous", "_process", "_ratios", "_visits", "account_value", "agenda", "care",
                 "cause", "customer", "entered_at", "episode", "key", "now", "segment", "stage", "symptoms", "table",
                 "tally", "tier", "town")  # fmt: skip

    def __init__(self, town: Town, arm: Arm, person: Person, key: int, frailty: float) -> None:
        """Wind every clock of a customer on day 0 and put the process to sleep.

        Args:
            town: What all customers share.
            arm: What the customers of one arm share.
            person: The customer on day 0.
            key: The key of the customer's streams.
            frailty: The customer's own hazard ratio on moves that are subject to it.
        """
        self.town, self.key, self.customer = town, key, person.number
        self.table, self.tally = arm.table, arm.tally
        self.segment, self.tier, self.account_value = person.segment, person.tier, person.account_value
        self._ratios = self.table.move_ratios[person.segment][person.tier]
        self._frailty = frailty
        self._harm = 1.0
        self.now = 0.0
        self.stage, self._previous = person.stage, NOWHERE
        self._visits = [0] * len(self.table.live)
        self.episode, self.cause = 0, CALM
        self._distress_since, self._distress_days = 0.0, 0.0
        self.agenda = [NEVER] * ENTRIES
        self.symptoms: Symptoms = Symptoms(self)
        self.care: Care = Care(self, person, arm.policy_segments[person.segment])
        self._onset_clock = self._wound_onset()
        self._end_clock = self._onset_clock
        self._enter(person.stage, person.days_in_stage)
        self.symptoms.wind_noise()
        if person.cause != CALM:
            self._begin_episode(person.cause)
        self._process = town.env.process(self._live())

    # -- the process -------------------------------------------------------------------------------

    def _live(self) -> Generator[simpy.Event, None, None]:
        env, live = self.town.env, self.table.live
        while live[self.stage]:
            due = min(self.agenda)
            try:
                # With every hazard zero nothing is ever due: then only a verdict can wake the customer.
                yield env.at(due) if due < NEVER else env.event()
            except simpy.Interrupt:
                continue
            self.now = due
            _HANDLERS[self.agenda.index(due)](self)

    def wake(self) -> None:
        """The agenda has changed from outside: look at it again."""
        self._process.interrupt()

    def finish(self, horizon: float) -> None:
        """Close the books at the horizon: whoever still lives is censored there."""
        tally, table = self.tally, self.table
        if table.live[self.stage]:
            self.now = horizon
            tally.live_value += self.account_value
            self._leave_stage()
            self._close_books()
        unhappy = self._distress_days / self.now if self.now > 0.0 else 0.0
        points = table.satisfaction_calm - table.satisfaction_penalty * unhappy + self.care.satisfaction
        tally.satisfaction += min(5.0, max(1.0, points))
        tally.distress_days += self._distress_days

    def emit(
        self,
        kind: str,
        label: str,
        *,
        to_stage: int | None = None,
        reason: str | None = None,
        reviewer: int | None = None,
        value: float | None = None,
        source: str | None = None,
    ) -> None:
        """Count an event, and write its row where a trace is kept; see `simulation.trace.Row`."""
        self.tally.kinds[kind] += 1
        kept = self.town.trace
        if kept is not None:
            stages = self.table.machine.stages
            to_name = None if to_stage is None else stages[to_stage]
            happened = (self.now, self.customer, self.table.name, kind, stages[self.stage], to_name, label)
            kept.rows.append(trace.Row(*happened, reason, reviewer, value, source))

    # -- stages and moves --------------------------------------------------------------------------

    def _enter(self, stage: int, age: float = 0.0) -> None:
        """Wind the clock of every move out of a stage; this visit's luck is its own."""
        self.stage, self.entered_at, self._attempts = stage, self.now - age, 0
        self._visits[stage] += 1
        self._clocks = [self._wound_move(place, age) for place in range(len(self.table.moves[stage]))]
        self.agenda[MOVE] = min((clock.due for clock in self._clocks), default=NEVER)
        if self.cause == CALM:
            self._onset_clock.run_at(self.now, self._onset_rate())
            self.agenda[EPISODE] = self._onset_clock.due

    def _wound_move(self, place: int, age: float) -> Clock:
        law = self.table.moves[self.stage][place]
        which = (self.stage << 10) | law.move
        nth = (self._visits[self.stage] << 12) | min(self._attempts, 4095)
        amount = wound(law.law, law.a, age, streams.exponential(self.key, streams.MOVE, which, nth))
        return Clock(law.law, law.a, law.b, amount, self.now, self._ratio(place), age, self.table.knots)

    def _ratio(self, place: int) -> float:
        """The hazard ratio now in force on a move out of the present stage."""
        law = self.table.moves[self.stage][place]
        ratio = self._ratios[law.move]
        if law.frailty:
            ratio *= self._frailty
        if self.cause != CALM:
            ratio *= law.in_distress
            if law.leaves:
                ratio *= self.table.causes[self.cause].churn_ratio
        return ratio * self._harm if law.leaves else ratio

    def _retune(self) -> None:
        """Let every move clock go on at the hazard ratio now in force."""
        for place, clock in enumerate(self._clocks):
            clock.run_at(self.now, self._ratio(place))
        self.agenda[MOVE] = min((clock.due for clock in self._clocks), default=NEVER)

    def on_move(self) -> None:
        """The first of the competing clocks has run out."""
        table = self.table
        place = next(place for place, clock in enumerate(self._clocks) if clock.due == self.now)
        law = table.moves[self.stage][place]
        if law.guarded and not self._guard_allows(law.move):
            # Blocked, not illegal: the customer stays, and the wait for this move begins anew.
            self._attempts += 1
            self._clocks[place] = self._wound_move(place, 0.0)
            self.agenda[MOVE] = min(clock.due for clock in self._clocks)
            return
        self.emit(trace.MOVE, table.machine.moves[law.move], to_stage=law.to_stage)
        self.tally.escalations += law.move == table.escalate_move
        self.tally.stage_steps.append((self.now, self.stage, law.to_stage))
        self._leave_stage()
        if not table.live[law.to_stage]:
            self._churn(law.to_stage)
            return
        self._previous = self.stage
        self._enter(law.to_stage)
        if table.on_stage_entry:
            self.care.decide()

    def _guard_allows(self, move: int) -> bool:
        machine = self.table.machine
        facts = Facts(
            days_in_stage=self.now - self.entered_at,
            previous_stage=machine.stages[self._previous] if self._previous != NOWHERE else None,
            segment=self.tally.segments[self.segment],
            tier=TIERS[self.tier],
        )
        asked = self.table.journey.request(machine.stages[self.stage], machine.moves[move], facts)
        return asked is MoveResult.MOVED

    def _leave_stage(self) -> None:
        self.tally.stage_days[self.stage] += self.now - max(0.0, self.entered_at)

    def _churn(self, to_stage: int) -> None:
        self.care.take_back("withdrawn")
        self.tally.churned[self.segment] += 1
        self._close_books()
        self.stage = to_stage

    def _close_books(self) -> None:
        self.tally.earn(self.account_value, 0.0, self.now, self.table.discount_rate)
        if self.cause != CALM:
            self._close_episode()

    # -- distress ----------------------------------------------------------------------------------

    def _onset_rate(self) -> float:
        table = self.table
        return table.onset_rates[self.stage] * table.onset_ratios[self.segment][self.tier]

    def _wound_onset(self) -> Clock:
        amount = streams.exponential(self.key, streams.ONSET, self.episode + 1, 0)
        return Clock(EXPONENTIAL, 1.0, 0.0, amount, self.now, self._onset_rate())

    def on_episode(self) -> None:
        """Distress sets in, or ends."""
        if self.cause != CALM:
            self._end_episode()
            return
        shares = self.table.onset_cumulative[self.stage]
        self._begin_episode(pick(shares, streams.uniform(self.key, streams.CAUSE, self.episode + 1, 0)))

    def _begin_episode(self, cause: int) -> None:
        law = self.table.causes[cause]
        self.episode += 1
        self.cause = cause
        self._distress_since = self.now
        amount = streams.exponential(self.key, streams.RECOVERY, self.episode, 0)
        self._end_clock = Clock(EXPONENTIAL, law.end_rate, 0.0, amount, self.now, 1.0)
        self.agenda[EPISODE] = self._end_clock.due
        self.tally.episodes += 1
        self.emit(trace.DISTRESS_ON, law.name)
        self.care.begin_spell(self.episode)
        self.symptoms.begin_episode()
        self._retune()

    def _end_episode(self) -> None:
        cause = self.cause
        self.emit(trace.DISTRESS_OFF, self.table.causes[cause].name)
        self._close_episode()
        self.cause = CALM
        self.agenda[EFFECT_END] = NEVER
        self._onset_clock = self._wound_onset()
        self.agenda[EPISODE] = self._onset_clock.due
        self._retune()
        self.symptoms.end_episode(cause)
        self.care.begin_spell(self.episode | CALM_SPELL)
        self.care.episode_ended(self.episode)

    def _close_episode(self) -> None:
        self._distress_days += self.now - self._distress_since
        self.tally.episodes_seen += self.symptoms.noticed

    # -- what an action does -----------------------------------------------------------------------

    def be_helped(self, recovery_ratio: float, days: float) -> None:
        """The present episode ends faster by a hazard ratio, for some days."""
        self._end_clock.run_at(self.now, recovery_ratio)
        self.agenda[EPISODE] = self._end_clock.due
        self.agenda[EFFECT_END] = self.now + days

    def on_effect_end(self) -> None:
        """The help has worn off."""
        self.agenda[EFFECT_END] = NEVER
        self._end_clock.run_at(self.now, 1.0)
        self.agenda[EPISODE] = self._end_clock.due

    def be_harmed(self, churn_ratio: float, days: float) -> None:
        """A calm customer was contacted: churn is likelier by a hazard ratio, for some days."""
        self._harm = churn_ratio
        self.agenda[HARM_END] = self.now + days
        self._retune()

    def on_harm_end(self) -> None:
        """The contact is forgotten."""
        self.agenda[HARM_END] = NEVER
        self._harm = 1.0
        self._retune()


_HANDLERS: tuple[Callable[[Life], None], ...] = (
    Life.on_move,
    Life.on_episode,
    lambda life: life.symptoms.on_symptom(),
    lambda life: life.symptoms.on_noise(),
    lambda life: life.symptoms.on_delivery(),
    Life.on_effect_end,
    Life.on_harm_end,
    lambda life: life.care.on_action(),
    lambda life: life.care.on_outcome(),
    lambda life: life.care.on_expiry(),
    lambda life: life.care.on_cadence(),
)
"""What happens when an entry of the agenda is due, in the agenda's order."""
