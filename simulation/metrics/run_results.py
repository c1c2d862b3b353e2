"""The results of one run of one arm."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulation.trace.events import Trace


@dataclass(frozen=True)
class Run:
    """The results of one cohort in one arm.

    Attributes:
        arm: Name of the arm.
        engine: Name of the engine.
        customers: Size of the cohort.
        days: Length of the run, in days.
        metrics: Values of the metrics; None if a metric's denominator is 0.
        quantities: Quantities that costs and revenue are computed from, over the whole cohort and run; unknown ones are
            missing.
        occupancy: Share of customers per stage on a grid of days.
        csat: Mean satisfaction on the same days, and number of customers with an account
            (`simulation.metrics.satisfaction`).
        events: Number of trace rows, whether or not they were kept.
        events_by_kind: Number of trace rows by kind.
        decisions_by_reason: Number of evaluations by reason code.
        wall_seconds: Run time of the engine in seconds, without reading, compiling or writing.
        trace: The rows of the trace, if they were kept.
        reviews_by_verdict: Number of closed review requests by verdict.
        outcomes: Number of actions by outcome.
        unhelped: Episodes of distress by initial stage and segment, and the number of untreated ones.
        gate: Backlog, utilisation and waits over time (`simulation.metrics.queue_statistics`), over all arms in the
            run.
        denominators: Denominators of the means and shares among the metrics (customers, requests, signals), so that
            metrics of several runs can be pooled.
        waits: Waits of requests decided by a reviewer: pairs of a bucket of `simulation.metrics.quantile_sketch` and
            its count.
        quantile_times: Of a run over a part of the customers: the observations of each metric that is a quantile, so
            that it can be computed over several parts (`simulation.metrics.own_metrics`).
        acquisition: Results of the acquisition funnel, if the customers come from one: totals by channel, segment, step
            and period, and budget transfers (`simulation.acquisition.metrics`). Else empty.
    """

    arm: str
    engine: str
    customers: int
    days: float
    metrics: dict[str, float | None]
    quantities: dict[str, float]
    occupancy: list[dict[str, float]]
    events: int
    events_by_kind: dict[str, int]
    decisions_by_reason: dict[str, int]
    wall_seconds: float
    trace: Trace | None = None
    denominators: dict[str, float] = field(default_factory=dict)
    reviews_by_verdict: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    unhelped: list[dict[str, str | int]] = field(default_factory=list)
    gate: list[dict[str, float | None]] = field(default_factory=list)
    csat: list[dict[str, float | None]] = field(default_factory=list)
    waits: list[list[int]] = field(default_factory=list)
    quantile_times: dict[str, list[list[int]]] = field(default_factory=dict)
    acquisition: dict[str, Any] = field(default_factory=dict)
