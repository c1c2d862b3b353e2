"""Worker processes of this machine: a process that dies is replaced; when the work is aborted, all are ended.

Every worker has a process pool of its own, with one process. A process that dies (out of memory, or killed) therefore
breaks only its own pool: the others continue, and the lost task is known.
"""

import multiprocessing
import os
import threading
from collections.abc import Hashable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from scenarios.execution import interrupts
from scenarios.execution.protocol import Job, WorkerDiedError

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess
    from types import TracebackType

Task = TypeVar("Task", bound=Hashable)
Result = TypeVar("Result")

_UNCAUGHT_ERROR = 1
"""Exit code of a Python process that ends with a traceback; an error of a task is caught, one at the start is not."""


class ProcessPool(Generic[Task, Result]):
    """A fixed number of worker processes; each starts with its first task."""

    def __init__(self, job: Job[Task, Result], workers: int) -> None:
        self._workers = [_Worker(job) for _ in range(workers)]

    def free_slots(self, busy: int) -> int:  # noqa: ARG002 - the workers know whether they are idle
        """Number of idle workers.

        A second task per worker would save 0.1 ms between tasks, but at the end some workers would be idle while
        others have two tasks left.
        """
        return sum(worker.is_idle for worker in self._workers)

    def submit(self, task: Task) -> "Future[Result]":
        """Submit a task to an idle worker."""
        return next(worker for worker in self._workers if worker.is_idle).submit(task)

    def result(self, future: "Future[Result]") -> Result:
        """The result of a task.

        Raises:
            BrokenProcessPool: The worker died at the task.
            WorkerDiedError: The worker could not start; the next one could not either.
        """
        try:
            return future.result()
        except BrokenProcessPool:
            if any(worker.failed_to_start(future) for worker in self._workers):
                raise WorkerDiedError(
                    "a worker process failed to start; its error is above. Every worker first imports the script that "
                    "starts it: put the script's own work under `if __name__ == '__main__':`, or use workers=1"
                ) from None
            raise

    def check_workers(self) -> None:
        """Nothing to check: the future of a process that died raises an error."""

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
    """One process and its pool."""

    def __init__(self, job: Job[Any, Any]) -> None:
        self._job = job
        self._pool: ProcessPoolExecutor | None = None
        self._process: set[BaseProcess] = set()
        self._task: Future[Any] | None = None

    @property
    def is_idle(self) -> bool:
        return self._task is None or self._task.done()

    def failed_to_start(self, task: Future[Any]) -> bool:
        """Whether the process of this task ended with an uncaught error; a process that is killed has another code."""
        return self._task is task and any(process.exitcode == _UNCAUGHT_ERROR for process in self._process)

    def submit(self, task: Any) -> Future[Any]:
        if self._pool is not None:
            try:
                self._task = self._pool.submit(_run_task, task)
            except BrokenProcessPool:
                # The process died at its last task or afterwards.
                self._pool.shutdown()
            else:
                return self._task
        self._pool = self._new_pool()
        before = set(multiprocessing.active_children())
        try:
            with interrupts.defer_interrupts():
                self._task = self._pool.submit(_run_task, task)
                _leave_results_to_worker(self._pool)
        finally:
            self._process = set(multiprocessing.active_children()) - before
        return self._task

    def _new_pool(self) -> ProcessPoolExecutor:
        # Spawned, not forked: a fork would copy the threads of the progress bar in an unknown state.
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(1, mp_context=context, initializer=_initialise_worker, initargs=(self._job,))

    def stop(self, *, at_once: bool) -> None:
        """End the process after its task, or now."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        if at_once:
            for process in self._process:
                process.terminate()

    def wait(self) -> None:
        """Wait until the process has ended."""
        if self._pool is not None:
            self._pool.shutdown()


def _leave_results_to_worker(pool: ProcessPoolExecutor) -> None:
    """Close this process's own write end of the results of a pool whose only worker has started.

    A worker may die while it sends a result: killed, or ended because the work is aborted. The thread that reads the
    result would then wait for the rest for ever, and the program would never exit, as long as anyone can still write.
    """
    writer = getattr(getattr(pool, "_result_queue", None), "_writer", None)
    if writer is not None:
        writer.close()


_job: Job[Any, Any] | None = None


def _initialise_worker(job: Job[Any, Any]) -> None:
    """In a worker: store the job, and ignore Ctrl-C, because the parent handles it."""
    global _job  # noqa: PLW0603 - one per worker process, set before its first task
    _job = job
    interrupts.ignore_interrupts()
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    """Exit when the parent ends: a parent that is killed cannot stop its workers, which would wait for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _run_task(task: Any) -> Any:
    if _job is None:
        raise RuntimeError("a worker received a task before its job")
    return _job.do(task)
