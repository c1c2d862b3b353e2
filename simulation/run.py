"""Running one arm once: what goes in, what comes out, and which engine does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulation.setup import ArmSetup

if TYPE_CHECKING:
    from simulation.trace import Trace

__all__ = ["ArmSetup", "Run", "run_arm"]


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


def run_arm(setup: ArmSetup, *, seed: int, replication: int, days: float, trace: bool = False) -> Run:
    """Live one cohort in one arm, once.

    Args:
        setup: The arm.
        seed: The scenario's seed, 0 or more.
        replication: Which replication; every arm lives the same replication on the same luck.
        days: The horizon, more than 0.
        trace: Whether to keep the trace.

    Raises:
        InputError: The population's records cannot be used.
    """
    from simulation.reference import run_reference

    return run_reference(setup, seed=seed, replication=replication, days=days, keep_trace=trace)
