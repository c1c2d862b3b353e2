"""What a worker is told once to live replications: the job, of which every task is one part of one replication."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulation.metrics.run_results import Run
    from simulation.model.arm import ArmSpec

RunArm = Callable[..., "Run"]
"""What runs one arm once; `simulation.runs.run.run_arm` or a stand-in of the same signature."""

RunArms = Callable[..., tuple["Run", ...]]
"""What lives arms in one run; `simulation.runs.run.run_together` or a stand-in of the same signature."""

Task = tuple[int, int]
"""The number of a replication and the place of one of its parts."""


@dataclass(frozen=True)
class ReplicationJob:
    """What every worker is told once; a task then is two small numbers, and its result has no trace.

    Attributes:
        parts: What a replication consists of: the arms that live in one run, for every run.
        seed: All luck follows from it and the replication's number.
        days: Length of a run.
        run_arms: What lives one part.
    """

    parts: tuple[tuple["ArmSpec", ...], ...]
    seed: int
    days: float
    run_arms: RunArms

    def do(self, task: Task) -> tuple["Run", ...]:
        """Live one part of one replication: one run per arm in it."""
        replication, part = task
        return self.run_arms(self.parts[part], seed=self.seed, replication=replication, days=self.days)


def run_single_arm(run_arm: RunArm, arms: Sequence["ArmSpec"], **options: Any) -> tuple["Run", ...]:
    """Live the one arm of a part; with its first argument given, a `RunArms`."""
    (arm,) = arms
    return (run_arm(arm, **options),)
