"""How to run the replications of a comparison: workers, engine, precision, checkpoint, split and progress."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from scenarios.execution.protocol import LOCAL
from scenarios.execution.tasks import run_single_arm

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from scenarios.comparison.checkpoint import Checkpoint
    from scenarios.comparison.stopping_rule import IntervalWidth, PrecisionTarget
    from scenarios.execution.tasks import RunArm, RunArms
    from scenarios.experiment.assignment import Split
    from simulation.model.arm import ArmSpec


@dataclass(frozen=True, slots=True)
class RunProgress:
    """Progress of the runs.

    Attributes:
        done: Completed runs, including those from a checkpoint.
        total: Runs in all; with a precision target, a projection.
        parts: Runs in each replication.
        widest: With a precision target, the interval that is furthest from its target.
    """

    done: int
    total: int
    parts: int
    widest: "IntervalWidth | None" = None


ProgressCallback = Callable[[RunProgress], None]
"""Called at the start, after each run, and after each evaluation of the precision."""


@dataclass(frozen=True)
class ReplicationOptions:
    """How to run replications. Results do not depend on `workers`, `cluster`, `executor`, `progress` and `checkpoint`.

    Attributes:
        workers: Number of processes; with 1, everything runs in this process.
        cluster: Address of a Dask scheduler, or ``local``; see `scenarios.execution.executor.open_executor`.
            Default: no cluster.
        progress: Called with the progress.
        run_arm: Function that runs one arm. Default: the engine. With several workers it must be importable.
        run_arms: Function that runs the arms of a split together. Default: the engine.
        engine: ``reference`` or ``compiled``.
        precision: Half-widths that the intervals must reach; the number of replications is then the minimum.
        checkpoint: Open file of complete replications; runs are taken from it and added to it.
        split: Assignment of the customers to the arms. Default: every arm is simulated with all customers.
        executor: Executor of the caller that runs the tasks; `workers` and `cluster` are then not used.
    """

    workers: int = 1
    cluster: str | None = None
    progress: ProgressCallback | None = None
    run_arm: "RunArm | None" = None
    run_arms: "RunArms | None" = None
    engine: str = "reference"
    precision: "PrecisionTarget | None" = None
    checkpoint: "Checkpoint | None" = None
    split: "Split | None" = None
    executor: "Executor | None" = None

    @property
    def uses_engine(self) -> bool:
        """Whether the engine runs the arms, and no function given instead of it."""
        return self.run_arm is None and self.run_arms is None

    @property
    def is_remote(self) -> bool:
        """Whether the runs are on other machines, or may be."""
        return self.executor is not None or self.cluster not in (None, LOCAL)

    def parts(self, arms: Sequence["ArmSpec"]) -> tuple[tuple["ArmSpec", ...], ...]:
        """The runs of one replication, each with the arms that it simulates together."""
        return tuple((arm,) for arm in arms) if self.split is None else self.split.parts

    def run_part(self) -> "RunArms":
        """The function that runs one part."""
        from simulation.runs import run as engines

        if self.split is None:
            return partial(run_single_arm, self.run_arm or partial(engines.run_arm, engine=self.engine))
        return self.run_arms or partial(engines.run_together, engine=self.engine)
