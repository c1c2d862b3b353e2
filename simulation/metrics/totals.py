"""What an engine has counted, before it is made a run; the books of several review pods add up to those of all."""

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
    """One arm's customers, or those of one of its pods.

    Attributes:
        counters: What was counted of customers.
        occupancy: By day of the grid, how many customers were in each stage.
        busy: Working time spent on reviews, in days; of all arms that share the gate.
        gate: The gate over time; of all arms that share it.
        wall_seconds: How long the engine took.
        trace: The rows, if they were kept; of all arms that share the gate.
    """

    counters: Counters
    occupancy: list[list[int]]
    busy: float
    gate: QueueStatistics
    wall_seconds: float
    trace: Trace | None = None


def merge_totals(pods: Sequence[Totals]) -> Totals:
    """The books of all pods as one: counts are added, amounts in the order of the pods, so the result is the same.

    Rows are not among them: they are all arms' (`join_traces`).

    Args:
        pods: The books of each pod of one arm, at least one.
    """
    if len(pods) == 1:
        return pods[0]
    return Totals(
        counters=Counters.merge([pod.counters for pod in pods]),
        occupancy=[
            [sum(cell) for cell in zip(*days, strict=True)] for days in zip(*(p.occupancy for p in pods), strict=True)
        ],
        busy=sum(pod.busy for pod in pods),
        gate=QueueStatistics.merge([pod.gate for pod in pods]),
        wall_seconds=sum(pod.wall_seconds for pod in pods),
    )


def join_traces(traces: Sequence[Trace | None]) -> Trace | None:
    """The rows of all pods; None where they were not kept.

    Args:
        traces: The rows of each pod.
    """
    kept = [trace for trace in traces if trace is not None]
    if len(kept) < len(traces):
        return None
    return kept[0] if len(kept) == 1 else Trace([row for trace in kept for row in trace.rows])
