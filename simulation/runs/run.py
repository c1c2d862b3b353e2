"""Running one arm once: what goes in, what comes out, and which engine does it."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from journey.core.errors import InputError
from simulation.acquisition.spec import AcquiredPopulation
from simulation.runs.cohort import people
from simulation.runs.engine_choice import COMPILED, REFERENCE, choose

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from simulation.metrics.run_results import Run
    from simulation.metrics.totals import Books
    from simulation.model.arm import ArmSetup
    from simulation.trace.columns import TakeRows


def run_arm(
    setup: ArmSetup,
    *,
    seed: int,
    replication: int,
    days: float,
    trace: bool = False,
    engine: str = REFERENCE,
    rows_to: Path | None = None,
) -> Run:
    """Live one cohort in one arm, once.

    Args:
        setup: The arm.
        seed: The scenario's seed, 0 or more.
        replication: Which replication; every arm lives the same replication on the same luck.
        days: The horizon, more than 0.
        trace: Whether to keep the trace.
        engine: ``reference``, ``compiled``, or ``auto`` to choose (`simulation.runs.engine_choice`). Both live the same
            lives.
        rows_to: A folder of `simulation.trace.files.trace_file` to write the rows of the trace into, as an alternative
            to keeping them: the compiled engine gives them window by window, so that they never stand in memory
            together.

    Raises:
        InputError: The population's records cannot be used, or the compiled engine does not know a guard
            that a user registered.
    """
    (run,) = run_together(
        [setup], seed=seed, replication=replication, days=days, trace=trace, engine=engine, rows_to=rows_to
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
    rows_to: Path | None = None,
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
        rows_to: See `run_arm`.

    Returns:
        One run per arm, over the customers assigned to it.

    Raises:
        InputError: As `run_arm`; or the arms differ in what they must share.
    """
    refuse_different_worlds(setups)
    chosen = choose(engine, setups, setups[0].population.work(days), together=len(setups)).engine
    how: dict[str, Any] = {"engine": chosen, "seed": seed, "replication": replication, "days": days}
    return close(setups, [live_pod(pod, keep_trace=trace, rows_to=rows_to, **how) for pod in pods_of(setups)], **how)


def pods_of(setups: Sequence[ArmSetup]) -> list[tuple[ArmSetup, ...]]:
    """Arms that share a run, by review pod: each pod lives by itself, whenever and wherever.

    Raises:
        InputError: A pod would be empty.
    """
    refuse_empty_pods(setups[0])
    return list(zip(*(setup.pods for setup in setups), strict=True))


def refuse_empty_pods(setup: ArmSetup) -> None:
    """Say so when there are fewer reviewers, or customers, than pods.

    Raises:
        InputError: There are.
    """
    pods, size = setup.reviewers.pods, setup.population.size
    number = setup.reviewers.number(size)
    if pods > 1 and (number < pods or size < pods):
        few = f"reviewers, of whom there are {number:,}" if number < pods else f"customers, of whom there are {size:,}"
        raise InputError(
            f"reviewers.pods: {pods:,} pods cannot share the {few}; every pod needs at least one: set fewer pods, or "
            "more reviewers (reviewers.count or reviewers.per_1000)"
        )


def live_pod(
    setups: Sequence[ArmSetup],
    *,
    engine: str,
    seed: int,
    replication: int,
    days: float,
    keep_trace: bool = False,
    rows_to: Path | None = None,
) -> tuple[Books, ...]:
    """Live the customers of one review pod; see `run_together`, of which this is the part that takes time.

    Args:
        setups: The arms, each of the same pod.
        engine: ``reference`` or ``compiled``.
        seed: The scenario's seed.
        replication: Which replication.
        days: The horizon.
        keep_trace: Whether to keep the rows of the trace.
        rows_to: Where they are written otherwise; see `run_arm`.

    Returns:
        What was counted, by arm.
    """
    how: dict[str, Any] = {"seed": seed, "replication": replication, "days": days}
    if isinstance(setups[0].population, AcquiredPopulation):
        from simulation.acquisition.customers import refuse_to_share, run_funnel

        refuse_to_share(setups)
        run_funnel(setups[0], engine, seed=seed, replication=replication)
        if rows_to is not None and not setups[0].pod:
            _write_funnel(setups[0], rows_to, **how)
    first = setups[0]
    population = people(first.population, first.journey.compile(), seed=seed, replication=replication)
    with _rows_of_pod(first.pod, rows_to) as take_rows:
        if engine == COMPILED:
            from simulation.compiled.engine import simulate_compiled

            return simulate_compiled(setups, population, keep_trace=keep_trace, take_rows=take_rows, **how)
        from simulation.reference.engine import live_reference

        return live_reference(setups, population, keep_trace=keep_trace, take_rows=take_rows, **how)


_FUNNEL, _FIRST_POD = range(2)
"""Sources of rows: the steps that lead to being a customer come before what happens to one."""


def _rows_of_pod(pod: int | None, rows_to: Path | None) -> AbstractContextManager[TakeRows | None]:
    if rows_to is None:
        return nullcontext()
    from simulation.trace.files import rows_of

    return rows_of(_FIRST_POD + (pod or 0), rows_to)


def _write_funnel(setup: ArmSetup, rows_to: Path, *, seed: int, replication: int, days: float) -> None:
    from simulation.acquisition.metrics import build_funnel_rows
    from simulation.trace.events import Trace
    from simulation.trace.files import rows_of

    with rows_of(_FUNNEL, rows_to) as take_rows:
        Trace(build_funnel_rows(setup, days, seed=seed, replication=replication)).hand_on(take_rows)


def close(
    setups: Sequence[ArmSetup],
    pods: Sequence[Sequence[Books]],
    *,
    engine: str,
    seed: int,
    replication: int,
    days: float,
) -> tuple[Run, ...]:
    """What the pods have counted, as runs of all customers: one per arm.

    Args:
        setups: The arms.
        pods: By pod, then by arm, what was counted.
        engine: The engine that did it.
        seed: The scenario's seed.
        replication: Which replication.
        days: The horizon.
    """
    from simulation.runs.results import runs_of

    runs = runs_of(engine, setups, pods, days)
    if not isinstance(setups[0].population, AcquiredPopulation):
        return runs
    from simulation.acquisition.metrics import add_funnel_metrics

    return tuple(add_funnel_metrics(run, setups[0], seed=seed, replication=replication) for run in runs)


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
