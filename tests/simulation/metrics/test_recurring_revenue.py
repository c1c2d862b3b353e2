"""Recurring revenue: exact sums from the trace by SQL, and the identity of start, changes and end."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.metrics.recurring_revenue import REVENUE_METRICS
from simulation.runs.run import run_arm
from tests.golden.generated import WORLDS, generated_arm
from tests.simulation.traces_in_sql import connect_trace
from tests.simulation.worlds import ARRIVING, CHANGING_VALUES, arm, win_back_journey

DAYS = 200.0
ENGINES = ["reference", pytest.param("compiled", marks=pytest.mark.compiled)]

ENDS = """
WITH ends AS (
    SELECT number, any_value(persons.segment) AS segment,
        any_value(if(arrives_at = 0 AND persons.stage <> 'churned', persons.account_value, 0)) / 12 AS before,
        coalesce(arg_max(trace.account_value, n), any_value(persons.account_value)) / 12
            * (coalesce(arg_max(coalesce(to_stage, trace.stage), n), any_value(persons.stage)) <> 'churned')::INTEGER
            AS after
    FROM persons LEFT JOIN (
        SELECT *, row_number() OVER () AS n FROM trace WHERE kind IN ('move', 'value_change', 'arrival')
    ) AS trace ON number = customer
    WHERE arrives_at < $days
    GROUP BY number
)
SELECT sum(before), sum(after), 12 * sum(after), sum(after) FILTER (before = 0),
    sum(after - before) FILTER (before > 0 AND after > before),
    sum(before - after) FILTER (after > 0 AND after < before), sum(before) FILTER (after = 0),
    sum(least(before, after)) / sum(before), sum(after) FILTER (before > 0) / sum(before),
    count(*) FILTER (before > 0 AND after = 0) / count(*) FILTER (before > 0)
FROM ends WHERE segment LIKE $segment
"""


def _report_all(setup):
    return replace(setup, reported=frozenset(REVENUE_METRICS))


@pytest.mark.parametrize("engine", ENGINES)
def test_every_metric_is_that_of_sql_on_the_trace(engine, tmp_path):
    setup = _report_all(arm(world=CHANGING_VALUES, population=ARRIVING, journey=win_back_journey()))
    run = run_arm(setup, seed=3, replication=0, days=DAYS, trace=True, engine=engine)
    with connect_trace(setup, run, tmp_path, seed=3) as connection:
        for part, like in (("", "%"), ("[SMB]", "SMB"), ("[Enterprise]", "Enterprise")):
            expected = connection.execute(ENDS, {"days": DAYS, "segment": like}).fetchone()
            found = [run.metrics[f"{name}{part}"] for name in REVENUE_METRICS]
            assert found == pytest.approx([value or 0.0 for value in expected], rel=1e-9)
            assert run.metrics["mrr_start"] > run.metrics["churned_mrr"] > 0.0


@pytest.mark.medium
@pytest.mark.parametrize("engine", ENGINES)
@given(number=st.integers(0, WORLDS - 1), seed=st.integers(0, 2**32))
def test_start_and_changes_give_the_end_in_any_world(engine, number, seed):
    setup = _report_all(generated_arm(number))
    metrics = run_arm(setup, seed=seed, replication=0, days=90.0, engine=engine).metrics
    for part in ("", *(f"[{name}]" for name in setup.population.segments)):
        start, end, arr, new, expansion, contraction, churned, gross, net, churn = (
            metrics[f"{name}{part}"] for name in REVENUE_METRICS
        )
        assert end == pytest.approx(start - churned - contraction + expansion + new, rel=1e-9, abs=1e-6)
        assert arr == pytest.approx(12.0 * end)
        assert min(new, expansion, contraction, churned) >= 0.0
        if start > 0.0:
            assert 0.0 <= gross <= min(1.0, net + 1e-12)
            assert gross == pytest.approx((start - churned - contraction) / start, abs=1e-9)
            assert net == pytest.approx((end - new) / start, abs=1e-9)
            assert 0.0 <= churn <= 1.0
        else:
            assert (gross, net, churn) == (None, None, None)


def test_a_run_has_only_the_metrics_that_are_asked_for():
    setup = replace(arm(), reported=frozenset({"mrr"}))
    metrics = run_arm(setup, seed=1, replication=0, days=20.0).metrics
    assert {name for name in metrics if name.partition("[")[0] in REVENUE_METRICS} == {
        "mrr", "mrr[SMB]", "mrr[Enterprise]"
    }  # fmt: skip
    assert metrics["mrr"] * 12.0 == pytest.approx(metrics["retained_value"])
