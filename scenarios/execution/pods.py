"""Runs whose review pods are tasks of their own: a population too large for one machine, a part at a time.

A pod's customers and reviewers have nothing to do with those of another pod, so pods may be lived anywhere and in any
order. Their books are added up in the order of the pods, so the result is the same whoever did the work.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scenarios.execution.executor import open_executor
from scenarios.execution.tasks import Task
from simulation.model.run_options import RunOptions

if TYPE_CHECKING:
    from pathlib import Path

    from scenarios.execution.protocol import Executor
    from simulation.metrics.run_results import Run
    from simulation.metrics.totals import Totals
    from simulation.model.arm import ArmSpec

PodTask = tuple[int, int, int]
"""The number of a replication, the place of one of its parts, and of one of its pods."""


def count_pods(arms: Sequence["ArmSpec"]) -> int:
    """How many pods the customers and reviewers of a run are divided into."""
    return arms[0].reviewers.pods


@dataclass(frozen=True)
class PodJob:
    """What every worker is told once; a task then is three small numbers, and its result what was counted.

    Attributes:
        parts: What a replication consists of: the arms that live in one run, for every run.
        seed: All luck follows from it and the replication's number.
        days: Length of a run.
        engine: ``reference`` or ``compiled``.
        keep_trace: Whether the rows of the trace come with what was counted.
        rows_to: A folder that the rows are written into otherwise (`simulation.trace.files`), which every worker sees.
    """

    parts: tuple[tuple["ArmSpec", ...], ...]
    seed: int
    days: float
    engine: str
    keep_trace: bool = False
    rows_to: "Path | None" = None

    def do(self, task: PodTask) -> tuple["Totals", ...]:
        """Live one pod of one part of one replication."""
        from simulation.runs.run import simulate_pod

        replication, part, pod = task
        arms = [arm.for_pod(pod) for arm in self.parts[part]]
        return simulate_pod(arms, self._run_options(replication))

    def runs(self, task: Task, pods: Sequence[Sequence["Totals"]]) -> tuple["Run", ...]:
        """One part of one replication, of whose pods all are done."""
        from simulation.runs.run import collect_runs

        replication, part = task
        return collect_runs(self.parts[part], pods, self._run_options(replication))

    def _run_options(self, replication: int) -> RunOptions:
        return RunOptions(self.seed, replication, self.days, self.engine, self.keep_trace, self.rows_to)

    def join_pods(self, execute_pods: "Executor[PodTask, tuple[Totals, ...]]") -> "Executor[Task, tuple[Run, ...]]":
        """Does whole parts, when given what does pods.

        Raises:
            InputError: A pod would be empty.
        """
        from simulation.runs.run import refuse_empty_pods

        for part in self.parts:
            refuse_empty_pods(part[0])

        def do_parts(tasks: Iterable[Task]) -> "Iterator[tuple[Task, tuple[Run, ...]]]":
            asked = list(tasks)
            found: dict[Task, dict[int, tuple[Totals, ...]]] = {task: {} for task in asked}
            for (replication, part, pod), books in execute_pods(
                (*task, pod) for task in asked for pod in self._pod_numbers(task)
            ):
                task = (replication, part)
                found[task][pod] = books
                if len(found[task]) == len(self._pod_numbers(task)):
                    pods = found.pop(task)
                    yield task, self.runs(task, [pods[place] for place in self._pod_numbers(task)])

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
    trace: bool = False,
    rows_to: "Path | None" = None,
) -> "Run":
    """Live one cohort in one arm, once, its pods on as many workers as there are.

    Args:
        arm: The arm.
        seed: The scenario's seed.
        days: The horizon.
        engine: ``reference`` or ``compiled``.
        workers: How many processes; the run does not depend on it.
        cluster: Whether a Dask cluster does the work, and which (`scenarios.execution.executor.open_executor`); nor on
            this.
        trace: Whether to keep the trace.
        rows_to: See `PodJob`.

    Raises:
        InputError: A pod would be empty, the engine refuses the arm, or the cluster cannot be used.
        WorkerDiedError: Workers died at one pod again and again, or none is left.
    """
    job = PodJob(((arm,),), seed, days, engine, keep_trace=trace, rows_to=rows_to)
    with open_executor(job, min(workers, count_pods([arm])), cluster) as execute:
        ((_, (run,)),) = job.join_pods(execute)([(0, 0)])
    return run
