"""Replications: as many as are asked for or as a precision takes.

A replication consists of parts, each one run: an arm that the whole cohort lives in, every arm on the same luck; or,
with a split, the one run in which the customers are divided between the arms. A task of a worker is one part, or where
the gate has several pods, one pod of it (`scenarios.execution.pods`).
Results are independent of the number of workers, and of whether some of them were stored by an earlier run.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from math import ceil, isfinite
from typing import TYPE_CHECKING

from scenarios.comparison.stopping_rule import (
    IntervalWidth,
    PrecisionResult,
    PrecisionTarget,
    compute_widths,
    evaluation_schedule,
    first_evaluation,
)
from scenarios.execution.executor import open_executor
from scenarios.execution.pods import PodJob, count_pods
from scenarios.execution.tasks import ReplicationJob, RunArm, RunArms, Task, run_single_arm

if TYPE_CHECKING:
    from scenarios.comparison.checkpoint import Checkpoint
    from scenarios.execution.protocol import Executor
    from scenarios.experiment.assignment import Split
    from simulation.metrics.run_results import Run
    from simulation.model.arm import ArmSpec


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far the work is.

    Attributes:
        done: Runs that are done, those that were stored before included.
        total: Runs in all, as far as can be told: with a precision, a projection of what it will take.
        parts: Runs in each replication.
        widest: With a precision, the interval that is furthest from its target.
    """

    done: int
    total: int
    parts: int
    widest: IntervalWidth | None = None


ProgressCallback = Callable[[RunProgress], None]
"""Told at the start, after each run, and after each look at the precision."""

WidthFunction = Callable[[PrecisionTarget, Sequence[Sequence["Run"]]], tuple[IntervalWidth, ...]]
"""How wide the intervals are that the complete replications give."""


@dataclass(frozen=True)
class Replications:
    """What was run.

    Attributes:
        runs: By replication, then by arm in the order of the setups (with a split, by its strata); complete
            replications only, in order.
        requested: How many replications were asked for; with a precision, up to which look.
        precision: What came of the precision that was asked for.
        interrupted: Whether work was left undone.
    """

    runs: tuple[tuple["Run", ...], ...]
    requested: int
    precision: PrecisionResult | None = None
    interrupted: bool = False


def replicate(
    arms: Sequence["ArmSpec"],
    *,
    seed: int,
    replications: int,
    days: float,
    workers: int = 1,
    cluster: str | None = None,
    progress: ProgressCallback | None = None,
    run_arm: RunArm | None = None,
    run_arms: RunArms | None = None,
    engine: str = "reference",
    precision: PrecisionTarget | None = None,
    checkpoint: "Checkpoint | None" = None,
    split: "Split | None" = None,
) -> Replications:
    """Run every arm in every replication; interrupted by Ctrl-C, return the replications that are complete.

    Args:
        arms: The arms.
        seed: All luck follows from it and the replication's number; arms share it.
        replications: How many; with a precision, how many before its first look.
        days: Length of a run.
        workers: How many processes; with 1 everything runs in this one.
        cluster: Whether a Dask cluster does the work, and which; see `scenarios.execution.executor.open_executor`.
        progress: Told how far the work is.
        run_arm: What runs one arm; left out, the engine. With several workers it must be importable.
        run_arms: The same for the arms of a split.
        engine: Which engine that is; see `simulation.runs.run.run_arm`.
        precision: How narrow the intervals are to become; left out, `replications` it is.
        checkpoint: Where complete replications are kept, and taken from.
        split: How the customers are divided between the arms; left out, every arm is lived by all of them.

    Raises:
        WorkerDiedError: Workers died at one run again and again, or none is left. One that dies is replaced, and
            its run begun again.
        InputError: What the engine refuses (for instance a folder of records that cannot be read); or the cluster
            cannot be used.
    """
    from simulation.runs import run as engines

    parts: tuple[tuple[ArmSpec, ...], ...] = tuple((arm,) for arm in arms)
    run_part: RunArms = partial(run_single_arm, run_arm or partial(engines.run_arm, engine=engine))
    if split is not None:
        parts = split.parts
        run_part = run_arms or partial(engines.run_together, engine=engine)
    width_function: WidthFunction = compute_widths if split is None else partial(_compute_split_widths, split)
    requested = replications if precision is None else first_evaluation(replications)
    schedule = iter([replications]) if precision is None else evaluation_schedule(replications, precision.maximum)
    collector = _Collector([len(part) for part in parts], checkpoint, progress, precision, requested, width_function)
    # A stand-in lives a part as it is.
    pods = run_arm is None and run_arms is None and any(count_pods(part) > 1 for part in parts)
    is_single_task = len(parts) * requested == 1 and not pods
    interrupted = False
    try:
        collector.report_progress()
        with _open_executor(
            ReplicationJob(parts, seed, days, run_part), engine, 1 if is_single_task else workers, cluster, pods=pods
        ) as execute:
            for requested in schedule:
                collector.run(execute, requested)
                if collector.is_narrow_enough(requested):
                    break
    except KeyboardInterrupt:
        interrupted = True
    runs = tuple(collector.complete_replications(requested))
    precision_result = None
    if precision is not None:
        precision_result = PrecisionResult(
            precision, first_evaluation(replications), len(runs), width_function(precision, runs)
        )
    is_finished = len(runs) == requested and (
        precision_result is None or precision_result.is_reached or requested == precision_result.requested.maximum
    )
    return Replications(runs, requested, precision_result, interrupted and not is_finished)


