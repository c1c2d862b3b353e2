"""The results of one run of one arm."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulation.trace.events import Trace


@dataclass(frozen=True)
class Run:
    """One cohort lived in one arm.

    Attributes:
        arm: Name of the arm.
        engine: The engine that did it.
        customers: Size of the cohort.
        days: The horizon.
        metrics: What a person reads; None where nothing happened that it could be measured on.
        quantities: What money is made of, over the whole cohort and the horizon.
        occupancy: Share of customers per stage on a grid of days.
        events: Number of trace rows, whether they were kept or not.
        events_by_kind: The same by kind.
        decisions_by_reason: How many evaluations each rule took out, and how many led to an action.
        wall_seconds: The engine alone, without reading, compiling or writing.
        trace: The rows, when they were asked for.
        reviews_by_verdict: How many requests for review ended in each way.
        outcomes: How many actions had each outcome.
        unhelped: Episodes of distress by the stage they began in and by segment, and how many got nothing.
        gate: Backlog, utilisation and waits over time (`simulation.metrics.queue_statistics`); of all arms that share
            the gate.
        denominators: What the means and shares among the metrics are taken over (customers, requests, signals), so
            that those of several runs can be pooled.
        waits: Of the requests for review that are over: by bucket of `simulation.metrics.quantile_sketch`, how many
            waited so long.
        acquisition: Where the customers are buyers of a funnel: its totals by channel, segment, step and period, and
            the moves of budget (`simulation.acquisition.metrics`); empty elsewhere.
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
    waits: list[list[int]] = field(default_factory=list)
    acquisition: dict[str, Any] = field(default_factory=dict)
