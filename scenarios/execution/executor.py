"""Who does the work: this process, processes of this machine, or a Dask cluster; one interface for all three.

A `Job` is told to every worker once; a task of it is something small. `open_executor` gives what does tasks and hands
over results as they come in, whoever works. Behind it stands a `WorkerPool`, which is an executor of
`concurrent.futures` that knows its job: `submit` takes a task and gives a `Future`. Results do not depend on who did
the work, on how many there were, or on who died meanwhile: a task is done as often as it takes, and gives the same each
time.
"""

import os
import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, Generic, Protocol, TypeVar

from journey.core.errors import InputError, JourneyError

Task = TypeVar("Task", bound=Hashable)
Result = TypeVar("Result")
Task_contra = TypeVar("Task_contra", bound=Hashable, contravariant=True)
Result_co = TypeVar("Result_co", covariant=True)

LOCAL = "local"
"""The name of a cluster that is made for the work, on this machine."""

_ADDRESS = re.compile(r"[a-z]+://(\[[^\]]+\]|[^/:\s]+):\d{1,5}")

MAX_WORKER_DEATHS = 3
"""A task at which so many workers died is what kills them."""

LIVENESS_CHECK_SECONDS = 5.0
"""When nothing was finished for so long, it is looked whether anybody is at work."""


class WorkerDiedError(JourneyError):
    """Workers died at a task again and again, or none is left."""


class Job(Protocol[Task_contra, Result_co]):
    """What every worker is told once. It travels to other processes, so it can be pickled."""

    def do(self, task: Task_contra) -> Result_co:
        """Do one task; the same task gives the same result, wherever and however often it is done."""
        ...


class WorkerPool(Protocol[Task_contra, Result]):
    """An executor whose workers know their job."""

    def free_slots(self, busy: int) -> int:
        """How many tasks to hand out now, when so many are handed out or not yet handed over."""
        ...

    def submit(self, task: Task_contra) -> "Future[Result]":
        """Have a task done."""
        ...

    def result(self, future: "Future[Result]") -> Result:
        """What came of a task that has ended.

        Raises:
            BrokenExecutor: Its worker died; the task may be submitted again.
            WorkerDiedError: Workers died, and there is no use in trying again.
        """
        ...

    def check_workers(self) -> None:
        """Nothing was finished for a while: see whether anybody is there.

        Raises:
            WorkerDiedError: Nobody is, and nobody came.
        """
        ...


Executor = Callable[[Iterable[Task]], Iterator[tuple[Task, Result]]]
"""Does tasks, all different, and gives their results as they are done, in any order."""


@contextmanager
def open_executor(
    job: Job[Task, Result], workers: int = 1, cluster: str | None = None
) -> Iterator[Executor[Task, Result]]:
    """Whoever does the work, for as long as the context lasts.

    Left by an exception (Ctrl-C, for one), what is pending is cancelled, and what was started for it is ended and not
    waited for. A cluster that was there before stays as it was.

    Args:
        job: What is to be done.
        workers: How many processes of this machine; with 1, and no cluster, this one does everything.
        cluster: Address of a Dask scheduler, or `LOCAL` for a Dask cluster of `workers` processes on this machine.

    Raises:
        InputError: The cluster cannot be used; the message says why and how to mend it.
    """
    with _open_worker_pool(job, workers, cluster) as pool:
        yield lambda tasks: iterate_results(pool, tasks)


def _open_worker_pool(
    job: Job[Task, Result], workers: int, cluster: str | None
) -> AbstractContextManager[WorkerPool[Task, Result]]:
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


def refuse_malformed(cluster: str) -> None:
    """Say so when this can be no cluster.

    Raises:
        InputError: It is neither `LOCAL` nor an address.
    """
    if cluster != LOCAL and not _ADDRESS.fullmatch(cluster):
        raise InputError(
            f"--cluster {cluster}: is no address of a scheduler; give tcp://HOST:PORT, as `dask scheduler` prints it, "
            f"or {LOCAL} for a cluster on this machine"
        )


def iterate_results(pool: WorkerPool[Task, Result], tasks: Iterable[Task]) -> Iterator[tuple[Task, Result]]:
    """Every task with its result, as they are done.

    Raises:
        WorkerDiedError: Workers died at one task again and again, or none is left; what was done is handed over before.
        Exception: What the job raised at a task, likewise.
    """
    waiting = iter(tasks)
    pending: dict[Future[Result], Task] = {}
    deaths: Counter[Task] = Counter()
    finished: _FinishedTasks[Task, Result] = _FinishedTasks()
    try:
        while True:
            # Workers are given the next tasks before the results are handed over, which may take a while.
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
    """Tasks that have ended: with a result, or with their worker; and what puts an end to all of it."""

    done: list[tuple[Task, Result]] = field(default_factory=list)
    lost: list[Task] = field(default_factory=list)
    error: Exception | None = None


def _wait_for_tasks(
    pool: WorkerPool[Task, Result], pending: dict[Future[Result], Task], deaths: Counter[Task]
) -> _FinishedTasks[Task, Result]:
    """Wait for something to end, and take it out."""
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
        except Exception as error:  # noqa: BLE001 - raised again, once the results beside it are handed over
            finished.error = error
    return finished


def worker_died_error(deaths: int, *, fix: str = "use fewer --workers or a smaller population.size") -> WorkerDiedError:
    """The error that workers died at one task so many times."""
    return WorkerDiedError(
        f"a worker process died, {deaths} times at the same piece of work, most likely because memory ran out; {fix}"
    )


class InProcessPool:
    """An executor that does a task when it is submitted, here."""

    def __init__(self, job: Job[Any, Any]) -> None:
        self._job = job

    def free_slots(self, busy: int) -> int:
        """One task at a time, the next when the result of the last was handed over."""
        return 1 - busy

    def submit(self, task: Any) -> "Future[Any]":
        """Do a task; an error, or Ctrl-C, comes from here."""
        future: Future[Any] = Future()
        future.set_result(self._job.do(task))
        return future

    def result(self, future: "Future[Any]") -> Any:
        """What came of it."""
        return future.result()

    def check_workers(self) -> None:
        """This process is always there."""


def count_usable_cpus() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
