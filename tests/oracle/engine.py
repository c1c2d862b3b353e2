"""The oracle's engine: customers as SimPy processes with one review queue in one environment.

`tests.oracle.customer` simulates one customer and `tests.oracle.review_queue` the reviewers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulation.population.draw import assign_arm, build_arm_splits, draw_frailty
from simulation.random import streams
from simulation.trace.events import Trace
from tests.oracle.arm import compile_arm, map_policy_segments
from tests.oracle.counters import Counters
from tests.oracle.customer import Customer
from tests.oracle.environment import ExactEnvironment
from tests.oracle.initial_state import draw_initial_state
from tests.oracle.review_queue import ReviewQueue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.model.arm import ArmSpec
    from simulation.model.run_options import RunOptions
    from simulation.population.draw import Cohort
    from tests.oracle.arm import CompiledArm


@dataclass(frozen=True)
class OracleResult:
    """The oracle's result for one run.

    Attributes:
        trace: The rows of all arms.
        arms: The counts of each arm, in the order of the arms.
    """

    trace: Trace
    arms: tuple[ArmState, ...]


class SharedState:
    """State that all customers share: the environment, the review queue and the trace."""

    def __init__(self, table: CompiledArm) -> None:
        """Create the shared state of a run.

        Args:
            table: The first arm, whose reviewers all arms share.
        """
        self.env = ExactEnvironment()
        self.trace = Trace()
        self.queue = ReviewQueue(self.env, table.reviewer_count, table.reviewers)


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


def simulate_oracle(arm_specs: Sequence[ArmSpec], cohort: Cohort, options: RunOptions) -> OracleResult:
    """Simulate one cohort, split between arms with shared reviewers; see `simulation.runs.run.run_together`.

    Args:
        arm_specs: The arms, each restricted to the same pod if there are several.
        cohort: The customers of all pods on day 0.
        options: The options of the run: its seed, replication and length. The others have no effect.
    """
    first, days = arm_specs[0], options.days
    arm_states = [ArmState(compile_arm(arm_spec, cohort.segments), cohort.segments) for arm_spec in arm_specs]
    shared = SharedState(arm_states[0].table)
    shares = [
        [arm_spec.share_by_segment.get(segment, arm_spec.share) for arm_spec in arm_specs]
        for segment in cohort.segments
    ]
    splits = build_arm_splits(shares)
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
    return OracleResult(shared.trace, tuple(arm_states))
