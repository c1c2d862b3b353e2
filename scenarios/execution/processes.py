"""Worker processes of this machine: each replaced when it dies, all ended at once when the work is given up.

Every worker is a pool of its own, of one process. So a process that dies (out of memory, killed by hand) breaks its own
pool only: the others go on with what they are at, and the task it died at is known.
"""

import multiprocessing
import os
import threading
from collections.abc import Hashable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from scenarios.execution import interrupts
from scenarios.execution.protocol import Job

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess
    from types import TracebackType

Task = TypeVar("Task", bound=Hashable)
Result = TypeVar("Result")


class ProcessPool(Generic[Task, Result]):
    """So many worker processes; each starts with its first task."""

    def __init__(self, job: Job[Task, Result], workers: int) -> None:
        self._workers = [_Worker(job) for _ in range(workers)]

    def free_slots(self, busy: int) -> int:  # noqa: ARG002 - who is idle is known here
        """How many are idle.

        A second task handed to each would spare it the tenth of a millisecond until the next one comes, and at the
        end leave some idle while others have two to do.
        """
        return sum(worker.is_idle for worker in self._workers)

    def submit(self, task: Task) -> "Future[Result]":
        """Have an idle worker do a task."""
        return next(worker for worker in self._workers if worker.is_idle).submit(task)

    def result(self, future: "Future[Result]") -> Result:
        """What came of a task.

        Raises:
            BrokenProcessPool: The worker died at it.
        """
        return future.result()

    def check_workers(self) -> None:
        """A process that died is noticed without looking."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        is_aborted = kind is not None
        for worker in self._workers:
            worker.stop(at_once=is_aborted)
        if not is_aborted:
            for worker in self._workers:
                worker.wait()


class _Worker:
    """One process, and the pool that watches it."""

    def __init__(self, job: Job[Any, Any]) -> None:
        self._job = job
        self._pool: ProcessPoolExecutor | None = None
        self._process: set[BaseProcess] = set()
        self._task: Future[Any] | None = None

    @property
    def is_idle(self) -> bool:
        return self._task is None or self._task.done()

    def submit(self, task: Any) -> Future[Any]:
        if self._pool is not None:
            try:
                self._task = self._pool.submit(_run_task, task)
            except BrokenProcessPool:
                # It died at its last task, or since.
                self._pool.shutdown()
            else:
                return self._task
        self._pool = self._new_pool()
        before = set(multiprocessing.active_children())
        try:
            with interrupts.defer_interrupts():
                self._task = self._pool.submit(_run_task, task)
        finally:
            self._process = set(multiprocessing.active_children()) - before
        return self._task

    def _new_pool(self) -> ProcessPoolExecutor:
        # Spawned, not forked: a fork would copy the threads of the progress bar in an unknown state.
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(1, mp_context=context, initializer=_initialise_worker, initargs=(self._job,))

    def stop(self, *, at_once: bool) -> None:
        """Let the process end when it is done, or end it now."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        if at_once:
            for process in self._process:
                process.terminate()

    def wait(self) -> None:
        """Wait until the process has ended."""
        if self._pool is not None:
            self._pool.shutdown()


_job: Job[Any, Any] | None = None


def _initialise_worker(job: Job[Any, Any]) -> None:
    """In a worker: remember the job, and leave Ctrl-C to the parent, which decides what to keep."""
    global _job  # noqa: PLW0603 - one per worker process, set before its first task
    _job = job
    interrupts.ignore_interrupts()
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    """A parent that was killed says nothing to its workers, which would wait for tasks for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _run_task(task: Any) -> Any:
    if _job is None:
        raise RuntimeError("a worker was given a task before its job")
    return _job.do(task)
