"""Replications: as many as are asked for or as a precision takes.

A replication consists of parts, each one run: an arm that the whole cohort lives in, every arm on the same luck; or,
with a split, the one run in which the customers are divided between the arms. A task of a worker is one part, or where
the gate has several pods, one pod of it (`scenarios.execution.pods`).
Results are independent of the number of workers, and of whether some of them were stored by an earlier run.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from math import ceil, isfinite
from typing import TYPE_CHECKING

from scenarios.comparison.stopping_rule import Precision, PrecisionFound, Width, first_look, looks, widths
from scenarios.execution.executor import Crew, crew
from scenarios.execution.pods import PodWork, pods_in
from scenarios.execution.tasks import Live, RunArm, Task, Work, alone

if TYPE_CHECKING:
    from scenarios.comparison.checkpoint import Store
    from scenarios.experiment.assignment import Split
    from simulation.metrics.run_results import Run
    from simulation.model.arm import ArmSpec


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the work is.

    Attributes:
        done: Runs that are done, those that were stored before included.
        total: Runs in all, as far as can be told: with a precision, a projection of what it will take.
        parts: Runs in each replication.
        widest: With a precision, the interval that is furthest from its target.
    """

    done: int
    total: int
    parts: int
    widest: Width | None = None


Progress = Callable[[Standing], None]
"""Told at the start, after each run, and after each look at the precision."""

View = Callable[[Precision, Sequence[Sequence["Run"]]], tuple[Width, ...]]
"""How wide the intervals are that the complete replications give."""


@dataclass(frozen=True)
class Replications:
    """What was run.

    Attributes:
        runs: By replication, then by arm in the order of the setups (with a split, by its strata); complete
            replications only, in order.
        asked: How many replications were asked for; with a precision, up to which look.
        precision: What came of the precision that was asked for.
        interrupted: Whether work was left undone.
    """

    runs: tuple[tuple["Run", ...], ...]
    asked: int
    precision: PrecisionFound | None = None
    interrupted: bool = False


def replicate(
    setups: Sequence["ArmSpec"],
    *,
    seed: int,
    replications: int,
    days: float,
    workers: int = 1,
    cluster: str | None = None,
    progress: Progress | None = None,
    run_arm: RunArm | None = None,
    run_together: Live | None = None,
    engine: str = "reference",
    precision: Precision | None = None,
    store: "Store | None" = None,
    split: "Split | None" = None,
) -> Replications:
    """Run every arm in every replication; interrupted by Ctrl-C, return the replications that are complete.

    Args:
        setups: The arms.
        seed: All luck follows from it and the replication's number; arms share it.
        replications: How many; with a precision, how many before its first look.
        days: Length of a run.
        workers: How many processes; with 1 everything runs in this one.
        cluster: Whether a Dask cluster does the work, and which; see `scenarios.execution.executor.crew`.
        progress: Told how far the work is.
        run_arm: What runs one arm; left out, the engine. With several workers it must be importable.
        run_together: The same for the arms of a split.
        engine: Which engine that is; see `simulation.runs.run.run_arm`.
        precision: How narrow the intervals are to become; left out, `replications` it is.
        store: Where complete replications are kept, and taken from.
        split: How the customers are divided between the arms; left out, every arm is lived by all of them.

    Raises:
        WorkerDiedError: Workers died at one run again and again, or none is left. One that dies is replaced, and
            its run begun again.
        InputError: What the engine refuses (for instance a folder of records that cannot be read); or the cluster
            cannot be used.
    """
    from simulation.runs import run as engines

    parts: tuple[tuple[ArmSpec, ...], ...] = tuple((setup,) for setup in setups)
    live: Live = partial(alone, run_arm or partial(engines.run_arm, engine=engine))
    if split is not None:
        parts = split.parts
        live = run_together or partial(engines.run_together, engine=engine)
    view: View = widths if split is None else partial(_split_widths, split)
    asked = replications if precision is None else first_look(replications)
    schedule = iter([replications]) if precision is None else looks(replications, precision.maximum)
    desk = _Desk([len(part) for part in parts], store, progress, precision, asked, view)
    # A stand-in lives a part as it is.
    pods = run_arm is None and run_together is None and any(pods_in(part) > 1 for part in parts)
    one_task = len(parts) * asked == 1 and not pods
    interrupted = False
    try:
        desk.tell()
        with _crew(Work(parts, seed, days, live), engine, 1 if one_task else workers, cluster, pods=pods) as do:
            for asked in schedule:
                desk.run(do, asked)
                if desk.narrow_enough(asked):
                    break
    except KeyboardInterrupt:
        interrupted = True
    runs = tuple(desk.complete(asked))
    found = None
    if precision is not None:
        found = PrecisionFound(precision, first_look(replications), len(runs), view(precision, runs))
    settled = len(runs) == asked and (found is None or found.reached or asked == found.asked.maximum)
    return Replications(runs, asked, found, interrupted and not settled)


