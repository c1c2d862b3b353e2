"""Compare an engine with the oracle: every row of the trace exactly, and the totals except for rounding."""

from types import SimpleNamespace

import pytest

from simulation.model.run_options import RunOptions
from simulation.runs.cohort import build_cohort
from simulation.runs.results import build_runs
from simulation.runs.run import simulate_pod, split_into_pods
from simulation.verification.trace_diff import compare_runs
from tests.oracle.engine import simulate_oracle


def assert_equal_to_oracle(engine, arm_specs, *, seed, days, replication=0):
    """Simulate the arms pod by pod with the engine and with the oracle; a failure reports the first difference.

    Returns:
        The rows of all pods.
    """
    options = RunOptions(seed, replication, days, engine, keep_trace=True)
    rows = []
    for pod in split_into_pods(arm_specs):
        totals = simulate_pod(pod, options)
        machine = pod[0].journey.compile()
        cohort = build_cohort(pod[0].population, machine, seed=seed, replication=replication)
        oracle = simulate_oracle(pod, cohort, options)
        difference = compare_runs(
            SimpleNamespace(engine="oracle", trace=oracle.trace), SimpleNamespace(engine=engine, trace=totals[0].trace)
        )
        assert difference is None, difference.report
        for run, expected in zip(build_runs(engine, pod, [totals], days), oracle.arms, strict=True):
            _assert_equal_totals(run, expected.counters, expected.table)
        rows += oracle.trace.rows
    return rows


def _assert_equal_totals(run, counters, table):
    assert run.customers == counters.customers.total()
    assert run.events_by_kind == dict(counters.kinds)
    assert run.decisions_by_reason == dict(counters.reasons)
    assert run.reviews_by_verdict == dict(counters.verdicts)
    assert run.outcomes == dict(counters.outcomes)
    assert run.unhelped == counters.untreated_rows(table.machine.stages)
    assert run.quantities == _approximately(counters.compute_quantities(table))
    metrics = counters.compute_metrics(table)
    # The oracle has one mean wait over all closed requests, a run has one for each way in which a request ends.
    mean_wait = metrics.pop("review_wait_days_mean")
    waits = [_total_of(run, f"{end}_wait_days_mean") for end in ("review", "expired", "withdrawn")]
    assert sum(waits) == pytest.approx((mean_wait or 0.0) * counters.requests, rel=1e-12, abs=1e-9)
    assert {name: run.metrics[name] for name in metrics} == _approximately(metrics)


def _total_of(run, metric):
    """A total from its mean."""
    return (run.metrics[metric] or 0.0) * run.denominators[metric]


def _approximately(values):
    """Engines may add up amounts in another order than the oracle."""
    return {
        name: None if value is None else pytest.approx(value, rel=1e-12, abs=1e-9) for name, value in values.items()
    }
