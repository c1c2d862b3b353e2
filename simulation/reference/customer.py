"""One customer's life in the reference engine: a SimPy process that sleeps until the next thing that is due.

A customer has a small agenda of due times. The process sleeps until the earliest, lets it happen, and looks again;
a reviewer's verdict interrupts the sleep. Nothing is drawn twice and nothing is redrawn: a change of hazard keeps
what is left of every clock.

This module is the customer: stages, moves and the latent distress. `simulation.reference.signals` is how it shows from
outside, `simulation.reference.orchestration` what the orchestrator does about it, `simulation.reference.account` the
contract and its worth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import simpy

from journey.decision.policy import TIERS
from journey.machine import Facts, MoveResult
from simulation.distributions.dwell_times import EXPONENTIAL, NEVER, Clock, wound
from simulation.model.calendar_effects import part_of
from simulation.model.event_types import CALM, CALM_SPELL, EFFECT_END, ENTRIES, EPISODE, HARM_END, MOVE, SEASON
from simulation.population.draw import pick
from simulation.random import streams
from simulation.reference.account import Account
from simulation.reference.orchestration import Care
from simulation.reference.signals import Symptoms
from simulation.trace import events

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from simulation.population.draw import Person
    from simulation.reference.engine import Arm, Town

NOWHERE = -1


class Life:
    """One customer: state, agenda, and what happens when something on it is due.

    Attributes:
        now: The customer's own time, in days: the exact due time of what is happening.
        stage: Code of the present stage.
        entered_at: When it was entered; before 0 for a customer met in mid-stay.
        cause: Cause of the present distress, or CALM.
        episode: Number of the present or last episode, from 1.
        episode_stage: The stage in which that episode began.
        agenda: When each entry of `simulation.model.event_types` is due; NEVER where it is not.
    """

    __slots__ = ("_attempts", "_band", "_came_at", "_clocks", "_distress_days", "_distress_since", "_end_clock",
                 "_frailty", "_harm", "_lived_days", "_lived_since", "_onset_clock", "_period", "_person", "_previous",
                 "_process", "_ratios", "_visits", "account", "agenda", "care", "cause", "customer", "entered_at",
                 "episode", "episode_stage", "key", "now", "segment", "stage", "symptoms", "table", "tally", "tier",
                 "town")  # fmt: skip

    def __init__(self, town: Town, arm: Arm, person: Person, key: int, frailty: float) -> None:
        """Put a customer to sleep until day 0, or until the day of arrival.

        Args:
            town: What all customers share.
            arm: What the customers of one arm share.
            person: The customer on day 0.
            key: The key of the customer's streams.
            frailty: The customer's own hazard ratio on moves that are subject to it.
        """
        self.town, self.key, self.customer, self._person = town, key, person.number, person
        self.table, self.tally = arm.table, arm.tally
        self.segment, self.tier = person.segment, person.tier
        self._ratios = self.table.move_ratios[person.segment][person.tier]
        self._frailty, self._harm = frailty, 1.0
        self.now = person.arrives_at
        self.stage, self._previous = person.stage, NOWHERE
        self._visits = [0] * len(self.table.live)
        self.episode, self.cause, self.episode_stage = 0, CALM, person.stage
        self._distress_since, self._distress_days = 0.0, 0.0
        self._lived_since, self._lived_days = self.now, 0.0
        self.agenda = [NEVER] * ENTRIES
        self.account: Account = Account(self, person)
        self.symptoms: Symptoms = Symptoms(self)
        self.care: Care = Care(self, person, arm.policy_segments[person.segment])
        if person.arrives_at == 0.0:
            self._begin()
        self._process = town.env.process(self._live())

    def _begin(self) -> None:
        """Wind every clock: on day 0, or on the day of arrival."""
        person, seasons = self._person, self.table.seasons
        self.tally.customers[self.segment] += 1
        self.tally.stage_steps.append((self.now, NOWHERE, person.stage))
        if self.now > 0.0:
            self.emit(events.ARRIVAL, "arrival", to_stage=person.stage)
        self._came_at = self.now - person.tenure_days
        self._period = part_of(seasons.starts, self.now)
        self._band = part_of(seasons.tenures, person.tenure_days)
        self._wait_for_the_season()
        self._onset_clock = self._wound_onset()
        self._end_clock = self._onset_clock
        self._enter(person.stage, person.days_in_stage)
        self.account.open(person.tenure_days)
        self.care.begin()
        self.symptoms.wind_noise()
        if person.cause != CALM:
            self._begin_episode(person.cause)

    # -- the process -------------------------------------------------------------------------------

    def _live(self) -> Generator[simpy.Event, None, None]:
        env, terminal = self.town.env, self.table.terminal
        if self._person.arrives_at > 0.0:
            yield env.at(self._person.arrives_at)
            self._begin()
        while not terminal[self.stage]:
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
        if self._person.arrives_at >= horizon:
            return
        if not table.terminal[self.stage]:
            self.now = horizon
            self._leave_stage()
        if table.live[self.stage]:
            tally.live_value += self.account.value
            self.care.count_unanswered()
            self._close_books()
        unhappy = self._distress_days / self._lived_days if self._lived_days > 0.0 else 0.0
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
        dated: float | None = None,
    ) -> None:
        """Count an event, and write its row where a trace is kept; see `simulation.trace.events.Row`."""
        self.tally.kinds[kind] += 1
        kept = self.town.trace
        if kept is not None:
            stages = self.table.machine.stages
            to_name = None if to_stage is None else stages[to_stage]
            happened = (self.now, self.customer, self.table.name, kind, stages[self.stage], to_name, label)
            kept.rows.append(events.Row(*happened, reason, reviewer, value, source, dated))

    # -- stages and moves --------------------------------------------------------------------------

    def _enter(self, stage: int, age: float = 0.0) -> None:
        """Wind the clock of every move out of a stage; this visit's luck is its own."""
        self.stage, self.entered_at, self._attempts = stage, self.now - age, 0
        self._visits[stage] += 1
        self._clocks = [self._wound_move(place, age) for place in range(len(self.table.moves[stage]))]
        self.agenda[MOVE] = min((clock.due for clock in self._clocks), default=NEVER)
        self._retune_onset()

    def _wound_move(self, place: int, age: float) -> Clock:
        law = self.table.moves[self.stage][place]
        which = (self.stage << 10) | law.move
        nth = (self._visits[self.stage] << 12) | min(self._attempts, 4095)
        amount = wound(law.law, law.a, age, streams.exponential(self.key, streams.MOVE, which, nth))
        return Clock(law.law, law.a, law.b, amount, self.now, self._ratio(place), age, self.table.knots)

    def _ratio(self, place: int) -> float:
        """The hazard ratio now in force on a move out of the present stage."""
        return self.in_force(self._ratios[self.table.moves[self.stage][place].move], place)

    def in_force(self, ratio: float, place: int) -> float:
        """A ratio with all that now acts on a move out of the present stage."""
        table, law = self.table, self.table.moves[self.stage][place]
        if law.frailty:
            ratio *= self._frailty
        if self.cause != CALM:
            ratio *= law.in_distress
            if law.leaves:
                ratio *= table.causes[self.cause].churn_ratio
        if law.leaves:
            ratio *= self._harm
        seasons = table.seasons
        return (
            ratio
            * seasons.move_ratios[seasons.state[self._period]][law.move]
            * seasons.tenure_ratios[self._band][law.move]
        )

    def _retune(self) -> None:
        """Let every move clock go on at the hazard ratio now in force."""
        for place, clock in enumerate(self._clocks):
            clock.run_at(self.now, self._ratio(place))
        self.agenda[MOVE] = min((clock.due for clock in self._clocks), default=NEVER)

    def on_move(self) -> None:
        """The first of the competing clocks has run out."""
        place = next(place for place, clock in enumerate(self._clocks) if clock.due == self.now)
        if self._is_blocked(place):
            # Blocked, not illegal: the customer stays, and the wait for this move begins anew.
            self._attempts += 1
            self._clocks[place] = self._wound_move(place, 0.0)
            self.agenda[MOVE] = min(clock.due for clock in self._clocks)
            return
        self.move(place)

    def place_of(self, move: int) -> int:
        """The place of a move among those out of the present stage; NOWHERE if it cannot be made from here."""
        for place, law in enumerate(self.table.moves[self.stage]):
            if law.move == move and not self._is_blocked(place):
                return place
        return NOWHERE

    def move(self, place: int, reason: str | None = None) -> None:
        """Make a move out of the present stage.

        Args:
            place: Which of them.
            reason: What it came of, where that was not its hazard.
        """
        table = self.table
        law, was_live = table.moves[self.stage][place], table.live[self.stage]
        self.emit(events.MOVE, table.machine.moves[law.move], to_stage=law.to_stage, reason=reason)
        self.tally.escalations += law.move == table.escalate_move
        self.tally.stage_steps.append((self.now, self.stage, law.to_stage))
        self._leave_stage()
        if law.leaves:
            self._be_lost()
        if table.terminal[law.to_stage]:
            self.stage = law.to_stage
            return
        self._previous = self.stage
        self._enter(law.to_stage)
        self.care.note_entry(self._visits[law.to_stage])
        if table.live[law.to_stage]:
            if not was_live:
                self._come_back()
            if table.on_stage_entry:
                self.care.decide()

    def _is_blocked(self, place: int) -> bool:
        law = self.table.moves[self.stage][place]
        return law.guarded and not self._guard_allows(law.move)

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

    def _be_lost(self) -> None:
        """The customer is gone: whatever was under way comes to nothing."""
        self.tally.churned[self.segment] += 1
        self.care.drop()
        self._close_books()
        if self.cause != CALM:
            self.cause = CALM
            self._onset_clock = self._wound_onset()
        self._harm = 1.0
        for entry in (EPISODE, EFFECT_END, HARM_END):
            self.agenda[entry] = NEVER
        self.symptoms.drop()

    def _come_back(self) -> None:
        """The customer is won back: there is a new contract, and everything goes on from the present stage."""
        self.tally.churned[self.segment] -= 1
        self.tally.won_back += 1
        self._lived_since = self.now
        self.account.open(0.0)
        self.care.resume()
        self.symptoms.wind_noise()

    def _close_books(self) -> None:
        self.account.close()
        self._lived_days += self.now - self._lived_since
        if self.cause != CALM:
            self._close_episode()

    # -- seasons and tenure ------------------------------------------------------------------------

    def _wait_for_the_season(self) -> None:
        """Note when the next period of the calendar, or the next band of tenure, begins."""
        seasons, due = self.table.seasons, NEVER
        if self._period + 1 < len(seasons.starts):
            due = seasons.starts[self._period + 1]
        if self._band + 1 < len(seasons.tenures):
            due = min(due, self._came_at + seasons.tenures[self._band + 1])
        self.agenda[SEASON] = due

    def on_season(self) -> None:
        """A period of the calendar, or a band of tenure, begins."""
        seasons = self.table.seasons
        if self._period + 1 < len(seasons.starts) and seasons.starts[self._period + 1] == self.now:
            self._period += 1
        if self._band + 1 < len(seasons.tenures) and self._came_at + seasons.tenures[self._band + 1] == self.now:
            self._band += 1
        self._wait_for_the_season()
        self._retune()
        self._retune_onset()

    # -- distress ----------------------------------------------------------------------------------

    def _onset_rate(self) -> float:
        table = self.table
        seasons = table.seasons
        rate = seasons.onset_rates[seasons.state[self._period]][self.stage]
        return rate * table.onset_ratios[self.segment][self.tier]

    def _retune_onset(self) -> None:
        """Let the clock of the next episode go on at the rate now in force, and the account's likewise."""
        if self.cause == CALM:
            self._onset_clock.run_at(self.now, self._onset_rate())
            self.agenda[EPISODE] = self._onset_clock.due
        self.account.retune()

    def _wound_onset(self) -> Clock:
        amount = streams.exponential(self.key, streams.ONSET, self.episode + 1, 0)
        return Clock(EXPONENTIAL, 1.0, 0.0, amount, self.now, self._onset_rate())

    def on_episode(self) -> None:
        """Distress sets in, or ends."""
        if self.cause != CALM:
            self._end_episode()
            return
        seasons = self.table.seasons
        shares = seasons.onset_cumulative[seasons.state[self._period]][self.stage]
        self._begin_episode(pick(shares, streams.uniform(self.key, streams.CAUSE, self.episode + 1, 0)))

    def _begin_episode(self, cause: int) -> None:
        law = self.table.causes[cause]
        self.episode += 1
        self.cause = cause
        self.episode_stage = self.stage
        self._distress_since = self.now
        amount = streams.exponential(self.key, streams.RECOVERY, self.episode, 0)
        self._end_clock = Clock(EXPONENTIAL, law.end_rate, 0.0, amount, self.now, 1.0)
        self.agenda[EPISODE] = self._end_clock.due
        self.tally.episodes += 1
        self.emit(events.DISTRESS_ON, law.name)
        self.care.begin_spell(self.episode)
        self.symptoms.begin_episode()
        self._retune()
        self.account.retune()

    def _end_episode(self) -> None:
        cause = self.cause
        self.emit(events.DISTRESS_OFF, self.table.causes[cause].name)
        self._close_episode()
        self.cause = CALM
        self.agenda[EFFECT_END] = NEVER
        self._onset_clock = self._wound_onset()
        self.agenda[EPISODE] = self._onset_clock.due
        self._retune()
        self.account.retune()
        self.symptoms.end_episode(cause)
        self.care.begin_spell(self.episode | CALM_SPELL)
        self.care.episode_ended(self.episode)

    def _close_episode(self) -> None:
        self._distress_days += self.now - self._distress_since
        self.tally.close_episode(self.episode_stage, self.segment, seen=self.symptoms.noticed, helped=self.care.helped)

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
    Life.on_season,
    lambda life: life.account.on_renewal(),
    lambda life: life.account.on_payment(),
    lambda life: life.account.on_value(),
)
"""What happens when an entry of the agenda is due, in the agenda's order."""
