"""The totals of an engine, from which runs are built. The totals of all review pods are added up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulation.metrics.counters import Counters
from simulation.metrics.queue_statistics import QueueStatistics
from simulation.trace.events import Trace

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Totals:
    """The totals of one arm's customers, or of one of its pods.

    Attributes:
        counters: Counters over the customers.
        occupancy: Number of customers in each stage, by day of the grid.
        satisfaction: Sum of the scores of the customers with an account, in units, by day of the grid
            (`simulation.metrics.satisfaction`).
        gate: Review queue statistics over time, over all arms in the run.
        wall_seconds: Run time of the engine, in seconds.
        trace: The rows of all arms in the run, or None if they were not kept.
    """

    counters: Counters
    occupancy: list[list[int]]
    satisfaction: list[int]
    gate: QueueStatistics
    wall_seconds: float
    trace: Trace | None = None


def merge_totals(pods: Sequence[Totals]) -> Totals:
    """Add up the totals of all pods, in the order of the pods, so that the result is reproducible.

    The result has no trace, because a trace contains the rows of all arms (`join_traces`).

    Args:
        pods: The totals of each pod of one arm, at least one.
    """
    if len(pods) == 1:
        return pods[0]
    return Totals(
        counters=Counters.merge([pod.counters for pod in pods]),
        occupancy=[
            [sum(cell) for cell in zip(*days, strict=True)] for days in zip(*(p.occupancy for p in pods), strict=True)
        ],
        satisfaction=[sum(day) for day in zip(*(pod.satisfaction for pod in pods), strict=True)],
        gate=QueueStatistics.merge([pod.gate for pod in pods]),
        wall_seconds=sum(pod.wall_seconds for pod in pods),
    )


def join_traces(traces: Sequence[Trace | None]) -> Trace | None:
    """The rows of all pods, or None if they were not kept.

    Args:
        traces: The rows of each pod.
    """
    kept = [trace for trace in traces if trace is not None]
    if len(kept) < len(traces):
        return None
    return kept[0] if len(kept) == 1 else Trace([row for trace in kept for row in trace.rows])
