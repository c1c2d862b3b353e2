"""What a run's trace says about each customer: the raw material of every check."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from journey.decision.policy import TIERS
from simulation.metrics.counters import discounted_days
from simulation.model.arm import compile_arm, map_policy_segments
from simulation.model.spec import DAYS_PER_YEAR
from simulation.population.draw import draw_frailty
from simulation.population.initial_state import draw_initial_state
from simulation.random import streams
from simulation.runs.cohort import build_cohort
from simulation.trace.events import DISTRESS_OFF, DISTRESS_ON, MOVE, SIGNAL, VALUE_CHANGE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from simulation.metrics.run_results import Run
    from simulation.model.arm import ArmSpec
    from simulation.population.draw import InitialCustomer
    from simulation.trace.events import Row

    FloatArray = npt.NDArray[np.float64]
    IntArray = npt.NDArray[np.int64]
    SpellFilter = Callable[["Spell"], bool]


class Spell(NamedTuple):
    """A time in which nothing about a customer changes: stage, cause of distress or None, account value.

    Attributes:
        customer: Place of the customer.
        stage: Name of the stage.
        cause: The cause of distress, or None.
        value: Revenue per year, in dollars.
        start: First day.
        stop: Last day.
        age: Days in the stage at `start`.
        move: Name of the move that ends the spell, or None.
        reason: Why that move was made, where it came of a date and not of its hazard.
    """

    customer: int
    stage: str
    cause: str | None
    value: float
    start: float
    stop: float
    age: float
    move: str | None
    reason: str | None


@dataclass(frozen=True)
class EventHistories:
    """A cohort as its trace tells it; n customers.

    Attributes:
        arm_spec: The arm that was run.
        days: The horizon.
        customers: The customers on day 0, also those who come later or not before the end.
        segments: The population's segments.
        frailties: Shape (n,).
        spells: All spells, customer by customer, in time order; none of who comes after the end.
        signals: The signal rows.
        changes: The rows of changes of value.
    """

    arm_spec: ArmSpec
    days: float
    customers: tuple[InitialCustomer, ...]
    segments: tuple[str, ...]
    frailties: FloatArray
    spells: tuple[Spell, ...]
    signals: tuple[Row, ...]
    changes: tuple[Row, ...] = ()

    @cached_property
    def churned_stages(self) -> frozenset[str]:
        """Stages in which a customer is gone: terminal ones, and lost ones from which there is a way back."""
        return self.arm_spec.exit_stages

    def kinds(self) -> list[tuple[str, str]]:
        """Segment and tier of each customer."""
        return [(self.segments[person.segment], TIERS[person.tier]) for person in self.customers]

    def values(self) -> FloatArray:
        """Shape (n,): revenue per year of each customer at the beginning."""
        return np.array([person.account_value for person in self.customers])

    def has_arrived(self) -> npt.NDArray[np.bool_]:
        """Shape (n,): whether a customer has come by the end."""
        return np.array([person.arrives_at < self.days for person in self.customers])

    def last_spells(self) -> dict[int, Spell]:
        """The last spell of each customer who has come: how things stand at the end."""
        return {spell.customer: spell for spell in self.spells}

    def has_churned(self) -> npt.NDArray[np.bool_]:
        """Shape (n,): whether a customer is gone at the end."""
        found = np.zeros(len(self.customers), dtype=np.bool_)
        ends = {(move.name, move.source): move.destination for move in self.arm_spec.journey.moves}
        for customer, spell in self.last_spells().items():
            stage = spell.stage if spell.move is None else ends[spell.move, spell.stage]
            found[customer] = stage in self.churned_stages
        return found

    def retained_value(self) -> FloatArray:
        """Shape (n,): revenue per year of each customer at the end; 0 of who is gone or has not come."""
        found, gone = np.zeros(len(self.customers)), self.has_churned()
        for customer, spell in self.last_spells().items():
            found[customer] = 0.0 if gone[customer] else spell.value
        return found

    def revenue(self, rate: float) -> FloatArray:
        """Shape (n,): what each customer paid, discounted to day 0 at a continuous `rate` per day."""
        found = np.zeros(len(self.customers))
        for spell in self.spells:
            if spell.stage not in self.churned_stages:
                found[spell.customer] += spell.value / DAYS_PER_YEAR * discounted_days(spell.start, spell.stop, rate)
        return found

    def moves(self) -> FloatArray:
        """Shape (n,): number of moves of each customer."""
        return self.count_spells(lambda spell: spell.move is not None)

    def count_spells(self, is_selected: SpellFilter) -> FloatArray:
        """Shape (n,): number of spells of each customer that are wanted."""
        found = np.zeros(len(self.customers))
        for spell in self.spells:
            found[spell.customer] += is_selected(spell)
        return found

    def days_in(self, is_selected: SpellFilter) -> FloatArray:
        """Shape (n,): days of each customer in spells that are wanted."""
        found = np.zeros(len(self.customers))
        for spell in self.spells:
            if is_selected(spell):
                found[spell.customer] += spell.stop - spell.start
        return found

    def stages_on(self, grid: Sequence[float]) -> IntArray:
        """Shape (days, n): code of each customer's stage on each day; -1 if the trace puts a customer in none."""
        journey = self.arm_spec.journey
        codes = {stage: code for code, stage in enumerate(journey.stages)}
        found = np.full((len(grid), len(self.customers)), -1)
        at = np.array(grid)
        ends = {move.name + "\0" + move.source: codes[move.destination] for move in journey.moves}
        for spell in self.spells:
            last = at < spell.stop if spell.move is not None else at <= self.days
            found[(at >= spell.start) & last, spell.customer] = codes[spell.stage]
            if spell.move is not None:
                found[at >= spell.stop, spell.customer] = ends[spell.move + "\0" + spell.stage]
        return found


