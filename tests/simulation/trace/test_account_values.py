"""The trace carries each customer's segment and account value: revenue by SQL is that of the run."""

import duckdb
import pytest

from simulation.exports.histories import initial_histories
from simulation.runs.run import run_arm
from tests.simulation.worlds import WIN_BACK, arm, win_back_journey

DAYS = 200.0
FACTORS = {"expansion": 1.3, "contraction": 0.6}

WORLD_OF_CHANGES = {
    **WIN_BACK,
    "value_changes": {name: {"per_day": {"retention": 0.01}, "factor": factor} for name, factor in FACTORS.items()},
}

# A row has the stage before the event, so each row ends an interval in its stage; one more ends at the horizon.
REVENUE = """
WITH marks AS (
    SELECT number, arrives_at AS time, stage AS stage_after, account_value, 0 AS place FROM persons
    UNION ALL
    SELECT customer, time, coalesce(to_stage, stage), account_value, row_number() OVER ()
    FROM trace WHERE kind IN ('move', 'value_change')
),
intervals AS (
    SELECT *, lead(time, 1, $days) OVER (PARTITION BY number ORDER BY time, place) - time AS length FROM marks
)
SELECT sum(account_value * length) / 365 FROM intervals WHERE stage_after NOT IN ('churned')
"""


def _simulate(engine, tmp_path):
    setup = arm(
        world=WORLD_OF_CHANGES,
        population={"arrivals": {"share": 0.2, "over_days": 100.0}, "start": {"retention": 0.5, "engagement": 0.5}},
        journey=win_back_journey(),
    )
    run = run_arm(setup, seed=3, replication=0, days=DAYS, trace=True, engine=engine)
    path = tmp_path / "trace.parquet"
    run.trace.write(path)
    persons = [
        (one.initial.number, one.segment, one.initial.arrives_at, one.first_stage, one.initial.account_value)
        for one in initial_histories(setup, seed=3, replication=0)
    ]
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE persons (number BIGINT, segment VARCHAR, arrives_at DOUBLE, stage VARCHAR, account_value DOUBLE)"
    )
    connection.executemany("INSERT INTO persons VALUES (?, ?, ?, ?, ?)", persons)
    connection.execute(f"CREATE VIEW trace AS FROM read_parquet('{path}')")
    return run, connection


@pytest.mark.parametrize("engine", ["reference", pytest.param("compiled", marks=pytest.mark.compiled)])
def test_revenue_by_sql_from_the_trace_is_that_of_the_run(engine, tmp_path):
    run, connection = _simulate(engine, tmp_path)
    with connection:
        (revenue,) = connection.execute(REVENUE, {"days": DAYS}).fetchone()
        assert revenue == pytest.approx(run.quantities["revenue"], rel=1e-9)
        changes = connection.execute("SELECT count(*) FROM trace WHERE kind = 'value_change'").fetchone()
        assert changes > (10,)
        # Each change multiplies the value of the customer's row before it.
        wrong = connection.execute("""
            WITH rows AS (
                SELECT *, lag(account_value) OVER (PARTITION BY customer ORDER BY time, n) AS before
                FROM (SELECT *, row_number() OVER () AS n FROM trace)
            )
            SELECT count(*) FROM rows JOIN persons ON customer = number
            WHERE rows.segment <> persons.segment OR abs(rows.account_value / coalesce(before, persons.account_value)
                - CASE WHEN kind <> 'value_change' THEN 1 WHEN label = 'expansion' THEN 1.3 ELSE 0.6 END) > 1e-9
        """).fetchone()
        assert wrong == (0,)
