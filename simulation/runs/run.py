"""Running one arm once: what goes in, what comes out, and which engine does it."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from journey.core.errors import InputError
from simulation.acquisition.spec import AcquiredPopulation
from simulation.runs.cohort import build_cohort
from simulation.runs.engine_choice import COMPILED, REFERENCE, choose_engine

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from simulation.metrics.run_results import Run
    from simulation.metrics.totals import Totals
    from simulation.model.arm import ArmSpec
    from simulation.trace.columns import RowSink


def run_arm(
    arm_spec: ArmSpec,
    *,
    seed: int,
    replication: int,
    days: float,
    trace: bool = False,
    engine: str = REFERENCE,
    trace_folder: Path | None = None,
) -> Run:
    """Live one cohort in one arm, once.

    Args:
        arm_spec: The arm.
        seed: The scenario's seed, 0 or more.
        replication: Which replication; every arm lives the same replication on the same luck.
        days: The horizon, more than 0.
        trace: Whether to keep the trace.
        engine: ``reference``, ``compiled``, or ``auto`` to choose (`simulation.runs.engine_choice`). Both live the same
            lives.
        trace_folder: A folder of `simulation.trace.files.trace_file` to write the rows of the trace into, as an
            alternative to keeping them: the compiled engine gives them window by window, so that they never stand in
            memory together.

    Raises:
        InputError: The population's records cannot be used, or the compiled engine does not know a guard
            that a user registered.
    """
    (run,) = run_together(
        [arm_spec], seed=seed, replication=replication, days=days, trace=trace, engine=engine, trace_folder=trace_folder
    )
    return run


def run_together(
    arm_specs: Sequence[ArmSpec],
    *,
    seed: int,
    replication: int,
    days: float,
    trace: bool = False,
    engine: str = REFERENCE,
    trace_folder: Path | None = None,
) -> tuple[Run, ...]:
    """Live one cohort, once, split between arms that share the human gate: as a real A/B test would.

    Each customer is assigned to an arm by a keyed draw, in proportion to the arms' shares in the customer's segment,
    and lives under that arm's policy. World, population and reviewers are those of the first arm.

    Args:
        arm_specs: The arms, at least one.
        seed: The scenario's seed, 0 or more.
        replication: Which replication.
        days: The horizon, more than 0.
        trace: Whether to keep the trace; all arms' rows stand in one.
        engine: See `run_arm`.
        trace_folder: See `run_arm`.

    Returns:
        One run per arm, over the customers assigned to it.

    Raises:
        InputError: As `run_arm`; or the arms differ in what they must share.
    """
    refuse_different_worlds(arm_specs)
    chosen = choose_engine(
        engine, arm_specs, arm_specs[0].population.workload(days), arms_per_run=len(arm_specs)
    ).engine
    options: dict[str, Any] = {"engine": chosen, "seed": seed, "replication": replication, "days": days}
    return collect_runs(
        arm_specs,
        [
            simulate_pod(pod, keep_trace=trace, trace_folder=trace_folder, **options)
            for pod in split_into_pods(arm_specs)
        ],
        **options,
    )


def split_into_pods(arm_specs: Sequence[ArmSpec]) -> list[tuple[ArmSpec, ...]]:
    """Arms that share a run, by review pod: each pod lives by itself, whenever and wherever.

    Raises:
        InputError: A pod would be empty.
    """
    refuse_empty_pods(arm_specs[0])
    return list(zip(*(setup.pods for setup in arm_specs), strict=True))


def refuse_empty_pods(arm_spec: ArmSpec) -> None:
    """Say so when there are fewer reviewers, or customers, than pods.

    Raises:
        InputError: There are.
    """
    pods, size = arm_spec.reviewers.pods, arm_spec.population.size
    number = arm_spec.reviewers.count_for(size)
    if pods > 1 and (number < pods or size < pods):
        few = f"reviewers, of whom there are {number:,}" if number < pods else f"customers, of whom there are {size:,}"
        raise InputError(
            f"reviewers.pods: {pods:,} pods cannot share the {few}; every pod needs at least one: set fewer pods, or "
            "more reviewers (reviewers.count or reviewers.per_1000)"
        )


def simulate_pod(
    arm_specs: Sequence[ArmSpec],
    *,
    engine: str,
    seed: int,
    replication: int,
    days: float,
    keep_trace: bool = False,
    trace_folder: Path | None = None,
) -> tuple[Totals, ...]:
    """Live the customers of one review pod; see `run_together`, of which this is the part that takes time.

    Args:
        arm_specs: The arms, each of the same pod.
        engine: ``reference`` or ``compiled``.
        seed: The scenario's seed.
        replication: Which replication.
        days: The horizon.
        keep_trace: Whether to keep the rows of the trace.
        trace_folder: Where they are written otherwise; see `run_arm`.

    Returns:
        What was counted, by arm.
    """
    options: dict[str, Any] = {"seed": seed, "replication": replication, "days": days}
    if isinstance(arm_specs[0].population, AcquiredPopulation):
        from simulation.acquisition.customers import refuse_to_share, run_funnel

        refuse_to_share(arm_specs)
        run_funnel(arm_specs[0], engine, seed=seed, replication=replication)
        if trace_folder is not None and not arm_specs[0].pod:
            _write_funnel(arm_specs[0], trace_folder, **options)
    first = arm_specs[0]
    cohort = build_cohort(first.population, first.journey.compile(), seed=seed, replication=replication)
    with _open_pod_source(first.pod, trace_folder) as take_rows:
        if engine == COMPILED:
            from simulation.compiled.engine import simulate_compiled

            return simulate_compiled(arm_specs, cohort, keep_trace=keep_trace, take_rows=take_rows, **options)
        from simulation.reference.engine import simulate_reference

        return simulate_reference(arm_specs, cohort, keep_trace=keep_trace, take_rows=take_rows, **options)


_FUNNEL_SOURCE, _FIRST_POD_SOURCE = range(2)
"""Sources of rows: the steps that lead to being a customer come before what happens to one."""


def _open_pod_source(pod: int | None, trace_folder: Path | None) -> AbstractContextManager[RowSink | None]:
    if trace_folder is None:
        return nullcontext()
    from simulation.trace.files import open_source

    return open_source(_FIRST_POD_SOURCE + (pod or 0), trace_folder)


def _write_funnel(arm_spec: ArmSpec, trace_folder: Path, *, seed: int, replication: int, days: float) -> None:
    from simulation.acquisition.metrics import build_funnel_rows
    from simulation.trace.events import Trace
    from simulation.trace.files import open_source

    with open_source(_FUNNEL_SOURCE, trace_folder) as take_rows:
        Trace(build_funnel_rows(arm_spec, days, seed=seed, replication=replication)).stream_to(take_rows)


def collect_runs(
    arm_specs: Sequence[ArmSpec],
    pods: Sequence[Sequence[Totals]],
    *,
    engine: str,
    seed: int,
    replication: int,
    days: float,
) -> tuple[Run, ...]:
    """What the pods have counted, as runs of all customers: one per arm.

    Args:
        arm_specs: The arms.
        pods: By pod, then by arm, what was counted.
        engine: The engine that did it.
        seed: The scenario's seed.
        replication: Which replication.
        days: The horizon.
    """
    from simulation.runs.results import build_runs

    runs = build_runs(engine, arm_specs, pods, days)
    if not isinstance(arm_specs[0].population, AcquiredPopulation):
        return runs
    from simulation.acquisition.metrics import add_funnel_metrics

    return tuple(add_funnel_metrics(run, arm_specs[0], seed=seed, replication=replication) for run in runs)


def refuse_different_worlds(arm_specs: Sequence[ArmSpec]) -> None:
    """Say so when arms cannot share one run.

    Raises:
        InputError: They differ in what they must share: journey, world, population or reviewers.
    """
    first = arm_specs[0]
    for setup in arm_specs[1:]:
        for shared in ("journey", "world", "population", "reviewers"):
            if getattr(setup, shared) != getattr(first, shared):
                raise InputError(
                    f"arm {setup.name!r} differs from {first.name!r} in its {shared}; "
                    "arms that share one run must share it (compare them counterfactually instead)"
                )
