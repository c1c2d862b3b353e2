"""Running one arm once: what goes in, what comes out, and which engine does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulation.setup import ArmSetup

if TYPE_CHECKING:
    from simulation.trace import Trace

__all__ = ["ArmSetup", "Run", "engine_for", "run_arm"]

REFERENCE = "reference"
COMPILED = "compiled"
AUTO = "auto"

WORTH_COMPILING = 100e6
"""Customer-days from which `auto` takes the compiled engine: the reference engine needs minutes for them, and the
compiler most of a minute, once for each installation."""


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


def engine_for(asked: str, customer_days: float) -> str:
    """The engine that `auto` means for this much work; another name stands for itself."""
    if asked != AUTO:
        return asked
    return COMPILED if customer_days >= WORTH_COMPILING else REFERENCE


def run_arm(
    setup: ArmSetup, *, seed: int, replication: int, days: float, trace: bool = False, engine: str = REFERENCE
) -> Run:
    """Live one cohort in one arm, once.

    Args:
        setup: The arm.
        seed: The scenario's seed, 0 or more.
        replication: Which replication; every arm lives the same replication on the same luck.
        days: The horizon, more than 0.
        trace: Whether to keep the trace.
        engine: ``reference``, ``compiled``, or ``auto`` to choose by the amount of work. Both live the same lives.

    Raises:
        InputError: The population's records cannot be used, or the compiled engine does not know a guarded move.
    """
    if engine_for(engine, setup.population.size * days) == COMPILED:
        from simulation.compiled.engine import run_compiled

        return run_compiled(setup, seed=seed, replication=replication, days=days, keep_trace=trace)
    from simulation.reference import run_reference

    return run_reference(setup, seed=seed, replication=replication, days=days, keep_trace=trace)
