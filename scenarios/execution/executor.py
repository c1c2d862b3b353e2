"""Who does the work: this process, processes of this machine, or a Dask cluster; one interface for all three.

A `Job` is told to every worker once; a task of it is something small. `crew` gives what does tasks and hands over
results as they come in, whoever works. Behind it stands a `Workforce`, which is an executor of `concurrent.futures`
that knows its job: `submit` takes a task and gives a `Future`. Results do not depend on who did the work, on how many
there were, or on who died meanwhile: a task is done as often as it takes, and gives the same each time.
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

DEATHS_ALLOWED = 3
"""A task at which so many workers died is what kills them."""

PATIENCE_SECONDS = 5.0
"""When nothing was finished for so long, it is looked whether anybody is at work."""


class WorkerDiedError(JourneyError):
    """Workers died at a task again and again, or none is left."""


class Job(Protocol[Task_contra, Result_co]):
    """What every worker is told once. It travels to other processes, so it can be pickled."""

    def do(self, task: Task_contra) -> Result_co:
        """Do one task; the same task gives the same result, wherever and however often it is done."""
        ...


class Workforce(Protocol[Task_contra, Result]):
    """An executor whose workers know their job."""

    def room(self, busy: int) -> int:
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

    def look_after(self) -> None:
        """Nothing was finished for a while: see whether anybody is there.

        Raises:
            WorkerDiedError: Nobody is, and nobody came.
        """
        ...


Crew = Callable[[Iterable[Task]], Iterator[tuple[Task, Result]]]
"""Does tasks, all different, and gives their results as they are done, in any order."""


@contextmanager
def crew(job: Job[Task, Result], workers: int = 1, cluster: str | None = None) -> Iterator[Crew[Task, Result]]:
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
    with _workforce(job, workers, cluster) as workforce:
        yield lambda tasks: results(workforce, tasks)


def _workforce(
    job: Job[Task, Result], workers: int, cluster: str | None
) -> AbstractContextManager[Workforce[Task, Result]]:
    if cluster is not None:
        return _on_cluster(job, cluster, workers)
    if workers > 1:
        from scenarios.execution.processes import Processes

        return Processes(job, workers)
    return nullcontext(ThisProcess(job))


def _on_cluster(job: Job[Task, Result], cluster: str, workers: int) -> AbstractContextManager[Workforce[Task, Result]]:
    try:
        from scenarios.execution.dask_cluster import on_cluster
    except ImportError as error:
        raise InputError(
            f"--cluster {cluster}: needs Dask, which is not installed ({error}): pip install 'journeylab[cluster]'"
        ) from None
    return on_cluster(job, cluster, workers)


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


def results(workforce: Workforce[Task, Result], tasks: Iterable[Task]) -> Iterator[tuple[Task, Result]]:
    """Every task with its result, as they are done.

    Raises:
        WorkerDiedError: Workers died at one task again and again, or none is left; what was done is handed over before.
        Exception: What the job raised at a task, likewise.
    """
    waiting = iter(tasks)
    pending: dict[Future[Result], Task] = {}
    deaths: Counter[Task] = Counter()
    ended: _Ended[Task, Result] = _Ended()
    try:
        while True:
            # Workers are given the next tasks before the results are handed over, which may take a while.
            room = workforce.room(len(pending) + len(ended.done))
            for task in islice(waiting, max(0, room)):
                pending[workforce.submit(task)] = task
            yield from ended.done
            if not pending and not ended.done:
                return
            ended = _awaited(workforce, pending, deaths)
            waiting = chain(ended.lost, waiting)
            if ended.trouble is not None:
                yield from ended.done
                raise ended.trouble
    finally:
        for future in pending:
            future.cancel()


@dataclass
class _Ended(Generic[Task, Result]):
    """Tasks that have ended: with a result, or with their worker; and what puts an end to all of it."""

    done: list[tuple[Task, Result]] = field(default_factory=list)
    lost: list[Task] = field(default_factory=list)
    trouble: Exception | None = None


def _awaited(
    workforce: Workforce[Task, Result], pending: dict[Future[Result], Task], deaths: Counter[Task]
) -> _Ended[Task, Result]:
    """Wait for something to end, and take it out."""
    found, futures = _Ended[Task, Result](), wait(pending, timeout=PATIENCE_SECONDS, return_when=FIRST_COMPLETED).done
    if pending and not futures:
        workforce.look_after()
    for future in futures:
        task = pending.pop(future)
        try:
            found.done.append((task, workforce.result(future)))
        except BrokenExecutor:
            deaths[task] += 1
            found.lost.append(task)
            if deaths[task] >= DEATHS_ALLOWED:
                found.trouble = died(DEATHS_ALLOWED)
        except Exception as error:  # noqa: BLE001 - raised again, once the results beside it are handed over
            found.trouble = error
    return found


def died(times: int, *, mend: str = "use fewer --workers or a smaller population.size") -> WorkerDiedError:
    """The error that workers died at one task so many times."""
    return WorkerDiedError(
        f"a worker process died, {times} times at the same piece of work, most likely because memory ran out; {mend}"
    )


class ThisProcess:
    """An executor that does a task when it is submitted, here."""

    def __init__(self, job: Job[Any, Any]) -> None:
        self._job = job

    def room(self, busy: int) -> int:
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

    def look_after(self) -> None:
        """This process is always there."""


def usable_processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
