"""The interface between work and workers: a job, the pool of workers that does its tasks, and its errors.

A `Job` is sent to every worker once; a task of it is something small. A `WorkerPool` is an executor of
`concurrent.futures` whose workers have the job: `submit` takes a task and returns a `Future`.
"""

import re
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TYPE_CHECKING, Protocol, TypeVar

from journey.core.errors import InputError, JourneyError

if TYPE_CHECKING:
    from concurrent.futures import Future

Task = TypeVar("Task", bound=Hashable)
Result = TypeVar("Result")
Task_contra = TypeVar("Task_contra", bound=Hashable, contravariant=True)
Result_co = TypeVar("Result_co", covariant=True)

LOCAL = "local"
"""The cluster name that starts a temporary Dask cluster on this machine."""

_ADDRESS = re.compile(r"[a-z]+://(\[[^\]]+\]|[^/:\s]+):\d{1,5}")


class WorkerDiedError(JourneyError):
    """Workers died repeatedly at one task, or no worker is left."""


class Job(Protocol[Task_contra, Result_co]):
    """The work that every worker receives once. It must be picklable, because it is sent to other processes."""

    def do(self, task: Task_contra) -> Result_co:
        """Do one task; the same task gives the same result, wherever and however often it is done."""
        ...


class WorkerPool(Protocol[Task_contra, Result]):
    """An executor whose workers have their job."""

    def free_slots(self, busy: int) -> int:
        """How many more tasks to submit now.

        Args:
            busy: Tasks that are submitted or whose results are not yet yielded.
        """
        ...

    def submit(self, task: Task_contra) -> "Future[Result]":
        """Submit a task."""
        ...

    def result(self, future: "Future[Result]") -> Result:
        """The result of a task that has ended.

        Raises:
            BrokenExecutor: Its worker died; the task may be submitted again.
            WorkerDiedError: Workers died, and submitting the task again would not help.
        """
        ...

    def check_workers(self) -> None:
        """Check that workers are left; called when no task has ended for a while.

        Raises:
            WorkerDiedError: No worker is left, and none has joined.
        """
        ...


Executor = Callable[[Iterable[Task]], Iterator[tuple[Task, Result]]]
"""Does tasks, all different, and yields each with its result as it is done, in any order."""


def refuse_malformed(cluster: str) -> None:
    """Refuse a value of ``--cluster`` that cannot be a cluster.

    Raises:
        InputError: It is neither `LOCAL` nor an address.
    """
    if cluster != LOCAL and not _ADDRESS.fullmatch(cluster):
        raise InputError(
            f"--cluster {cluster}: not a valid scheduler address; give tcp://HOST:PORT, as `dask scheduler` prints it, "
            f"or {LOCAL} for a cluster on this machine"
        )


def worker_died_error(deaths: int, *, fix: str = "use fewer --workers or a smaller population.size") -> WorkerDiedError:
    """The error that `deaths` workers died at one task."""
    return WorkerDiedError(
        f"a worker process died {deaths} times at the same task, most likely because memory ran out; {fix}"
    )