@contextmanager
def _crew(
    work: Work, engine: str, workers: int, cluster: str | None, *, pods: bool
) -> "Iterator[Crew[Task, tuple[Run, ...]]]":
    """Whoever does the work, part by part; where there are pods, a part is done pod by pod."""
    if not pods:
        with crew(work, workers, cluster) as do:
            yield do
        return
    by_pod = PodWork(work.parts, work.seed, work.days, engine)
    with crew(by_pod, workers, cluster) as do_pods:
        yield by_pod.joined(do_pods)


class _Desk:
    """Where runs come in: kept by task, stored by replication, and reported."""

    def __init__(
        self,
        sizes: Sequence[int],
        store: "Store | None",
        progress: Progress | None,
        precision: Precision | None,
        total: int,
        view: View,
    ) -> None:
        self._parts = len(sizes)
        self._view = view
        self._store = store
        self._progress = progress
        self._precision = precision
        self._total = total
        self._widest: Width | None = None
        self._runs: dict[Task, tuple[Run, ...]] = {}
        for replication, stored in ({} if store is None else store.runs).items():
            runs = iter(stored)
            self._runs.update({(replication, part): tuple(islice(runs, size)) for part, size in enumerate(sizes)})
        self._done = sum(replication < total for replication, _ in self._runs)

    def tell(self) -> None:
        """Report how far the work is."""
        if self._progress is not None:
            self._progress(Standing(self._done, self._total * self._parts, self._parts, self._widest))

    def run(self, do: "Crew[Task, tuple[Run, ...]]", replications: int) -> None:
        """Have everything done up to so many replications that is not done yet."""
        self._total = max(self._total, replications)
        tasks = [(replication, part) for replication in range(replications) for part in range(self._parts)]
        missing = [task for task in tasks if task not in self._runs]
        self._done = len(tasks) - len(missing)
        for task, runs in do(missing):
            self._runs[task] = runs
            self._done += 1
            self._keep(task[0])
            self.tell()

    def _keep(self, replication: int) -> None:
        if self._store is not None and self._is_complete(replication):
            self._store.add(replication, self._of(replication))

    def narrow_enough(self, replications: int) -> bool:
        """Whether the intervals of so many replications are; without a precision they always are."""
        if self._precision is None:
            return True
        found = self._view(self._precision, tuple(self.complete(replications)))
        self._widest = max(found, key=lambda width: width.half_width / width.target)
        self._total = _projected(self._widest, replications, self._precision.maximum)
        self.tell()
        return self._widest.narrow_enough

    def complete(self, replications: int) -> Iterator[tuple["Run", ...]]:
        """Those of so many replications, from the first on, of which every part is done, up to the first gap.

        A later one that is complete too is left out: what is reported can be repeated by asking for that many.
        """
        for replication in range(replications):
            if not self._is_complete(replication):
                return
            yield self._of(replication)

    def _is_complete(self, replication: int) -> bool:
        return all((replication, part) in self._runs for part in range(self._parts))

    def _of(self, replication: int) -> tuple["Run", ...]:
        return tuple(run for part in range(self._parts) for run in self._runs[replication, part])


def _split_widths(split: "Split", precision: Precision, runs: Sequence[Sequence["Run"]]) -> tuple[Width, ...]:
    return widths(precision, split.usable(runs))


def _projected(widest: Width, replications: int, maximum: int) -> int:
    """How many replications it will take, by the square-root law."""
    if widest.narrow_enough:
        return replications
    ratio = widest.half_width / widest.target
    return min(maximum, ceil(replications * ratio * ratio)) if isfinite(ratio) else maximum
