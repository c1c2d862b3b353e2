"""Runs whose review pods are separate tasks, for populations that are too large for one machine.

A pod's customers and reviewers do not interact with those of another pod, so pods may be simulated on any worker and in
any order. Their totals are added in the order of the pods, so the result does not depend on the workers.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scenarios.execution.executor import open_executor
from scenarios.execution.tasks import Task
from simulation.model.run_options import RunOptions

if TYPE_CHECKING:
    from concurrent.futures import Executor as FuturesExecutor
    from pathlib import Path

    from scenarios.execution.protocol import Executor
    from simulation.metrics.run_results import Run
    from simulation.metrics.totals import Totals
    from simulation.model.arm import ArmSpec

PodTask = tuple[int, int, int]
"""The number of a replication, the index of one of its parts, and the number of one of its pods."""


def count_pods(arms: Sequence["ArmSpec"]) -> int:
    """Number of pods that the customers and reviewers of a run are divided into."""
    return arms[0].reviewers.pods


@dataclass(frozen=True)
class PodJob:
    """The job that every worker receives once; a task is three small numbers, and its result the totals of a pod.

    Attributes:
        parts: The runs of a replication, each with the arms that it simulates together.
        seed: Random seed; with the number of the replication it determines all random numbers.
        days: Length of a run, in days.
        engine: ``reference`` or ``compiled``.
        keep_trace: Whether a result includes the rows of the trace.
        trace_folder: Folder that the rows are written to instead (`simulation.trace.files`); all workers must share it.
    """

    parts: tuple[tuple["ArmSpec", ...], ...]
    seed: int
    days: float
    engine: str
    keep_trace: bool = False
    trace_folder: "Path | None" = None

    def do(self, task: PodTask) -> tuple["Totals", ...]:
        """Run one pod of one part of one replication."""
        from simulation.runs.run import simulate_pod

        replication, part, pod = task
        arms = [arm.for_pod(pod) for arm in self.parts[part]]
        return simulate_pod(arms, self._run_options(replication))

    def runs(self, task: Task, pods: Sequence[Sequence["Totals"]]) -> tuple["Run", ...]:
        """The runs of one part of one replication, from the totals of all its pods."""
        from simulation.runs.run import collect_runs

        replication, part = task
        return collect_runs(self.parts[part], pods, self._run_options(replication))

    def _run_options(self, replication: int) -> RunOptions:
        return RunOptions(self.seed, replication, self.days, self.engine, self.keep_trace, self.trace_folder)

    def join_pods(self, execute_pods: "Executor[PodTask, tuple[Totals, ...]]") -> "Executor[Task, tuple[Run, ...]]":
        """An executor of whole parts, built from an executor of pods.

        Raises:
            InputError: A pod would be empty.
        """
        from simulation.runs.run import refuse_empty_pods

        for part in self.parts:
            refuse_empty_pods(part[0])

        def do_parts(tasks: Iterable[Task]) -> "Iterator[tuple[Task, tuple[Run, ...]]]":
            requested = list(tasks)
            totals_by_pod: dict[Task, dict[int, tuple[Totals, ...]]] = {task: {} for task in requested}
            for (replication, part, pod), totals in execute_pods(
                (*task, pod) for task in requested for pod in self._pod_numbers(task)
            ):
                task = (replication, part)
                totals_by_pod[task][pod] = totals
                if len(totals_by_pod[task]) == len(self._pod_numbers(task)):
                    pods = totals_by_pod.pop(task)
                    yield task, self.runs(task, [pods[number] for number in self._pod_numbers(task)])

        return do_parts

    def _pod_numbers(self, task: Task) -> range:
        return range(count_pods(self.parts[task[1]]))


def run_in_pods(
    arm: "ArmSpec",
    *,
    seed: int,
    days: float,
    engine: str,
    workers: int = 1,
    cluster: str | None = None,
    executor: "FuturesExecutor | None" = None,
    trace: bool = False,
    trace_folder: "Path | None" = None,
) -> "Run":
    """Simulate one cohort in one arm, once, with its pods on several workers.

    Args:
        arm: The arm.
        seed: The scenario's seed.
        days: Length of the run, in days.
        engine: ``reference`` or ``compiled``.
        workers: Number of processes; the result does not depend on it.
        cluster: Address of a Dask scheduler, or ``local``; see `scenarios.execution.executor.open_executor`.
        executor: Executor of the caller that runs the pods; it is not shut down.
        trace: Whether to keep the trace.
        trace_folder: See `PodJob`.

    Raises:
        InputError: A pod would be empty, the engine refuses the arm, or the cluster cannot be used.
        WorkerDiedError: Workers died repeatedly at one pod, or none is left.
    """
    job = PodJob(((arm,),), seed, days, engine, keep_trace=trace, trace_folder=trace_folder)
    with open_executor(job, min(workers, count_pods([arm])), cluster, executor) as execute:
        ((_, (run,)),) = job.join_pods(execute)([(0, 0)])
    return run
