"""Run one or more arms once."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from journey.core.errors import InputError
from simulation.acquisition.spec import AcquiredPopulation
from simulation.model.run_options import RunOptions
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
    """Simulate one cohort in one arm.

    Args:
        arm_spec: The arm.
        seed: The scenario's seed, 0 or more.
        replication: Number of the replication, from 0. All arms share the random numbers of a replication.
        days: Length of the run, more than 0.
        trace: Whether to keep the rows of the trace in memory.
        engine: ``reference``, ``compiled``, or ``auto`` to choose one (`simulation.runs.engine_choice`). Both engines
            produce the same results.
        trace_folder: A folder of `simulation.trace.files.trace_file` to write the rows of the trace to. The compiled
            engine writes them in batches, so that the rows are never all in memory.

    Raises:
        InputError: The population's records cannot be used, or the compiled engine does not support a guard that
            a user registered.
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
    """Simulate one cohort that is split between arms with shared reviewers, as in an A/B test.

    A keyed draw assigns each customer to an arm, in proportion to the arms' shares in the customer's segment. The
    arm's policy then applies to the customer. World, population and reviewers are those of the first arm.

    Args:
        arm_specs: The arms, at least one.
        seed: The scenario's seed, 0 or more.
        replication: Number of the replication, from 0.
        days: Length of the run, more than 0.
        trace: Whether to keep the rows of the trace; all runs then share one trace with the rows of all arms.
        engine: See `run_arm`.
        trace_folder: See `run_arm`.

    Returns:
        One run per arm, over the customers assigned to it.

    Raises:
        InputError: As `run_arm`; or the arms differ in what they must share.
    """
    refuse_different_worlds(arm_specs)
    choice = choose_engine(engine, arm_specs, arm_specs[0].population.workload(days))
    options = RunOptions(seed, replication, days, choice.engine, trace, trace_folder)
    return collect_runs(arm_specs, [simulate_pod(pod, options) for pod in split_into_pods(arm_specs)], options)


def split_into_pods(arm_specs: Sequence[ArmSpec]) -> list[tuple[ArmSpec, ...]]:
    """The arms of a shared run, by review pod. Pods are independent, so they can be simulated in any order.

    Raises:
        InputError: A pod would be empty.
    """
    refuse_empty_pods(arm_specs[0])
    return list(zip(*(arm_spec.pods for arm_spec in arm_specs), strict=True))


def refuse_empty_pods(arm_spec: ArmSpec) -> None:
    """Refuse an arm with fewer reviewers, or fewer customers, than pods.

    Raises:
        InputError: A pod would have no reviewer or no customer.
    """
    pods, size = arm_spec.reviewers.pods, arm_spec.population.size
    reviewers = arm_spec.reviewers.count_for(size)
    if pods > 1 and (reviewers < pods or size < pods):
        shared = f"{reviewers:,} reviewers" if reviewers < pods else f"{size:,} customers"
        raise InputError(
            f"reviewers.pods: {pods:,} pods cannot share {shared}; every pod needs at least one: set fewer pods, or "
            "more reviewers (reviewers.count or reviewers.per_1000)"
        )


def simulate_pod(arm_specs: Sequence[ArmSpec], options: RunOptions) -> tuple[Totals, ...]:
    """Simulate the customers of one review pod: the part of `run_together` that takes time.

    Args:
        arm_specs: The arms, each restricted to the same pod.
        options: The options of the run; the engine is ``reference`` or ``compiled``.

    Returns:
        The totals, by arm.
    """
    first = arm_specs[0]
    if isinstance(first.population, AcquiredPopulation):
        from simulation.acquisition.customers import refuse_to_share, run_funnel

        refuse_to_share(arm_specs)
        run_funnel(first, options.engine, seed=options.seed, replication=options.replication)
        if options.trace_folder is not None and not first.pod:
            _write_funnel(first, options, options.trace_folder)
    cohort = build_cohort(first.population, first.journey.compile(), seed=options.seed, replication=options.replication)
    with _open_pod_source(first.pod, options.trace_folder) as take_rows:
        if options.engine == COMPILED:
            from simulation.compiled.engine import simulate_compiled

            return simulate_compiled(arm_specs, cohort, options, take_rows=take_rows)
        from simulation.reference.engine import simulate_reference

        return simulate_reference(arm_specs, cohort, options, take_rows=take_rows)


_FUNNEL_SOURCE, _FIRST_POD_SOURCE = range(2)
"""Sources of rows, in the order of the trace: the funnel's steps come before the customers' events."""


def _open_pod_source(pod: int | None, trace_folder: Path | None) -> AbstractContextManager[RowSink | None]:
    if trace_folder is None:
        return nullcontext()
    from simulation.trace.files import open_source

    return open_source(_FIRST_POD_SOURCE + (pod or 0), trace_folder)


def _write_funnel(arm_spec: ArmSpec, options: RunOptions, trace_folder: Path) -> None:
    from simulation.acquisition.metrics import build_funnel_rows
    from simulation.trace.events import Trace
    from simulation.trace.files import open_source

    rows = build_funnel_rows(arm_spec, options.days, seed=options.seed, replication=options.replication)
    with open_source(_FUNNEL_SOURCE, trace_folder) as take_rows:
        Trace(rows).stream_to(take_rows)


def collect_runs(
    arm_specs: Sequence[ArmSpec], pods: Sequence[Sequence[Totals]], options: RunOptions
) -> tuple[Run, ...]:
    """Merge the totals of all pods into one run per arm.

    Args:
        arm_specs: The arms.
        pods: The totals, by pod and then by arm.
        options: The options that the pods were simulated with.
    """
    from simulation.runs.results import add_ratios, build_runs

    runs = build_runs(options.engine, arm_specs, pods, options.days)
    if isinstance(arm_specs[0].population, AcquiredPopulation):
        from simulation.acquisition.metrics import add_funnel_metrics

        runs = tuple(
            add_funnel_metrics(run, arm_specs[0], seed=options.seed, replication=options.replication) for run in runs
        )
    # Ratios come last, because they may be of any other metrics.
    return tuple(add_ratios(arm_spec.metrics, run) for arm_spec, run in zip(arm_specs, runs, strict=True))


def refuse_different_worlds(arm_specs: Sequence[ArmSpec]) -> None:
    """Refuse arms that cannot share one run.

    Raises:
        InputError: The arms differ in their journey, world, population or reviewers.
    """
    first = arm_specs[0]
    for arm_spec in arm_specs[1:]:
        for shared in ("journey", "world", "population", "reviewers"):
            if getattr(arm_spec, shared) != getattr(first, shared):
                raise InputError(
                    f"arm {arm_spec.name!r} differs from {first.name!r} in its {shared}; "
                    f"arms in one run must have the same {shared} (compare them counterfactually instead)"
                )
