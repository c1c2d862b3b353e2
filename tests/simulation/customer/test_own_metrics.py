"""The metrics of a scenario: both engines, and what the trace shows."""

from collections import Counter
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation.compiled import row_retention
from simulation.model.metric_spec import MetricSpec
from simulation.runs.engine_choice import COMPILED
from simulation.runs.run import run_arm
from tests.levels import examples
from tests.simulation.customer.metric_strategies import metric_sets
from tests.simulation.full_worlds import full_arm
from tests.simulation.world_strategies import POLICIES, REVIEWERS, populations, worlds
from tests.simulation.worlds import arm


@contextmanager
def rows_kept(count):
    """Limit the number of customers that keep a row between the two passes of the compiled engine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_retention, "RETAINED_ROWS", count)
        yield


def own(run, metrics):
    """The values and denominators of a scenario's metrics in a run."""
    return [
        {name: value for name, value in table.items() if name.partition("[")[0] in metrics}
        for table in (run.metrics, run.denominators)
    ]


def assert_same_in_both_engines(arm_spec, *, seed, days):
    """Both engines give the same bits: with a trace, in two passes, and where all customers are simulated twice."""
    options = {"seed": seed, "replication": 0, "days": days}
    expected = own(run_arm(arm_spec, **options, trace=True), arm_spec.metrics)
    assert {name.partition("[")[0] for name in expected[0]} == set(arm_spec.metrics)
    assert own(run_arm(arm_spec, **options, trace=True, engine=COMPILED), arm_spec.metrics) == expected
    for kept in (row_retention.RETAINED_ROWS, 0):
        with rows_kept(kept):
            assert own(run_arm(arm_spec, **options, engine=COMPILED), arm_spec.metrics) == expected


@pytest.mark.compiled
@settings(max_examples=examples(12, otherwise=4))
@given(metric_sets(), worlds(), populations(), REVIEWERS, POLICIES, st.integers(0, 2**32), st.floats(10.0, 150.0))
def test_both_engines_agree_on_any_metrics_of_any_world(metrics, world, population, reviewers, policy, seed, days):
    arm_spec = arm(world=world, population=population, reviewers=reviewers, policy=policy, metrics=metrics)
    assert_same_in_both_engines(arm_spec, seed=seed, days=days)


@pytest.mark.compiled
@settings(max_examples=5)
@given(metric_sets(), st.integers(0, 2**32))
def test_both_engines_agree_on_any_metrics_of_a_world_with_everything(metrics, seed):
    assert_same_in_both_engines(full_arm(metrics=metrics), seed=seed, days=120.0)


COUNTS = {
    "moves": MetricSpec(count_of="move:open_ticket"),
    "entries": MetricSpec(count_of="support"),
    "signals": MetricSpec(count_of="signal:usage_drop"),
    "actions": MetricSpec(count_of="action:usage_review_checkin"),
    "approved": MetricSpec(count_of="review:approved"),
    "rejected": MetricSpec(count_of="review:rejected"),
}


def test_counts_are_those_of_the_trace():
    run = run_arm(full_arm(metrics=COUNTS, population={"size": 200}), seed=1, replication=0, days=200.0, trace=True)
    rows = run.trace.rows
    labels = Counter((row.kind, row.label) for row in rows if row.reason not in ("orphaned", "duplicate"))
    assert {name: run.metrics[name] for name in COUNTS} == {
        "moves": labels["move", "open_ticket"],
        "entries": sum(row.to_stage == "support" for row in rows if row.kind in ("move", "arrival")),
        "signals": labels["signal", "usage_drop"],
        "actions": labels["action", "usage_review_checkin"],
        "approved": labels["review_decided", "approved"],
        "rejected": labels["review_decided", "rejected"],
    }
    assert all(run.metrics[name] > 0 for name in COUNTS)


def test_segments_and_tiers_add_up_to_all_customers():
    metrics = COUNTS | {"revenue": MetricSpec(revenue="all"), "value": MetricSpec(value_of="retention")}
    run = run_arm(full_arm(metrics=metrics, population={"size": 100}), seed=2, replication=0, days=100.0)
    for name in metrics:
        by_segment = sum(run.metrics[f"{name}[{segment}]"] for segment in ("SMB", "Enterprise"))
        by_tier = sum(run.metrics[f"{name}[tier={tier}]"] for tier in ("low", "medium", "high"))
        assert run.metrics[name] == pytest.approx(by_segment) == pytest.approx(by_tier)
