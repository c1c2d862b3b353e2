"""Workers of an executor that the caller owns: threads, processes, Dask, or any other `concurrent.futures.Executor`.

The executor is used and left as it was: it is neither shut down nor replaced. After an error or Ctrl-C, tasks that have
not started are cancelled, and the executor can be used again. Tasks may finish in any order.
"""

import pickle
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from functools import cached_property
from typing import Any
from uuid import uuid4

from journey.core.errors import InputError
from scenarios.execution.protocol import Job, WorkerDiedError

MAX_SUBMITTED = 1_000
"""Tasks that are submitted at a time: enough for the workers of a cluster, and few enough to wait for quickly."""

_JOBS_KEPT = 4


class CallersPool:
    """The workers of the caller's executor."""

    def __init__(self, job: Job[Any, Any], executor: Executor) -> None:
        """Store the job.

        Args:
            job: The job; it is pickled only if the executor sends it to another process.
            executor: The caller's executor.

        Raises:
            InputError: `executor` has no `submit`.
        """
        if not callable(getattr(executor, "submit", None)):
            raise InputError(
                f"executor: {type(executor).__name__} is not a concurrent.futures.Executor; give one such as "
                "ThreadPoolExecutor(), or client.get_executor() of a Dask client"
            )
        self._job = SharedJob(job)
        self._executor = executor

    def free_slots(self, busy: int) -> int:
        """The number of workers is unknown, so many tasks are submitted, and the executor queues them."""
        return MAX_SUBMITTED - busy

    def submit(self, task: Any) -> "Future[Any]":
        """Submit a task.

        Raises:
            InputError: The executor is shut down.
            WorkerDiedError: The executor is broken.
        """
        try:
            return self._executor.submit(run_task, self._job, task)
        except BrokenExecutor as error:
            raise _worker_died(error) from None
        except RuntimeError as error:
            raise InputError(f"executor: does not accept work ({error}); use it before it is shut down") from None

    def result(self, future: "Future[Any]") -> Any:
        """The result of a task.

        Raises:
            WorkerDiedError: A worker died; a broken executor cannot run the task again.
            InputError: The task was cancelled, or the work cannot be pickled.
        """
        try:
            return future.result()
        except BrokenExecutor as error:
            raise _worker_died(error) from None
        except CancelledError:
            raise InputError(
                "executor: was shut down, or its tasks were cancelled, before the run was complete"
            ) from None
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            if "pickle" not in str(error).lower():
                raise
            raise InputError(_format_pickling_error(error)) from None

    def check_workers(self) -> None:
        """Nothing to check: the executor reports the death of its workers."""


class SharedJob:
    """A job that is pickled once by the sender, and unpickled once in every process that does tasks of it.

    In the sender's process, for example in threads, it is not pickled at all.
    """

    def __init__(self, job: Job[Any, Any]) -> None:
        self.job = job
        self._name = uuid4().hex

    def __reduce__(self) -> tuple[Callable[[str, bytes], "SharedJob"], tuple[str, bytes]]:
        return _load_job, (self._name, self._pickled)

    def __dask_tokenize__(self) -> str:
        # Without this, Dask would walk through the whole job for every task.
        return self._name

    @cached_property
    def _pickled(self) -> bytes:
        try:
            return pickle.dumps(self.job, protocol=pickle.HIGHEST_PROTOCOL)
        except Exception as error:
            raise InputError(_format_pickling_error(error)) from error


_loaded_jobs: OrderedDict[str, SharedJob] = OrderedDict()
_loading = threading.Lock()


def _load_job(name: str, pickled: bytes) -> SharedJob:
    """In a worker process: the job of this name; it is unpickled for the first task only.

    So that what the engines cache for an arm is found again at the next task, which has the same arm object.
    """
    with _loading:
        if name not in _loaded_jobs:
            _loaded_jobs[name] = SharedJob(pickle.loads(pickled))  # noqa: S301 - the caller's own executor sent it
        _loaded_jobs.move_to_end(name)
        while len(_loaded_jobs) > _JOBS_KEPT:
            _loaded_jobs.popitem(last=False)
        return _loaded_jobs[name]


def run_task(shared: SharedJob, task: Any) -> Any:
    """On a worker: do a task of the job."""
    return shared.job.do(task)


def _worker_died(error: BrokenExecutor) -> WorkerDiedError:
    return WorkerDiedError(
        f"executor: a worker died, most likely because memory ran out ({error}); use fewer workers or a smaller "
        "population.size, and a new executor. A script that starts processes must begin its own work under "
        "`if __name__ == '__main__':`"
    )


def _format_pickling_error(error: Exception) -> str:
    return (
        f"executor: the work cannot be sent to another process, because it cannot be pickled ({error}); define "
        "functions at the top level of a module, or use a ThreadPoolExecutor"
    )
