"""Executors: run the tasks of a job here, in processes of this machine, on a Dask cluster, or with a given executor.

`open_executor` returns a function that takes tasks and yields their results as they are done. Results do not depend on
the kind or number of workers, nor on workers that die: a lost task is done again and gives the same result.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Generic

from journey.core.errors import InputError
from scenarios.execution.protocol import Executor, Job, Result, Task, WorkerPool, worker_died_error

if TYPE_CHECKING:
    from concurrent.futures import Executor as FuturesExecutor

MAX_WORKER_DEATHS = 3
"""After this many worker deaths at one task, the task is taken to be the cause."""

LIVENESS_CHECK_SECONDS = 5.0
"""When no task has ended for this long, check that workers are left."""


@contextmanager
def open_executor(
    job: Job[Task, Result],
    workers: int = 1,
    cluster: str | None = None,
    callers_executor: "FuturesExecutor | None" = None,
) -> Iterator[Executor[Task, Result]]:
    """An executor for a job, for as long as the context lasts.

    When an exception (for example Ctrl-C) leaves the context, pending tasks are cancelled. Processes that were started
    for the job are ended without waiting for them. An existing cluster keeps running, as does the caller's executor.

    Args:
        job: The job.
        workers: Number of processes on this machine; with 1, and no cluster, this process does everything.
        cluster: Address of a Dask scheduler, or `LOCAL` for a Dask cluster of `workers` processes on this machine.
        callers_executor: An executor of the caller, which is then used instead.

    Raises:
        InputError: The cluster or the executor cannot be used; the message gives the reason and the cure.
    """
    with _open_worker_pool(job, workers, cluster, callers_executor) as pool:
        yield lambda tasks: iterate_results(pool, tasks)


def _open_worker_pool(
    job: Job[Task, Result], workers: int, cluster: str | None, callers_executor: "FuturesExecutor | None"
) -> AbstractContextManager[WorkerPool[Task, Result]]:
    if callers_executor is not None:
        from scenarios.execution.callers_executor import CallersPool

        return nullcontext(CallersPool(job, callers_executor))
    if cluster is not None:
        return _open_cluster(job, cluster, workers)
    if workers > 1:
        from scenarios.execution.processes import ProcessPool

        return ProcessPool(job, workers)
    return nullcontext(InProcessPool(job))


def _open_cluster(
    job: Job[Task, Result], cluster: str, workers: int
) -> AbstractContextManager[WorkerPool[Task, Result]]:
    try:
        from scenarios.execution.dask_cluster import open_cluster_pool
    except ImportError as error:
        raise InputError(
            f"--cluster {cluster}: needs Dask, which is not installed ({error}): pip install 'journeylab[cluster]'"
        ) from None
    return open_cluster_pool(job, cluster, workers)


def iterate_results(pool: WorkerPool[Task, Result], tasks: Iterable[Task]) -> Iterator[tuple[Task, Result]]:
    """Yield every task with its result, as they are done.

    Results that are done are yielded before an error is raised.

    Raises:
        WorkerDiedError: Workers died repeatedly at one task, or none is left.
        Exception: The job raised it at a task.
    """
    waiting = iter(tasks)
    pending: dict[Future[Result], Task] = {}
    deaths: Counter[Task] = Counter()
    finished: _FinishedTasks[Task, Result] = _FinishedTasks()
    try:
        while True:
            # Submit the next tasks before yielding results, because the consumer may take a while.
            free_slots = pool.free_slots(len(pending) + len(finished.done))
            for task in islice(waiting, max(0, free_slots)):
                pending[pool.submit(task)] = task
            yield from finished.done
            if not pending and not finished.done:
                return
            finished = _wait_for_tasks(pool, pending, deaths)
            waiting = chain(finished.lost, waiting)
            if finished.error is not None:
                yield from finished.done
                raise finished.error
    finally:
        for future in pending:
            future.cancel()


@dataclass
class _FinishedTasks(Generic[Task, Result]):
    """Tasks that have ended.

    Attributes:
        done: Those with a result.
        lost: Those whose worker died.
        error: An error that ends all the work.
    """

    done: list[tuple[Task, Result]] = field(default_factory=list)
    lost: list[Task] = field(default_factory=list)
    error: Exception | None = None


def _wait_for_tasks(
    pool: WorkerPool[Task, Result], pending: dict[Future[Result], Task], deaths: Counter[Task]
) -> _FinishedTasks[Task, Result]:
    """Wait until a task ends, and remove the ended tasks from `pending`."""
    finished, futures = (
        _FinishedTasks[Task, Result](),
        wait(pending, timeout=LIVENESS_CHECK_SECONDS, return_when=FIRST_COMPLETED).done,
    )
    if pending and not futures:
        pool.check_workers()
    for future in futures:
        task = pending.pop(future)
        try:
            finished.done.append((task, pool.result(future)))
        except BrokenExecutor:
            deaths[task] += 1
            finished.lost.append(task)
            if deaths[task] >= MAX_WORKER_DEATHS:
                finished.error = worker_died_error(MAX_WORKER_DEATHS)
        except Exception as error:  # noqa: BLE001 - raised again after the finished results are yielded
            finished.error = error
    return finished


class InProcessPool:
    """A pool without workers: a task is done in this process when it is submitted."""

    def __init__(self, job: Job[Any, Any]) -> None:
        self._job = job

    def free_slots(self, busy: int) -> int:
        """One task at a time; the next one when the previous result was yielded."""
        return 1 - busy

    def submit(self, task: Any) -> "Future[Any]":
        """Do a task; an error, or Ctrl-C, is raised here."""
        future: Future[Any] = Future()
        future.set_result(self._job.do(task))
        return future

    def result(self, future: "Future[Any]") -> Any:
        """The result of a task."""
        return future.result()

    def check_workers(self) -> None:
        """Nothing to check: this process does the work."""


def count_usable_cpus() -> int:
    """Number of CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
