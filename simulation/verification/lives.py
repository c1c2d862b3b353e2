"""What a run's trace says about each customer: the raw material of every check."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from journey.policy import TIERS
from simulation import streams
from simulation.beginning import met_on_day_0
from simulation.population import frailty, people
from simulation.setup import compile_arm, policy_segments
from simulation.trace import DISTRESS_OFF, DISTRESS_ON, MOVE, SIGNAL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from simulation.population import Person
    from simulation.run import Run
    from simulation.setup import ArmSetup
    from simulation.trace import Row

    FloatArray = npt.NDArray[np.float64]
    IntArray = npt.NDArray[np.int64]
    Wanted = Callable[["Spell"], bool]


class Spell(NamedTuple):
    """A time in which nothing about a customer changes: stage, and cause of distress or None.

    Attributes:
        customer: Place of the customer.
        stage: Name of the stage.
        cause: The cause of distress, or None.
        start: First day.
        stop: Last day.
        age: Days in the stage at `start`.
        move: Name of the move that ends the spell, or None.
    """

    customer: int
    stage: str
    cause: str | None
    start: float
    stop: float
    age: float
    move: str | None


@dataclass(frozen=True)
class Lives:
    """A cohort as its trace tells it; n customers.

    Attributes:
        setup: The arm that was run.
        days: The horizon.
        persons: The customers on day 0.
        segments: The population's segments.
        frailties: Shape (n,).
        spells: All spells, customer by customer, in time order.
        left_at: Shape (n,): the day a customer reached a terminal stage, infinite for who did not.
        signals: The signal rows.
    """

    setup: ArmSetup
    days: float
    persons: tuple[Person, ...]
    segments: tuple[str, ...]
    frailties: FloatArray
    spells: tuple[Spell, ...]
    left_at: FloatArray
    signals: tuple[Row, ...]

    def kinds(self) -> list[tuple[str, str]]:
        """Segment and tier of each customer."""
        return [(self.segments[person.segment], TIERS[person.tier]) for person in self.persons]

    def values(self) -> FloatArray:
        """Shape (n,): revenue per year of each customer."""
        return np.array([person.account_value for person in self.persons])

    def moves(self) -> FloatArray:
        """Shape (n,): number of moves of each customer."""
        return self.counted(lambda spell: spell.move is not None)

    def counted(self, wanted: Wanted) -> FloatArray:
        """Shape (n,): number of spells of each customer that are wanted."""
        found = np.zeros(len(self.persons))
        for spell in self.spells:
            found[spell.customer] += wanted(spell)
        return found

    def days_in(self, wanted: Wanted) -> FloatArray:
        """Shape (n,): days of each customer in spells that are wanted."""
        found = np.zeros(len(self.persons))
        for spell in self.spells:
            if wanted(spell):
                found[spell.customer] += spell.stop - spell.start
        return found

    def stages_on(self, grid: Sequence[float]) -> IntArray:
        """Shape (days, n): code of each customer's stage on each day; -1 if the trace puts a customer in none."""
        journey = self.setup.journey
        codes = {stage: code for code, stage in enumerate(journey.stages)}
        found = np.full((len(grid), len(self.persons)), -1)
        at = np.array(grid)
        ends = {move.name + "\0" + move.source: codes[move.destination] for move in journey.moves}
        for spell in self.spells:
            last = at < spell.stop if spell.move is not None else at <= self.days
            found[(at >= spell.start) & last, spell.customer] = codes[spell.stage]
            if spell.move is not None:
                found[at >= spell.stop, spell.customer] = ends[spell.move + "\0" + spell.stage]
        return found


def lives_of(setup: ArmSetup, run: Run, *, seed: int, replication: int = 0) -> Lives:
    """Read a run with a trace.

    Args:
        setup: The arm that was run.
        run: The run, with its trace.
        seed: The seed it was run with.
        replication: The replication that was run.
    """
    assert run.trace is not None
    crowd = people(setup.population, setup.journey.compile(), seed=seed, replication=replication)
    table = compile_arm(setup, crowd.segments)
    known = policy_segments(table, crowd.segments)
    keyed = [(person, streams.customer_key(seed, replication, person.number)) for person in crowd.persons]
    persons = tuple(met_on_day_0(person, key, setup.population, table, known[person.segment]) for person, key in keyed)
    rows: list[list[Row]] = [[] for _ in persons]
    signals = []
    for row in run.trace.sorted_rows():
        if row.kind in (MOVE, DISTRESS_ON, DISTRESS_OFF):
            rows[row.customer].append(row)
        elif row.kind == SIGNAL:
            signals.append(row)
    spells: list[Spell] = []
    left = np.full(len(persons), inf)
    for person in persons:
        left[person.number] = _live(setup, person, rows[person.number], run.days, spells)
    spread = setup.world.frailty_spread
    frailties = np.array([frailty(spread, key) for _, key in keyed])
    return Lives(setup, run.days, persons, crowd.segments, frailties, tuple(spells), left, tuple(signals))


def _live(setup: ArmSetup, person: Person, rows: Sequence[Row], days: float, spells: list[Spell]) -> float:
    """Add one customer's spells; the day the journey ended, or infinity."""
    stage, cause = setup.journey.stages[person.stage], None
    start, entered = 0.0, -person.days_in_stage
    for row in rows:
        move = row.label if row.kind == MOVE else None
        spells.append(Spell(person.number, stage, cause, start, row.time, start - entered, move))
        start = row.time
        if row.kind == MOVE:
            stage, entered = str(row.to_stage), row.time
            if stage in setup.journey.terminal:
                return row.time
        else:
            cause = row.label if row.kind == DISTRESS_ON else None
    spells.append(Spell(person.number, stage, cause, start, days, start - entered, None))
    return inf