def read_histories(arm_spec: ArmSpec, run: Run, *, seed: int, replication: int = 0) -> EventHistories:
    """Read a run with a trace.

    Args:
        arm_spec: The arm that was run.
        run: The run, with its trace.
        seed: The seed it was run with.
        replication: The replication that was run.
    """
    assert run.trace is not None
    cohort = build_cohort(arm_spec.population, arm_spec.journey.compile(), seed=seed, replication=replication)
    table = compile_arm(arm_spec, cohort.segments)
    policy_segment_codes = map_policy_segments(table, cohort.segments)
    keyed = [(person, streams.customer_key(seed, replication, person.number)) for person in cohort.customers]
    persons = tuple(
        draw_initial_state(person, key, arm_spec.population, table, policy_segment_codes[person.segment])
        for person, key in keyed
    )
    # Buyers of a funnel have numbers with gaps; here customers are told apart by their place.
    indices = {person.number: index for index, person in enumerate(persons)}
    rows: list[list[Row]] = [[] for _ in persons]
    signals, changes = [], []
    for row in run.trace.sorted_rows():
        if row.kind in _SPELL_EVENTS:
            rows[indices[row.customer]].append(row)
        if row.kind == SIGNAL:
            signals.append(row)
        elif row.kind == VALUE_CHANGE:
            changes.append(row)
    spells: list[Spell] = []
    for index, person in enumerate(persons):
        if person.arrives_at < run.days:
            _append_spells(arm_spec, person, index, rows[index], run.days, spells)
    spread = arm_spec.world.frailty_spread
    frailties = np.array([draw_frailty(spread, key, person.frailty_draw) for person, key in keyed])
    events = (tuple(spells), tuple(signals), tuple(changes))
    return EventHistories(arm_spec, run.days, persons, cohort.segments, frailties, *events)


_SPELL_EVENTS = (MOVE, DISTRESS_ON, DISTRESS_OFF, VALUE_CHANGE)


def _append_spells(
    arm_spec: ArmSpec, person: InitialCustomer, index: int, rows: Sequence[Row], days: float, spells: list[Spell]
) -> None:
    """Add one customer's spells, up to the end of the journey or of the run."""
    stage, cause = arm_spec.journey.stages[person.stage], None
    value, start, entered = person.account_value, person.arrives_at, person.arrives_at - person.days_in_stage
    for row in rows:
        move, reason = (row.label, row.reason) if row.kind == MOVE else (None, None)
        spells.append(Spell(index, stage, cause, value, start, row.time, start - entered, move, reason))
        start = row.time
        if row.kind == MOVE:
            stage, entered = str(row.to_stage), row.time
            if stage in arm_spec.journey.terminal:
                return
            if stage in arm_spec.world.lost:
                # Whoever is lost is out of sight, and calm when won back; the trace says no end of the episode.
                cause = None
        elif row.kind == VALUE_CHANGE:
            value = float(row.value or 0.0)
        else:
            cause = row.label if row.kind == DISTRESS_ON else None
    spells.append(Spell(index, stage, cause, value, start, days, start - entered, None, None))
