"""Build the results of runs from the totals of an engine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from simulation.metrics.counters import build_time_grid
from simulation.metrics.own_metrics import (
    compute_own_metrics,
    compute_ratios,
    count_customers_by_part,
    list_quantile_times,
)
from simulation.metrics.rule_metrics import compute_rule_metrics
from simulation.metrics.run_results import Run
from simulation.metrics.satisfaction import build_satisfaction_rows
from simulation.metrics.totals import Totals, join_traces, merge_totals
from simulation.model.arm import ArmSpec, compile_arm

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulation.model.metric_spec import MetricSpec
    from simulation.trace.events import Trace


def build_runs(
    engine: str, arm_specs: Sequence[ArmSpec], pods: Sequence[Sequence[Totals]], days: float
) -> tuple[Run, ...]:
    """Build the runs of all arms from an engine's totals.

    Args:
        engine: Name of the engine.
        arm_specs: The arms.
        pods: The totals, by review pod and then by arm.
        days: Length of the run, in days.

    Returns:
        One run per arm.
    """
    by_arm = zip(arm_specs, zip(*pods, strict=True), strict=True)
    trace = join_traces([totals[0].trace for totals in pods])
    return tuple(_build_run(engine, arm_spec, merge_totals(totals), trace, days) for arm_spec, totals in by_arm)


def _build_run(engine: str, arm_spec: ArmSpec, totals: Totals, trace: Trace | None, days: float) -> Run:
    counters = totals.counters
    table = compile_arm(arm_spec, tuple(counters.segments))
    stages = table.machine.stages
    own = compute_own_metrics(table.metrics, counters.own, counters.segments, days)
    own |= compute_rule_metrics(table.rules, counters.rules, counters.segments)
    grid = build_time_grid(days)
    return Run(
        arm=arm_spec.name,
        engine=engine,
        customers=sum(counters.customers.values()),
        days=days,
        metrics=counters.compute_metrics(table, totals.gate.busy, days)
        | {name: metric.value for name, metric in own.items()},
        quantities=counters.compute_quantities(table),
        occupancy=[_occupancy_shares(day, stages, counts) for day, counts in zip(grid, totals.occupancy, strict=True)],
        csat=build_satisfaction_rows(grid, totals.satisfaction, totals.occupancy, table.parameters.live),
        events=counters.kinds.total(),
        events_by_kind=dict(sorted(counters.kinds.items())),
        decisions_by_reason=dict(sorted(counters.reasons.items())),
        wall_seconds=totals.wall_seconds,
        trace=trace,
        denominators=counters.compute_denominators(table, totals.gate.busy, days)
        | {name: metric.denominator for name, metric in own.items() if metric.denominator is not None}
        | count_customers_by_part(counters.own, counters.segments),
        reviews_by_verdict=dict(sorted(counters.verdicts.items())),
        outcomes=dict(sorted(counters.outcomes.items())),
        unhelped=counters.untreated_rows(stages),
        gate=totals.gate.rows(table.reviewers, table.parameters.review.reviewers),
        waits=[[bucket, count] for bucket, count in sorted(counters.waits.items())],
        quantile_times=list_quantile_times(table.metrics, counters.own) if arm_spec.share_by_segment else {},
    )


def add_ratios(metrics: Mapping[str, MetricSpec], run: Run) -> Run:
    """The run with the ratios of the scenario's metrics."""
    ratios = compute_ratios(metrics, run.metrics, run.denominators)
    if not ratios:
        return run
    return replace(
        run,
        metrics=run.metrics | {name: ratio.value for name, ratio in ratios.items()},
        denominators=run.denominators | {name: ratio.denominator or 0.0 for name, ratio in ratios.items()},
    )


def _occupancy_shares(day: float, stages: Sequence[str], counts: Sequence[int]) -> dict[str, float]:
    total = max(1, sum(counts))
    return {"day": day, **{name: count / total for name, count in zip(stages, counts, strict=True)}}
