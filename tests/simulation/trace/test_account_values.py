"""The trace carries each customer's segment and account value: revenue by SQL is that of the run."""

import pytest

from simulation.runs.run import run_arm
from tests.simulation.traces_in_sql import connect_trace
from tests.simulation.worlds import ARRIVING, CHANGING_VALUES, arm, win_back_journey

DAYS = 200.0

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


@pytest.mark.parametrize("engine", ["reference", pytest.param("compiled", marks=pytest.mark.compiled)])
def test_revenue_by_sql_from_the_trace_is_that_of_the_run(engine, tmp_path):
    setup = arm(world=CHANGING_VALUES, population=ARRIVING, journey=win_back_journey())
    run = run_arm(setup, seed=3, replication=0, days=DAYS, trace=True, engine=engine)
    with connect_trace(setup, run, tmp_path, seed=3) as connection:
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
