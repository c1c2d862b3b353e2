"""The reference engine: customers as SimPy processes. It defines the model, and the compiled engine must match it.

`simulation.reference.customer` simulates one customer and `simulation.reference.review_queue` the reviewers. This
module runs them in one environment.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from simulation.metrics.counters import Counters, build_time_grid
from simulation.metrics.queue_statistics import QueueStatistics
from simulation.metrics.totals import Totals
from simulation.model.arm import ArmSpec, CompiledArm, arm_shares, compile_arm, map_policy_segments
from simulation.population.draw import assign_arm, build_arm_splits, draw_frailty
from simulation.population.initial_state import draw_initial_state
from simulation.random import streams
from simulation.reference.customer import Customer
from simulation.reference.environment import ExactEnvironment
from simulation.reference.review_queue import ReviewQueue
from simulation.trace.events import Trace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.model.run_options import RunOptions
    from simulation.population.draw import Cohort
    from simulation.trace.columns import RowSink


class SharedState:
    """State that all customers share: the environment, the review queue and the trace."""

    def __init__(self, table: CompiledArm, days: float, trace: Trace | None) -> None:
        """Create the shared state of a run.

        Args:
            table: The first arm, whose reviewers all arms share.
            days: Length of the run, in days.
            trace: The trace that rows are added to, or None.
        """
        self.env = ExactEnvironment()
        self.trace = trace
        self.queue = ReviewQueue(
            self.env, table.reviewer_count, table.reviewers, QueueStatistics(build_time_grid(days))
        )


class ArmState:
    """State that the customers of one arm share: the parameters and the counters."""

    def __init__(self, table: CompiledArm, segments: tuple[str, ...]) -> None:
        """Create the state of an arm.

        Args:
            table: The compiled arm.
            segments: The population's segments, in index order.
        """
        self.table = table
        self.counters = Counters(segments)
        self.segment_codes = map_policy_segments(table, segments)

    def occupancy(self, days: float) -> list[list[int]]:
        """Number of customers in each stage over time; this discards the stage steps it is computed from."""
        counts = self.counters.compute_occupancy(len(self.table.machine.stages), days)
        self.counters.stage_steps.clear()
        return counts


def simulate_reference(
    arm_specs: Sequence[ArmSpec],
    cohort: Cohort,
    options: RunOptions,
    *,
    take_rows: RowSink | None = None,
) -> tuple[Totals, ...]:
    """Simulate one cohort, split between arms with shared reviewers; see `simulation.runs.run.run_together`.

    Args:
        arm_specs: The arms.
        cohort: The customers of all pods on day 0.
        options: The options of the run.
        take_rows: Takes the rows of the trace in order, in blocks, or None.
    """
    first, days = arm_specs[0], options.days
    arm_states = [ArmState(compile_arm(arm_spec, cohort.segments), cohort.segments) for arm_spec in arm_specs]
    shared = SharedState(arm_states[0].table, days, Trace() if options.keep_trace or take_rows is not None else None)
    splits = build_arm_splits([arm_shares(segment, arm_specs) for segment in cohort.segments])
    started = perf_counter()
    customers = []
    for initial in map(cohort.customer_at, first.pod_range(cohort.size)):
        key = streams.customer_key(options.seed, options.replication, initial.number)
        arm_state = arm_states[assign_arm(key, splits[initial.segment])]
        initial = draw_initial_state(
            initial, key, first.population, arm_states[0].table, arm_states[0].segment_codes[initial.segment]
        )
        customers.append(
            Customer(
                shared, arm_state, initial, key, draw_frailty(first.world.frailty_spread, key, initial.frailty_draw)
            )
        )
    shared.env.run(until=days)
    for customer in customers:
        customer.finish(days)
    wall_seconds = perf_counter() - started
    if take_rows is not None and shared.trace is not None:
        shared.trace.stream_to(take_rows)
    return tuple(
        Totals(
            arm_state.counters,
            occupancy=arm_state.occupancy(days),
            busy=shared.queue.busy,
            gate=shared.queue.statistics,
            wall_seconds=wall_seconds,
            trace=shared.trace if options.keep_trace else None,
        )
        for arm_state in arm_states
    )
