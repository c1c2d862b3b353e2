"""Proactive contacts and the time to resolution: exact sums from the trace by SQL."""

from dataclasses import replace

import pytest

from simulation.metrics.contacts import CONTACT_METRICS
from simulation.runs.run import run_arm
from tests.simulation.traces_in_sql import connect_trace
from tests.simulation.worlds import arm

BY_SQL = """
WITH actions AS (
    SELECT *, lead(time) OVER later AS next_time, lead(kind) OVER later AS next_kind,
        lead(label) OVER later AS next_label
    FROM (SELECT *, row_number() OVER () AS n FROM trace WHERE kind IN ('action', 'outcome'))
    WINDOW later AS (PARTITION BY customer ORDER BY n)
)
SELECT count(*) FILTER (stage NOT IN ('support', 'escalation')) / count(*),
    avg(next_time - time) FILTER (next_kind = 'outcome' AND next_label = 'resolved')
FROM actions WHERE kind = 'action' AND segment LIKE ?
"""


@pytest.mark.parametrize("engine", ["reference", pytest.param("compiled", marks=pytest.mark.compiled)])
def test_both_metrics_are_those_of_sql_on_the_trace(engine, tmp_path):
    setup = replace(arm(population={"size": 300}), reported=frozenset(CONTACT_METRICS))
    run = run_arm(setup, seed=2, replication=0, days=150.0, trace=True, engine=engine)
    with connect_trace(setup, run, tmp_path, seed=2) as connection:
        for part, like in (("", "%"), ("[SMB]", "SMB"), ("[Enterprise]", "Enterprise")):
            expected = connection.execute(BY_SQL, [like]).fetchone()
            found = [run.metrics[f"{name}{part}"] for name in CONTACT_METRICS]
            assert found == pytest.approx(list(expected), rel=1e-9)
    assert 0.0 < run.metrics["proactive_share"] < 1.0
    assert run.metrics["resolution_days"] > 0.0


def test_without_a_stage_of_support_no_contact_is_known_to_be_proactive():
    setup = arm()
    stages = setup.journey.to_dict()
    details = {"support": {"roles": []}, "escalation": {"roles": []}}
    journey = setup.journey.from_dict({**stages, "stage": {**stages.get("stage", {}), **details}})
    setup = replace(setup, journey=journey, reported=frozenset(CONTACT_METRICS))
    assert run_arm(setup, seed=2, replication=0, days=60.0).metrics["proactive_share"] is None
