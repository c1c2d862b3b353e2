"""Closing the books: what an engine has counted, as runs that a person reads and that scenarios compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulation.metrics.counters import grid_of
from simulation.metrics.run_results import Run
from simulation.metrics.totals import Books, joined, merged
from simulation.model.arm import ArmSetup, compile_arm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.trace.events import Trace


def runs_of(engine: str, setups: Sequence[ArmSetup], pods: Sequence[Sequence[Books]], days: float) -> tuple[Run, ...]:
    """What an engine has counted, as runs.

    Args:
        engine: Name of the engine.
        setups: The arms.
        pods: By review pod, then by arm, what was counted.
        days: The horizon.

    Returns:
        One run per arm.
    """
    by_arm = zip(setups, zip(*pods, strict=True), strict=True)
    trace = joined([books[0].trace for books in pods])
    return tuple(_run_of(engine, setup, merged(books), trace, days) for setup, books in by_arm)


def _run_of(engine: str, setup: ArmSetup, books: Books, trace: Trace | None, days: float) -> Run:
    tally = books.tally
    table = compile_arm(setup, tuple(tally.segments))
    stages = table.machine.stages
    return Run(
        arm=setup.name,
        engine=engine,
        customers=sum(tally.customers.values()),
        days=days,
        metrics=tally.metrics(table, books.busy, days),
        quantities=tally.quantities(table),
        occupancy=[_shares(day, stages, counts) for day, counts in zip(grid_of(days), books.occupancy, strict=True)],
        events=tally.kinds.total(),
        events_by_kind=dict(sorted(tally.kinds.items())),
        decisions_by_reason=dict(sorted(tally.reasons.items())),
        wall_seconds=books.wall_seconds,
        trace=trace,
        denominators=tally.denominators(table, books.busy, days),
        reviews_by_verdict=dict(sorted(tally.verdicts.items())),
        outcomes=dict(sorted(tally.outcomes.items())),
        unhelped=tally.unhelped_rows(stages),
        gate=books.gate.rows(table.reviewers, table.reviewer_count),
        waits=[[bucket, count] for bucket, count in sorted(tally.waits.items())],
    )


def _shares(day: float, stages: Sequence[str], counts: Sequence[int]) -> dict[str, float]:
    there = max(1, sum(counts))
    return {"day": day, **{name: count / there for name, count in zip(stages, counts, strict=True)}}
