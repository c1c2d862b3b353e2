"""The reference engine: customers as SimPy processes. The clear one, that defines the model and that others must match.

`simulation.life` is one customer, `simulation.gate` the reviewers; this module puts them in one environment.
"""

from __future__ import annotations

from time import perf_counter

from journey.policy import OTHER_SEGMENT
from simulation import streams
from simulation.clock_time import ExactEnvironment
from simulation.gate import Gate
from simulation.life import Life
from simulation.population import people
from simulation.run import Run
from simulation.setup import ArmSetup, ArmTable, compile_arm
from simulation.tally import Tally
from simulation.trace import Trace

NAME = "reference"


class Town:
    """What all customers of one arm share: the clock, the tables, the gate, and the books."""

    def __init__(self, table: ArmTable, segments: tuple[str, ...], frailty_spread: float, trace: Trace | None) -> None:
        """Open an empty town.

        Args:
            table: The compiled arm.
            segments: The population's segments, in index order.
            frailty_spread: Standard deviation of log frailty.
            trace: Where rows go, or None to keep none.
        """
        self.env = ExactEnvironment()
        self.table = table
        self.frailty_spread = frailty_spread
        self.trace = trace
        self.tally = Tally(segments)
        self.gate = Gate(self.env, table.reviewer_count, table.reviewers)
        known = table.policy.segments
        self.policy_segments = tuple(known.index(name if name in known else OTHER_SEGMENT) for name in segments)


def run_reference(setup: ArmSetup, *, seed: int, replication: int, days: float, keep_trace: bool) -> Run:
    """Live one cohort in one arm; see `simulation.run.run_arm`."""
    machine = setup.journey.compile()
    population = people(setup.population, machine, seed=seed, replication=replication)
    table = compile_arm(setup, population.segments)
    trace = Trace() if keep_trace else None
    town = Town(table, population.segments, setup.world.frailty_spread, trace)
    started = perf_counter()
    lives = []
    for person in population.persons:
        town.tally.customers[person.segment] += 1
        town.tally.stage_steps.append((0.0, -1, person.stage))
        lives.append(Life(town, person, streams.customer_key(seed, replication, person.number)))
    town.env.run(until=days)
    for life in lives:
        life.finish(days)
    wall_seconds = perf_counter() - started
    return Run(
        arm=setup.name,
        engine=NAME,
        customers=len(lives),
        days=days,
        metrics=town.tally.metrics(table, town.gate.busy, days),
        quantities=town.tally.quantities(table),
        occupancy=town.tally.occupancy(machine.stages, days),
        events=town.tally.kinds.total(),
        events_by_kind=dict(sorted(town.tally.kinds.items())),
        decisions_by_reason=dict(sorted(town.tally.reasons.items())),
        wall_seconds=wall_seconds,
        trace=trace,
    )
