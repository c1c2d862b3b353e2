"""The reference engine: customers as SimPy processes. The clear one, that defines the model and that others must match.

`simulation.reference.customer` is one customer, `simulation.reference.review_queue` the reviewers; this module puts
them in one environment.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from simulation.metrics.counters import Tally, grid_of
from simulation.metrics.queue_statistics import GateBook
from simulation.metrics.totals import Books
from simulation.model.arm import ArmSetup, ArmTable, compile_arm, policy_segments, shares_in
from simulation.population.draw import arm_of, frailty, splits_of
from simulation.population.initial_state import met_on_day_0
from simulation.random import streams
from simulation.reference.customer import Life
from simulation.reference.environment import ExactEnvironment
from simulation.reference.review_queue import Gate
from simulation.trace.events import Trace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.population.draw import People
    from simulation.trace.columns import TakeRows


class Town:
    """What all customers share: the clock, the gate, and the trace."""

    def __init__(self, table: ArmTable, days: float, trace: Trace | None) -> None:
        """Open an empty town.

        Args:
            table: The first arm; its reviewers are everybody's.
            days: The horizon.
            trace: Where rows go, or None to keep none.
        """
        self.env = ExactEnvironment()
        self.trace = trace
        self.gate = Gate(self.env, table.reviewer_count, table.reviewers, GateBook(grid_of(days)))


class Arm:
    """What the customers of one arm share: the tables and the books."""

    def __init__(self, table: ArmTable, segments: tuple[str, ...]) -> None:
        """Open the books of an arm.

        Args:
            table: The compiled arm.
            segments: The population's segments, in index order.
        """
        self.table = table
        self.tally = Tally(segments)
        self.policy_segments = policy_segments(table, segments)

    def occupancy(self, days: float) -> list[list[int]]:
        """How many customers are in each stage over time; the steps it is counted from are given up."""
        counts = self.tally.occupancy(len(self.table.machine.stages), days)
        self.tally.stage_steps.clear()
        return counts


def live_reference(
    setups: Sequence[ArmSetup],
    population: People,
    *,
    seed: int,
    replication: int,
    days: float,
    keep_trace: bool,
    take_rows: TakeRows | None = None,
) -> tuple[Books, ...]:
    """Live one cohort, split between arms that share the gate; see `simulation.runs.run.run_together`."""
    first = setups[0]
    arms = [Arm(compile_arm(setup, population.segments), population.segments) for setup in setups]
    town = Town(arms[0].table, days, Trace() if keep_trace or take_rows is not None else None)
    splits = splits_of([shares_in(segment, setups) for segment in population.segments])
    started = perf_counter()
    lives = []
    for person in map(population.at, first.part_of(population.size)):
        key = streams.customer_key(seed, replication, person.number)
        arm = arms[arm_of(key, splits[person.segment])]
        person = met_on_day_0(person, key, first.population, arms[0].table, arms[0].policy_segments[person.segment])
        lives.append(Life(town, arm, person, key, frailty(first.world.frailty_spread, key, person.frailty_draw)))
    town.env.run(until=days)
    for life in lives:
        life.finish(days)
    wall_seconds = perf_counter() - started
    if take_rows is not None and town.trace is not None:
        town.trace.hand_on(take_rows)
    return tuple(
        Books(
            arm.tally,
            occupancy=arm.occupancy(days),
            busy=town.gate.busy,
            gate=town.gate.book,
            wall_seconds=wall_seconds,
            trace=town.trace if keep_trace else None,
        )
        for arm in arms
    )
