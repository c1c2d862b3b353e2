"""The job of running replications; every task is one part of one replication."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulation.metrics.run_results import Run
    from simulation.model.arm import ArmSpec

RunArm = Callable[..., "Run"]
"""Function that runs one arm once: `simulation.runs.run.run_arm`, or another with the same signature."""

RunArms = Callable[..., tuple["Run", ...]]
"""Function that runs arms together: `simulation.runs.run.run_together`, or another with the same signature."""

Task = tuple[int, int]
"""The number of a replication and the index of one of its parts."""


@dataclass(frozen=True)
class ReplicationJob:
    """The job that every worker receives once; a task is two small numbers, and its result has no trace.

    Attributes:
        parts: The runs of a replication, each with the arms that it simulates together.
        seed: Random seed; with the number of the replication it determines all random numbers.
        days: Length of a run, in days.
        run_arms: Function that runs one part.
    """

    parts: tuple[tuple["ArmSpec", ...], ...]
    seed: int
    days: float
    run_arms: RunArms

    def do(self, task: Task) -> tuple["Run", ...]:
        """Run one part of one replication; returns one run per arm of the part."""
        replication, part = task
        return self.run_arms(self.parts[part], seed=self.seed, replication=replication, days=self.days)


def run_single_arm(run_arm: RunArm, arms: Sequence["ArmSpec"], **options: Any) -> tuple["Run", ...]:
    """Run the only arm of a part; with `run_arm` bound, this is a `RunArms`."""
    (arm,) = arms
    return (run_arm(arm, **options),)
