"""Running one arm once: what goes in, what comes out, and which engine does it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from journey.errors import InputError
from simulation.choice import COMPILED, REFERENCE, choose
from simulation.setup import ArmSetup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.setup import ArmTable
    from simulation.tally import Tally
    from simulation.trace import Trace
    from simulation.trace_columns import TakeRows

__all__ = ["ArmSetup", "Run", "run_arm", "run_together"]


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
        gate: Backlog, utilisation and waits over time (`simulation.gate_book`); of all arms that share the gate.
        denominators: What the means and shares among the metrics are taken over (customers, requests, signals), so
            that those of several runs can be pooled.
        acquisition: Where the customers are buyers of a funnel: its totals by channel, segment, step and period, and
            the moves of budget (`simulation.acquisition.books`); empty elsewhere.
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
    acquisition: dict[str, Any] = field(default_factory=dict)


def run_of(
    engine: str,
    table: ArmTable,
    books: Tally,
    days: float,
    *,
    busy: float,
    gate: list[dict[str, float | None]],
    occupancy: list[dict[str, float]],
    wall_seconds: float,
    trace: Trace | None,
) -> Run:
    """What an engine has counted in one arm, as a run.

    Args:
        engine: Name of the engine.
        table: The arm.
        books: What was counted in it.
        days: The horizon.
        busy: Working time spent on reviews, in days.
        gate: The gate over time.
        occupancy: Share of customers per stage on a grid of days.
        wall_seconds: How long the engine took.
        trace: The rows, if they were kept.
    """
    return Run(
        arm=table.name,
        engine=engine,
        customers=sum(books.customers.values()),
        days=days,
        metrics=books.metrics(table, busy, days),
        quantities=books.quantities(table),
        occupancy=occupancy,
        events=books.kinds.total(),
        events_by_kind=dict(sorted(books.kinds.items())),
        decisions_by_reason=dict(sorted(books.reasons.items())),
        wall_seconds=wall_seconds,
        trace=trace,
        denominators=books.denominators(table, busy, days),
        reviews_by_verdict=dict(sorted(books.verdicts.items())),
        outcomes=dict(sorted(books.outcomes.items())),
        unhelped=books.unhelped_rows(table.machine.stages),
        gate=gate,
    )


def run_arm(
    setup: ArmSetup,
    *,
    seed: int,
    replication: int,
    days: float,
    trace: bool = False,
    engine: str = REFERENCE,
    take_rows: TakeRows | None = None,
) -> Run:
    """Live one cohort in one arm, once.

    Args:
        setup: The arm.
        seed: The scenario's seed, 0 or more.
        replication: Which replication; every arm lives the same replication on the same luck.
        days: The horizon, more than 0.
        trace: Whether to keep the trace.
        engine: ``reference``, ``compiled``, or ``auto`` to choose (`simulation.choice`). Both live the same lives.
        take_rows: Takes the rows of the trace, in order, some at a time, as an alternative to keeping them: the
            compiled engine gives them window by window, so that they never stand in memory together.

    Raises:
        InputError: The population's records cannot be used, or the compiled engine does not know a guard
            that a user registered.
    """
    (run,) = run_together(
        [setup], seed=seed, replication=replication, days=days, trace=trace, engine=engine, take_rows=take_rows
    )
    return run


def run_together(
    setups: Sequence[ArmSetup],
    *,
    seed: int,
    replication: int,
    days: float,
    trace: bool = False,
    engine: str = REFERENCE,
    take_rows: TakeRows | None = None,
) -> tuple[Run, ...]:
    """Live one cohort, once, split between arms that share the human gate: as a real A/B test would.

    Each customer is assigned to an arm by a keyed draw, in proportion to the arms' shares in the customer's segment,
    and lives under that arm's policy. World, population and reviewers are those of the first arm.

    Args:
        setups: The arms, at least one.
        seed: The scenario's seed, 0 or more.
        replication: Which replication.
        days: The horizon, more than 0.
        trace: Whether to keep the trace; all arms' rows stand in one.
        engine: See `run_arm`.
        take_rows: See `run_arm`.

    Returns:
        One run per arm, over the customers assigned to it.

    Raises:
        InputError: As `run_arm`; or the arms differ in what they must share.
    """
    refuse_different_worlds(setups)
    population = setups[0].population
    traced = trace or take_rows is not None
    chosen = choose(engine, setups, population.size * days, together=len(setups), traced=traced).engine
    asked = {"seed": seed, "replication": replication}
    if not population.is_listed or population.records is not None:
        return _live(chosen, setups, days=days, keep_trace=trace, take_rows=take_rows, **asked)
    from simulation.acquisition.books import funnel_rows, with_funnel
    from simulation.acquisition.buyers import refuse_to_share, run_funnel

    refuse_to_share(setups)
    run_funnel(setups[0], chosen, **asked)
    if take_rows is None:
        (run,) = _live(chosen, setups, days=days, keep_trace=trace, take_rows=None, **asked)
        return (with_funnel(run, setups[0], **asked),)
    from simulation.trace_columns import Merged

    merged = Merged(funnel_rows(setups[0], days, **asked), take_rows)
    (run,) = _live(chosen, setups, days=days, keep_trace=False, take_rows=merged.take, **asked)
    merged.finish()
    return (with_funnel(run, setups[0], **asked),)


def _live(
    engine: str,
    setups: Sequence[ArmSetup],
    *,
    seed: int,
    replication: int,
    days: float,
    keep_trace: bool,
    take_rows: TakeRows | None,
) -> tuple[Run, ...]:
    asked = {"seed": seed, "replication": replication}
    if engine == COMPILED:
        from simulation.compiled.engine import run_compiled

        return run_compiled(setups, days=days, keep_trace=keep_trace, take_rows=take_rows, **asked)
    from simulation.reference import run_reference

    return run_reference(setups, days=days, keep_trace=keep_trace, take_rows=take_rows, **asked)


def refuse_different_worlds(setups: Sequence[ArmSetup]) -> None:
    """Say so when arms cannot share one run.

    Raises:
        InputError: They differ in what they must share: journey, world, population or reviewers.
    """
    first = setups[0]
    for setup in setups[1:]:
        for shared in ("journey", "world", "population", "reviewers"):
            if getattr(setup, shared) != getattr(first, shared):
                raise InputError(
                    f"arm {setup.name!r} differs from {first.name!r} in its {shared}; "
                    "arms that share one run must share it (compare them counterfactually instead)"
                )
