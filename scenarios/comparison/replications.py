"""Run replications: a fixed number, or as many as a precision target needs.

A replication consists of parts, each one run. Without a split, a part is one arm with the whole cohort, and all arms
use common random numbers. With a split, the customers are divided between the arms within one run. A task of a worker
is one part; where the review queue has several pods, it is one pod of a part (`scenarios.execution.pods`).
Results do not depend on the number of workers, nor on how many replications a checkpoint supplies.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from math import ceil, isfinite
from typing import TYPE_CHECKING

from scenarios.comparison.options import ReplicationOptions, RunProgress
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
from scenarios.execution.tasks import ReplicationJob, Task

if TYPE_CHECKING:
    from scenarios.execution.protocol import Executor
    from scenarios.experiment.assignment import Split
    from simulation.metrics.run_results import Run
    from simulation.model.arm import ArmSpec

WidthFunction = Callable[[PrecisionTarget, Sequence[Sequence["Run"]]], tuple[IntervalWidth, ...]]
"""Computes the interval widths of complete replications."""


@dataclass(frozen=True)
class Replications:
    """Completed replications.

    Attributes:
        runs: By replication, then by arm in the given order (with a split, by its strata). Complete replications
            only, in order.
        requested: Number of replications requested; with a precision target, those of the last evaluation.
        precision: The result for the precision target; None without one.
        interrupted: Whether an interruption left replications undone.
    """

    runs: tuple[tuple["Run", ...], ...]
    requested: int
    precision: PrecisionResult | None = None
    interrupted: bool = False


def replicate(
    arms: Sequence["ArmSpec"], options: ReplicationOptions, *, seed: int, replications: int, days: float
) -> Replications:
    """Run every arm in every replication; after Ctrl-C, return the replications that are complete.

    Args:
        arms: The arms.
        options: How to run them.
        seed: Random seed; with the number of a replication it determines all random numbers, in all arms.
        replications: Number of replications; with a precision target, the number before its first evaluation.
        days: Length of a run, in days.

    Raises:
        WorkerDiedError: Workers died repeatedly at one run, or none is left. A single worker that dies is replaced,
            and its run is repeated.
        InputError: The engine refuses an arm (for example because its records cannot be read), or the cluster cannot
            be used.
    """
    precision, split = options.precision, options.split
    parts = options.parts(arms)
    width_function: WidthFunction = compute_widths if split is None else partial(_compute_split_widths, split)
    requested = replications if precision is None else first_evaluation(replications)
    schedule = iter([replications]) if precision is None else evaluation_schedule(replications, precision.maximum)
    collector = _Collector([len(part) for part in parts], options, requested, width_function)
    # A function given instead of the engine runs a part as a whole.
    pods = options.uses_engine and any(count_pods(part) > 1 for part in parts)
    if len(parts) * requested == 1 and not pods:
        options = replace(options, workers=1)
    interrupted = False
    try:
        collector.report_progress()
        with _open_executor(ReplicationJob(parts, seed, days, options.run_part()), options, pods=pods) as execute:
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
    job: ReplicationJob, options: ReplicationOptions, *, pods: bool
) -> "Iterator[Executor[Task, tuple[Run, ...]]]":
    """An executor of parts; with `pods`, the pods of a part are tasks of their own."""
    if not pods:
        with open_executor(job, options.workers, options.cluster, options.executor) as execute:
            yield execute
        return
    pod_job = PodJob(job.parts, job.seed, job.days, options.engine)
    with open_executor(pod_job, options.workers, options.cluster, options.executor) as execute_pods:
        yield pod_job.join_pods(execute_pods)


class _Collector:
    """Collects runs by task, stores complete replications, and reports progress."""

    def __init__(
        self, sizes: Sequence[int], options: ReplicationOptions, total: int, compute_widths: WidthFunction
    ) -> None:
        self._parts = len(sizes)
        self._compute_widths = compute_widths
        self._checkpoint = options.checkpoint
        self._progress = options.progress
        self._precision = options.precision
        self._total = total
        self._widest: IntervalWidth | None = None
        self._runs: dict[Task, tuple[Run, ...]] = {}
        stored_runs = {} if self._checkpoint is None else self._checkpoint.runs
        for replication, stored in stored_runs.items():
            runs = iter(stored)
            self._runs.update({(replication, part): tuple(islice(runs, size)) for part, size in enumerate(sizes)})
        self._done = sum(replication < total for replication, _ in self._runs)

    def report_progress(self) -> None:
        """Call the progress callback."""
        if self._progress is not None:
            self._progress(RunProgress(self._done, self._total * self._parts, self._parts, self._widest))

    def run(self, execute: "Executor[Task, tuple[Run, ...]]", replications: int) -> None:
        """Run what is missing of the first `replications` replications."""
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
        """Whether the intervals after `replications` replications meet the precision target; True without one."""
        if self._precision is None:
            return True
        widths = self._compute_widths(self._precision, tuple(self.complete_replications(replications)))
        self._widest = max(widths, key=lambda width: width.half_width / width.target)
        self._total = _project_replications(self._widest, replications, self._precision.maximum)
        self.report_progress()
        return self._widest.is_narrow_enough

    def complete_replications(self, replications: int) -> Iterator[tuple["Run", ...]]:
        """The complete ones of the first `replications` replications, up to the first gap.

        Complete replications after a gap are dropped, so that a run with that number of replications repeats the
        result.
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
    """Replications that the target needs, because the half-width falls with the square root of their number."""
    if widest.is_narrow_enough:
        return replications
    ratio = widest.half_width / widest.target
    return min(maximum, ceil(replications * ratio * ratio)) if isfinite(ratio) else maximum