@contextmanager
def _open_executor(
    work: ReplicationJob, engine: str, workers: int, cluster: str | None, *, pods: bool
) -> "Iterator[Executor[Task, tuple[Run, ...]]]":
    """Whoever does the work, part by part; where there are pods, a part is done pod by pod."""
    if not pods:
        with open_executor(work, workers, cluster) as execute:
            yield execute
        return
    by_pod = PodJob(work.parts, work.seed, work.days, engine)
    with open_executor(by_pod, workers, cluster) as execute_pods:
        yield by_pod.join_pods(execute_pods)


class _Collector:
    """Where runs come in: kept by task, stored by replication, and reported."""

    def __init__(
        self,
        sizes: Sequence[int],
        checkpoint: "Checkpoint | None",
        progress: ProgressCallback | None,
        precision: PrecisionTarget | None,
        total: int,
        view: WidthFunction,
    ) -> None:
        self._parts = len(sizes)
        self._view = view
        self._checkpoint = checkpoint
        self._progress = progress
        self._precision = precision
        self._total = total
        self._widest: IntervalWidth | None = None
        self._runs: dict[Task, tuple[Run, ...]] = {}
        for replication, stored in ({} if checkpoint is None else checkpoint.runs).items():
            runs = iter(stored)
            self._runs.update({(replication, part): tuple(islice(runs, size)) for part, size in enumerate(sizes)})
        self._done = sum(replication < total for replication, _ in self._runs)

    def report_progress(self) -> None:
        """Report how far the work is."""
        if self._progress is not None:
            self._progress(RunProgress(self._done, self._total * self._parts, self._parts, self._widest))

    def run(self, execute: "Executor[Task, tuple[Run, ...]]", replications: int) -> None:
        """Have everything done up to so many replications that is not done yet."""
        self._total = max(self._total, replications)
        tasks = [(replication, part) for replication in range(replications) for part in range(self._parts)]
        missing = [task for task in tasks if task not in self._runs]
        self._done = len(tasks) - len(missing)
        for task, runs in execute(missing):
            self._runs[task] = runs
            self._done += 1
            self._save(task[0])
            self.report_progress()

    def _save(self, replication: int) -> None:
        if self._checkpoint is not None and self._is_complete(replication):
            self._checkpoint.add(replication, self._runs_of_replication(replication))

    def is_narrow_enough(self, replications: int) -> bool:
        """Whether the intervals of so many replications are; without a precision they always are."""
        if self._precision is None:
            return True
        found = self._view(self._precision, tuple(self.complete_replications(replications)))
        self._widest = max(found, key=lambda width: width.half_width / width.target)
        self._total = _project_replications(self._widest, replications, self._precision.maximum)
        self.report_progress()
        return self._widest.is_narrow_enough

    def complete_replications(self, replications: int) -> Iterator[tuple["Run", ...]]:
        """Those of so many replications, from the first on, of which every part is done, up to the first gap.

        A later one that is complete too is left out: what is reported can be repeated by asking for that many.
        """
        for replication in range(replications):
            if not self._is_complete(replication):
                return
            yield self._runs_of_replication(replication)

    def _is_complete(self, replication: int) -> bool:
        return all((replication, part) in self._runs for part in range(self._parts))

    def _runs_of_replication(self, replication: int) -> tuple["Run", ...]:
        return tuple(run for part in range(self._parts) for run in self._runs[replication, part])


def _compute_split_widths(
    split: "Split", precision: PrecisionTarget, runs: Sequence[Sequence["Run"]]
) -> tuple[IntervalWidth, ...]:
    return compute_widths(precision, split.usable_replications(runs))


def _project_replications(widest: IntervalWidth, replications: int, maximum: int) -> int:
    """How many replications it will take, by the square-root law."""
    if widest.is_narrow_enough:
        return replications
    ratio = widest.half_width / widest.target
    return min(maximum, ceil(replications * ratio * ratio)) if isfinite(ratio) else maximum
