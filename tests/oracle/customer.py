"""One customer in the reference engine: a SimPy process that waits for the customer's next event.

A customer has one due time per event type. The process waits for the earliest, handles that event and repeats; a
reviewer's verdict interrupts the wait. Nothing is redrawn: when a hazard ratio changes, every clock keeps its remaining
amount.

This module has the customer's stages, moves and latent distress. `tests.oracle.signals` has the signals,
`tests.oracle.orchestration` the decisions and actions, and `tests.oracle.account` the contract and the
account value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import simpy

from journey.decision.policy import TIERS
from journey.machine import Facts, MoveResult
from simulation.distributions.dwell_times import EXPONENTIAL, NEVER, initial_amount
from simulation.population.draw import pick
from simulation.random import streams
from simulation.trace import events
from tests.oracle.account import Account
from tests.oracle.calendar_effects import interval_index
from tests.oracle.clock import Clock
from tests.oracle.event_types import CALM, CALM_SPELL, EFFECT_END, EPISODE, EVENT_COUNT, HARM_END, MOVE, SEASON
from tests.oracle.orchestration import CustomerOrchestration
from tests.oracle.signals import SignalProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from simulation.population.draw import InitialCustomer
    from tests.oracle.engine import ArmState, SharedState

NOWHERE = -1


class Customer:
    """One customer: the state, the scheduled events and their handlers.

    Attributes:
        now: The customer's time, in days: the exact due time of the current event.
        stage: Code of the current stage.
        entered_at: Day on which the stage was entered; below 0 for a customer who starts in the middle of a stay.
        cause: Cause of the current distress, or CALM.
        episode: Number of the current or last episode, from 1.
        episode_stage: The stage in which that episode began.
        event_times: Due time of each event type (`tests.oracle.event_types`); NEVER if it is not scheduled.
    """

    __slots__ = (
        "_active_days",
        "_active_since",
        "_attempts",
        "_band",
        "_clocks",
        "_distress_days",
        "_distress_since",
        "_end_clock",
        "_frailty",
        "_harm_ratio",
        "_initial",
        "_joined_at",
        "_onset_clock",
        "_period",
        "_previous",
        "_process",
        "_ratios",
        "_visits",
        "account",
        "cause",
        "counters",
        "entered_at",
        "episode",
        "episode_stage",
        "event_times",
        "key",
        "now",
        "number",
        "orchestration",
        "segment",
        "shared",
        "signals",
        "stage",
        "table",
        "tier",
    )  # fmt: skip

    def __init__(
        self, shared: SharedState, arm_state: ArmState, initial: InitialCustomer, key: int, frailty: float
    ) -> None:
        """Create a customer, whose process starts on day 0 or on the day of arrival.

        Args:
            shared: State that all customers share.
            arm_state: State that the customers of one arm share.
            initial: The customer's initial state.
            key: The key of the customer's random streams.
            frailty: The customer's hazard ratio on moves that are subject to frailty.
        """
        self.shared, self.key, self.number, self._initial = shared, key, initial.number, initial
        self.table, self.counters = arm_state.table, arm_state.counters
        self.segment, self.tier = initial.segment, initial.tier
        self._ratios = self.table.move_ratios[initial.segment][initial.tier]
        self._frailty, self._harm_ratio = frailty, 1.0
        self.now = initial.arrives_at
        self.stage, self._previous = initial.stage, NOWHERE
        self._visits = [0] * len(self.table.live)
        self.episode, self.cause, self.episode_stage = 0, CALM, initial.stage
        self._distress_since, self._distress_days = 0.0, 0.0
        self._active_since, self._active_days = self.now, 0.0
        self.event_times = [NEVER] * EVENT_COUNT
        self.account: Account = Account(self, initial)
        self.signals: SignalProcess = SignalProcess(self)
        self.orchestration: CustomerOrchestration = CustomerOrchestration(
            self, initial, arm_state.segment_codes[initial.segment]
        )
        if initial.arrives_at == 0.0:
            self._start()
        self._process = shared.env.process(self._run())

    def _start(self) -> None:
        """Start all clocks, on day 0 or on the day of arrival."""
        initial, calendar = self._initial, self.table.calendar_effects
        self.counters.customers[self.segment] += 1
        if self.now > 0.0:
            self.emit(events.ARRIVAL, "arrival", to_stage=initial.stage)
        self._joined_at = self.now - initial.tenure_days
        self._period = interval_index(calendar.starts, self.now)
        self._band = interval_index(calendar.tenures, initial.tenure_days)
        self._schedule_calendar_change()
        self._onset_clock = self._start_onset_clock()
        self._end_clock = self._onset_clock
        self._enter_stage(initial.stage, initial.days_in_stage)
        self.account.open(initial.tenure_days)
        self.orchestration.start()
        self.signals.schedule_noise()
        if initial.cause != CALM:
            self._begin_episode(initial.cause)

    # -- the process -------------------------------------------------------------------------------

    def _run(self) -> Generator[simpy.Event, None, None]:
        env, terminal = self.shared.env, self.table.terminal
        if self._initial.arrives_at > 0.0:
            yield env.at(self._initial.arrives_at)
            self._start()
        while not terminal[self.stage]:
            due = min(self.event_times)
            try:
                # If all hazards are zero, nothing is scheduled, and only a verdict can interrupt the wait.
                yield env.at(due) if due < NEVER else env.event()
            except simpy.Interrupt:
                continue
            self.now = due
            _HANDLERS[self.event_times.index(due)](self)

    def reschedule(self) -> None:
        """Interrupt the wait after an outside change of the event times."""
        self._process.interrupt()

    def finish(self, horizon: float) -> None:
        """Complete the counters at the end of the run, which censors the customer's history."""
        counters, table = self.counters, self.table
        if self._initial.arrives_at >= horizon:
            return
        if not table.terminal[self.stage]:
            self.now = horizon
            self._leave_stage()
        if table.live[self.stage]:
            counters.live_value += self.account.value
            self._settle_account()
        distress_share = self._distress_days / self._active_days if self._active_days > 0.0 else 0.0
        points = table.satisfaction_calm - table.satisfaction_penalty * distress_share + self.orchestration.satisfaction
        counters.satisfaction += min(5.0, max(1.0, points))
        counters.distress_days += self._distress_days

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
        """Count an event and add its row to the trace; see `simulation.trace.events.Row`."""
        self.counters.kinds[kind] += 1
        stages = self.table.machine.stages
        to_name = None if to_stage is None else stages[to_stage]
        segment = self.counters.segments[self.segment]
        event = (self.now, self.number, self.table.name, kind, stages[self.stage], to_name, label)
        self.shared.trace.rows.append(
            events.Row(*event, reason, reviewer, value, source, dated, segment, self.account.value)
        )

    # -- stages and moves --------------------------------------------------------------------------

    def _enter_stage(self, stage: int, age: float = 0.0) -> None:
        """Enter a stage and start the clocks of all moves out of it; the draws are keyed by the visit."""
        self.stage, self.entered_at, self._attempts = stage, self.now - age, 0
        self._visits[stage] += 1
        self._clocks = [self._start_move_clock(slot, age) for slot in range(len(self.table.moves[stage]))]
        self.event_times[MOVE] = min((clock.due for clock in self._clocks), default=NEVER)
        self._update_onset_clock()

    def _start_move_clock(self, slot: int, age: float) -> Clock:
        parameters = self.table.moves[self.stage][slot]
        context = (self.stage << 10) | parameters.move
        occurrence = (self._visits[self.stage] << 12) | min(self._attempts, 4095)
        amount = initial_amount(
            parameters.law, parameters.a, age, streams.exponential(self.key, streams.MOVE, context, occurrence)
        )
        return Clock(
            parameters.law,
            parameters.a,
            parameters.b,
            amount,
            self.now,
            self._hazard_ratio(slot),
            age,
            self.table.knots,
        )

    def _hazard_ratio(self, slot: int) -> float:
        """The current hazard ratio on a move out of the current stage."""
        return self.effective_ratio(self._ratios[self.table.moves[self.stage][slot].move], slot)

    def effective_ratio(self, ratio: float, slot: int) -> float:
        """`ratio` times all current hazard ratios on a move out of the current stage."""
        table, parameters = self.table, self.table.moves[self.stage][slot]
        if parameters.frailty:
            ratio *= self._frailty
        if self.cause != CALM:
            ratio *= parameters.in_distress
            if parameters.leaves:
                ratio *= table.causes[self.cause].churn_ratio
        if parameters.leaves:
            ratio *= self._harm_ratio
        calendar = table.calendar_effects
        return (
            ratio
            * calendar.move_ratios[calendar.state[self._period]][parameters.move]
            * calendar.tenure_ratios[self._band][parameters.move]
        )

    def _update_move_clocks(self) -> None:
        """Update all move clocks to the current hazard ratios."""
        for slot, clock in enumerate(self._clocks):
            clock.set_hazard_ratio(self.now, self._hazard_ratio(slot))
        self.event_times[MOVE] = min((clock.due for clock in self._clocks), default=NEVER)

    def on_move(self) -> None:
        """Make the move whose clock has run out, unless a guard blocks it."""
        slot = next(slot for slot, clock in enumerate(self._clocks) if clock.due == self.now)
        if self._is_blocked(slot):
            # The guard blocks the move: the customer stays, and the clock of this move starts again.
            self._attempts += 1
            self._clocks[slot] = self._start_move_clock(slot, 0.0)
            self.event_times[MOVE] = min(clock.due for clock in self._clocks)
            return
        self.make_move(slot)

    def find_move(self, move: int) -> int:
        """The slot of a move among those out of the current stage; NOWHERE if it is illegal or blocked."""
        for slot, parameters in enumerate(self.table.moves[self.stage]):
            if parameters.move == move and not self._is_blocked(slot):
                return slot
        return NOWHERE

    def make_move(self, slot: int, reason: str | None = None) -> None:
        """Make a move out of the current stage.

        Args:
            slot: Slot of the move.
            reason: The reason in the trace, unless the move's hazard caused it.
        """
        table = self.table
        parameters, was_live = table.moves[self.stage][slot], table.live[self.stage]
        self.emit(events.MOVE, table.machine.moves[parameters.move], to_stage=parameters.to_stage, reason=reason)
        self.counters.escalations += parameters.move == table.escalate_move
        self._leave_stage()
        if parameters.leaves:
            self._churn()
        if table.terminal[parameters.to_stage]:
            self.stage = parameters.to_stage
            return
        self._previous = self.stage
        self._enter_stage(parameters.to_stage)
        self.orchestration.record_stage_entry(self._visits[parameters.to_stage])
        if table.live[parameters.to_stage]:
            if not was_live:
                self._win_back()
            if table.on_stage_entry:
                self.orchestration.decide()

    def _is_blocked(self, slot: int) -> bool:
        parameters = self.table.moves[self.stage][slot]
        return parameters.guarded and not self._guard_allows(parameters.move)

    def _guard_allows(self, move: int) -> bool:
        machine = self.table.machine
        facts = Facts(
            days_in_stage=self.now - self.entered_at,
            previous_stage=machine.stages[self._previous] if self._previous != NOWHERE else None,
            segment=self.counters.segments[self.segment],
            tier=TIERS[self.tier],
        )
        result = self.table.journey.request(machine.stages[self.stage], machine.moves[move], facts)
        return result is MoveResult.MOVED

    def _leave_stage(self) -> None:
        self.counters.stage_days[self.stage] += self.now - max(0.0, self.entered_at)

    def _churn(self) -> None:
        """The customer leaves: cancel all pending events and close the account."""
        self.counters.churned[self.segment] += 1
        self.orchestration.cancel_all()
        self._settle_account()
        if self.cause != CALM:
            self.cause = CALM
            self._onset_clock = self._start_onset_clock()
        self._harm_ratio = 1.0
        for entry in (EPISODE, EFFECT_END, HARM_END):
            self.event_times[entry] = NEVER
        self.signals.cancel_all()

    def _win_back(self) -> None:
        """The customer is won back: open a new contract and resume from the current stage."""
        self.counters.churned[self.segment] -= 1
        self.counters.won_back += 1
        self._active_since = self.now
        self.account.open(0.0)
        self.orchestration.resume()
        self.signals.schedule_noise()

    def _settle_account(self) -> None:
        self.account.close()
        self._active_days += self.now - self._active_since
        if self.cause != CALM:
            self._close_episode()

    # -- seasons and tenure ------------------------------------------------------------------------

    def _schedule_calendar_change(self) -> None:
        """Schedule the start of the next calendar period or tenure band."""
        calendar, due = self.table.calendar_effects, NEVER
        if self._period + 1 < len(calendar.starts):
            due = calendar.starts[self._period + 1]
        if self._band + 1 < len(calendar.tenures):
            due = min(due, self._joined_at + calendar.tenures[self._band + 1])
        self.event_times[SEASON] = due

    def on_calendar_change(self) -> None:
        """A calendar period or a tenure band begins."""
        calendar = self.table.calendar_effects
        if self._period + 1 < len(calendar.starts) and calendar.starts[self._period + 1] == self.now:
            self._period += 1
        if self._band + 1 < len(calendar.tenures) and self._joined_at + calendar.tenures[self._band + 1] == self.now:
            self._band += 1
        self._schedule_calendar_change()
        self._update_move_clocks()
        self._update_onset_clock()

    # -- distress ----------------------------------------------------------------------------------

    def _onset_rate(self) -> float:
        table = self.table
        calendar = table.calendar_effects
        rate = calendar.onset_rates[calendar.state[self._period]][self.stage]
        return rate * table.onset_ratios[self.segment][self.tier]

    def _update_onset_clock(self) -> None:
        """Update the onset clock and the clock of value changes to the current rates."""
        if self.cause == CALM:
            self._onset_clock.set_hazard_ratio(self.now, self._onset_rate())
            self.event_times[EPISODE] = self._onset_clock.due
        self.account.update_value_clock()

    def _start_onset_clock(self) -> Clock:
        amount = streams.exponential(self.key, streams.ONSET, self.episode + 1, 0)
        return Clock(EXPONENTIAL, 1.0, 0.0, amount, self.now, self._onset_rate())

    def on_episode(self) -> None:
        """An episode of distress begins or ends."""
        if self.cause != CALM:
            self._end_episode()
            return
        calendar = self.table.calendar_effects
        shares = calendar.onset_cumulative[calendar.state[self._period]][self.stage]
        self._begin_episode(pick(shares, streams.uniform(self.key, streams.CAUSE, self.episode + 1, 0)))

    def _begin_episode(self, cause: int) -> None:
        parameters = self.table.causes[cause]
        self.episode += 1
        self.cause = cause
        self.episode_stage = self.stage
        self._distress_since = self.now
        amount = streams.exponential(self.key, streams.RECOVERY, self.episode, 0)
        self._end_clock = Clock(EXPONENTIAL, parameters.end_rate, 0.0, amount, self.now, 1.0)
        self.event_times[EPISODE] = self._end_clock.due
        self.counters.episodes += 1
        self.emit(events.DISTRESS_ON, parameters.name)
        self.orchestration.begin_spell(self.episode)
        self.signals.begin_episode()
        self._update_move_clocks()
        self.account.update_value_clock()

    def _end_episode(self) -> None:
        cause = self.cause
        self.emit(events.DISTRESS_OFF, self.table.causes[cause].name)
        self._close_episode()
        self.cause = CALM
        self.event_times[EFFECT_END] = NEVER
        self._onset_clock = self._start_onset_clock()
        self.event_times[EPISODE] = self._onset_clock.due
        self._update_move_clocks()
        self.account.update_value_clock()
        self.signals.end_episode(cause)
        self.orchestration.begin_spell(self.episode | CALM_SPELL)
        self.orchestration.on_episode_end(self.episode)

    def _close_episode(self) -> None:
        self._distress_days += self.now - self._distress_since
        self.counters.close_episode(
            self.episode_stage,
            self.segment,
            is_detected=self.signals.is_detected,
            is_treated=self.orchestration.is_treated,
        )

    # -- effects of actions ------------------------------------------------------------------------

    def apply_effect(self, recovery_ratio: float, days: float) -> None:
        """Multiply the hazard of the end of the current episode for some days."""
        self._end_clock.set_hazard_ratio(self.now, recovery_ratio)
        self.event_times[EPISODE] = self._end_clock.due
        self.event_times[EFFECT_END] = self.now + days

    def on_effect_end(self) -> None:
        """The effect on the end of the episode wears off."""
        self.event_times[EFFECT_END] = NEVER
        self._end_clock.set_hazard_ratio(self.now, 1.0)
        self.event_times[EPISODE] = self._end_clock.due

    def apply_harm(self, churn_ratio: float, days: float) -> None:
        """Multiply the hazard of churn for some days after a contact."""
        self._harm_ratio = churn_ratio
        self.event_times[HARM_END] = self.now + days
        self._update_move_clocks()

    def on_harm_end(self) -> None:
        """The effect of a contact on churn wears off."""
        self.event_times[HARM_END] = NEVER
        self._harm_ratio = 1.0
        self._update_move_clocks()


_HANDLERS: tuple[Callable[[Customer], None], ...] = (
    Customer.on_move,
    Customer.on_episode,
    lambda customer: customer.signals.on_symptom(),
    lambda customer: customer.signals.on_noise(),
    lambda customer: customer.signals.on_delivery(),
    Customer.on_effect_end,
    Customer.on_harm_end,
    lambda customer: customer.orchestration.on_action(),
    lambda customer: customer.orchestration.on_outcome(),
    lambda customer: customer.orchestration.on_expiry(),
    lambda customer: customer.orchestration.on_cadence(),
    Customer.on_calendar_change,
    lambda customer: customer.account.on_renewal(),
    lambda customer: customer.account.on_payment(),
    lambda customer: customer.account.on_value_change(),
)
"""Handler of each event type, in the order of `tests.oracle.event_types`."""
