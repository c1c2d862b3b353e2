"""The metrics of a scenario in pods, in shared runs, with recorded and with acquired customers."""

from dataclasses import replace

import pytest

from simulation.metrics.own_totals import OwnTotals
from simulation.model.metric_spec import MetricSpec
from simulation.model.reviewers_spec import Reviewers
from simulation.model.run_options import RunOptions
from simulation.runs.engine_choice import REFERENCE
from simulation.runs.run import run_arm, run_together, simulate_pod, split_into_pods
from tests.simulation.worlds import arm

METRICS = {
    "mature": MetricSpec.model_validate({"reached": "retention", "from": "engagement", "within_days": 40}),
    "days": MetricSpec(time_in="support"),
    "signals": MetricSpec(count_of="signal:usage_drop"),
    "revenue": MetricSpec(revenue="all"),
    "per_signal": MetricSpec(ratio=("revenue", "signals")),
}


def test_pods_add_up_in_any_order():
    arm_spec = arm(metrics=METRICS, population={"size": 60}, reviewers=Reviewers(count=3, pods=3))
    options = RunOptions(seed=1, replication=0, days=90.0, engine=REFERENCE)
    totals = [simulate_pod(pod, options)[0].counters.own for pod in split_into_pods([arm_spec])]
    merged, reversed_ = OwnTotals.merge(totals), OwnTotals.merge(totals[::-1])
    for name in ("customers", "counts", "amounts", "times"):
        assert (getattr(merged, name) == getattr(reversed_, name)).all()
    assert merged.customers.sum() == 60
    run = run_arm(arm_spec, seed=1, replication=0, days=90.0)
    assert run.metrics["signals"] == merged.counts[2].sum()


def test_arms_of_a_shared_run_have_their_own_metrics():
    arms = [arm("baseline", active=False, metrics=METRICS), arm("treated", metrics=METRICS)]
    runs = run_together(arms, seed=2, replication=0, days=90.0)
    for run in runs:
        assert run.metrics["per_signal"] == run.metrics["revenue"] / run.metrics["signals"]
        assert run.denominators["days"] == run.customers
        assert run.metrics["revenue"] == pytest.approx(run.quantities["revenue"], abs=1e-3)
    assert sum(run.customers for run in runs) == 60


def test_own_metrics_change_nothing_else():
    arm_spec = arm(population={"size": 40})
    plain = run_arm(arm_spec, seed=3, replication=0, days=90.0, trace=True)
    measured = run_arm(replace(arm_spec, metrics=METRICS), seed=3, replication=0, days=90.0, trace=True)
    assert measured.trace.rows == plain.trace.rows
    assert measured.quantities == plain.quantities
    assert {name: measured.metrics[name] for name in plain.metrics} == plain.metrics
