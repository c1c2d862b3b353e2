"""Replications in parallel processes: every arm on the same luck, results independent of the number of workers."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from journey.errors import JourneyError

if TYPE_CHECKING:
    from simulation.run import Run
    from simulation.setup import ArmSetup

RunArm = Callable[..., "Run"]
"""What runs one arm once; `simulation.run.run_arm` or a stand-in of the same signature."""

Progress = Callable[[int, int], None]
"""Called with (runs done, runs in all) at the start and after each run."""


class WorkerDiedError(JourneyError):
    """A worker process ended before its work was done."""


@dataclass(frozen=True)
class Replications:
    """What was run.

    Attributes:
        runs: By replication, then by arm in the order of the setups; complete replications only, in order.
        asked: How many replications were asked for.
    """

    runs: tuple[tuple["Run", ...], ...]
    asked: int

    @property
    def interrupted(self) -> bool:
        """Whether fewer are complete than were asked for."""
        return len(self.runs) < self.asked


def replicate(
    setups: Sequence["ArmSetup"],
    *,
    seed: int,
    replications: int,
    days: float,
    workers: int = 1,
    progress: Progress | None = None,
    run_arm: RunArm | None = None,
    engine: str = "reference",
) -> Replications:
    """Run every arm in every replication; interrupted by Ctrl-C, return the replications that are complete.

    Args:
        setups: The arms.
        seed: All luck follows from it and the replication's number; arms share it.
        replications: How many.
        days: Length of a run.
        workers: How many processes; with 1 everything runs in this one.
        progress: Told at the start and after each run.
        run_arm: What runs one arm; left out, the engine. With several workers it must be importable.
        engine: Which engine that is; see `simulation.run.run_arm`.

    Raises:
        WorkerDiedError: A worker process was killed.
        InputError: What the engine refuses (for instance a folder of records that cannot be read).
    """
    if run_arm is None:
        from simulation import run as engines

        run_arm = partial(engines.run_arm, engine=engine)
    work = _Work(tuple(setups), seed, days, run_arm)
    tasks = [(replication, arm) for replication in range(replications) for arm in range(len(setups))]
    done: dict[tuple[int, int], Run] = {}
    running = _inline(work, tasks) if workers <= 1 or len(tasks) == 1 else _in_pool(work, tasks, workers)
    try:
        if progress is not None:
            progress(0, len(tasks))
        for task, run in running:
            done[task] = run
            if progress is not None:
                progress(len(done), len(tasks))
    except KeyboardInterrupt:
        running.close()
    return Replications(tuple(_complete(done, replications, len(setups))), replications)


def _complete(done: Mapping[tuple[int, int], "Run"], replications: int, arms: int) -> Iterator[tuple["Run", ...]]:
    """The replications from the first on that every arm has lived, up to the first gap.

    A later one that is complete too is left out: what is reported can be repeated by asking for that many.
    """
    for replication in range(replications):
        if any((replication, arm) not in done for arm in range(arms)):
            return
        yield tuple(done[replication, arm] for arm in range(arms))


@dataclass(frozen=True)
class _Work:
    """What every worker is told once; a task then is two small numbers."""

    setups: tuple["ArmSetup", ...]
    seed: int
    days: float
    run_arm: RunArm

    def do(self, task: tuple[int, int]) -> "Run":
        replication, arm = task
        return self.run_arm(self.setups[arm], seed=self.seed, replication=replication, days=self.days)


_Done = tuple[tuple[int, int], "Run"]


def _inline(work: _Work, tasks: Sequence[tuple[int, int]]) -> Generator["_Done", None, None]:
    for task in tasks:
        yield task, work.do(task)


_work: _Work | None = None


def _begin(work: _Work) -> None:
    """In a worker: remember the work, and leave Ctrl-C to the parent, which decides what to keep."""
    global _work  # noqa: PLW0603 - one per worker process, set before its first task
    _work = work
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _do(task: tuple[int, int]) -> _Done:
    if _work is None:
        raise RuntimeError("a worker was given a task before its work")
    return task, _work.do(task)


def _in_pool(work: _Work, tasks: Sequence[tuple[int, int]], workers: int) -> Generator["_Done", None, None]:
    waiting = iter(tasks)
    with _pool(work, min(workers, len(tasks))) as pool:
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
def _pool(work: _Work, workers: int) -> Iterator[ProcessPoolExecutor]:
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


def usable_processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
