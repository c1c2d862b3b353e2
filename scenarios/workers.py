"""Worker processes that live runs: kept for a whole comparison, ended at once when the work is given up."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from journey.errors import JourneyError

if TYPE_CHECKING:
    from simulation.run import Run
    from simulation.setup import ArmSetup

RunArm = Callable[..., "Run"]
"""What runs one arm once; `simulation.run.run_arm` or a stand-in of the same signature."""

Live = Callable[..., tuple["Run", ...]]
"""What lives arms in one run; `simulation.run.run_together` or a stand-in of the same signature."""

Task = tuple[int, int]
"""The number of a replication and the place of one of its parts."""

Done = tuple[Task, tuple["Run", ...]]

Crew = Callable[[Sequence[Task]], Iterator[Done]]
"""Does tasks and gives their runs as they are done, in any order."""


class WorkerDiedError(JourneyError):
    """A worker process ended before its work was done."""


@dataclass(frozen=True)
class Work:
    """What every worker is told once; a task then is two small numbers.

    Attributes:
        parts: What a replication consists of: the arms that live in one run, for every run.
        seed: All luck follows from it and the replication's number.
        days: Length of a run.
        live: What lives one part.
    """

    parts: tuple[tuple["ArmSetup", ...], ...]
    seed: int
    days: float
    live: Live

    def do(self, task: Task) -> tuple["Run", ...]:
        """Live one part of one replication: one run per arm in it."""
        replication, part = task
        return self.live(self.parts[part], seed=self.seed, replication=replication, days=self.days)


def alone(run_arm: RunArm, setups: Sequence["ArmSetup"], **how: Any) -> tuple["Run", ...]:
    """Live the one arm of a part; with its first argument given, a `Live`."""
    (setup,) = setups
    return (run_arm(setup, **how),)


@contextmanager
def crew(work: Work, workers: int) -> Iterator[Crew]:
    """Whoever does the work: this process with one worker, a pool of so many otherwise.

    Left by an exception (Ctrl-C, for one), the processes of the pool are ended and not waited for.
    """
    if workers <= 1:
        yield lambda tasks: ((task, work.do(task)) for task in tasks)
        return
    with _pool(work, workers) as pool:
        yield lambda tasks: _in_pool(pool, tasks, workers)


def _in_pool(pool: ProcessPoolExecutor, tasks: Sequence[Task], workers: int) -> Iterator[Done]:
    waiting = iter(tasks)
    # A few tasks ahead of the workers keep them busy; a hundred thousand would only take up memory and time.
    pending = {pool.submit(_do, task) for task in islice(waiting, 4 * workers)}
    try:
        while pending:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            pending |= {pool.submit(_do, task) for task in islice(waiting, len(done))}
            for future in done:
                yield future.result()
    except BrokenProcessPool:
        raise WorkerDiedError(
            "a worker process died, most likely because memory ran out; "
            "use fewer --workers or a smaller population.size"
        ) from None


@contextmanager
def _pool(work: Work, workers: int) -> Iterator[ProcessPoolExecutor]:
    """A pool whose processes are ended, not waited for, when the work is given up."""
    before = set(multiprocessing.active_children())
    # Spawned, not forked: a fork would copy the threads of the progress bar in an unknown state.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(work,))
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in set(multiprocessing.active_children()) - before:
            process.terminate()
        raise
    else:
        pool.shutdown()


_work: Work | None = None


def _begin(work: Work) -> None:
    """In a worker: remember the work, and leave Ctrl-C to the parent, which decides what to keep."""
    global _work  # noqa: PLW0603 - one per worker process, set before its first task
    _work = work
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    """A parent that was killed says nothing to its workers, which would wait for tasks for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _do(task: Task) -> Done:
    if _work is None:
        raise RuntimeError("a worker was given a task before its work")
    return task, _work.do(task)


def usable_processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
