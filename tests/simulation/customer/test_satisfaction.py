"""Satisfaction over time: the mean score of the customers with an account on each day of the grid."""

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation.metrics.counters import build_time_grid
from simulation.model.reviewers_spec import Reviewers
from simulation.runs.cohort import draw_initial_customers
from simulation.runs.engine_choice import COMPILED, REFERENCE
from simulation.runs.run import run_arm
from tests.levels import examples
from tests.simulation.bare_worlds import ALL_IN_DISTRESS, bare
from tests.simulation.full_worlds import full_arm
from tests.simulation.worlds import WORLD

ENGINES = pytest.mark.parametrize("engine", [REFERENCE, pytest.param(COMPILED, marks=pytest.mark.compiled)])
SEEDS = st.integers(0, 2**32)
EVERY_RESPONSE = {
    "effects": {
        action: {"response": 1.0, "csat": 0.2 + 0.1 * n, "moves": {"mature": 3.0, "resolve": 2.0}, "lasts_days": 60.0}
        for n, action in enumerate(WORLD["effects"])
    },
    "fatigue": {"response_lost": 0.0},
}
"""All customers respond, so every resolved action adds the points of its effect; the points differ by action."""

SCORES = """
WITH days AS (SELECT unnest($grid) AS day),
spans AS (
    SELECT customer, since, least(coalesce(lead(since) OVER of, $horizon), $horizon) AS until, live
    FROM (
        SELECT customer, start AS since, stage != 'churned' AS live, 0 AS place FROM customers
        UNION ALL
        SELECT customer, time, to_stage != 'churned', place FROM rows WHERE kind = 'move'
    )
    WINDOW of AS (PARTITION BY customer ORDER BY since, place)
),
episodes AS (
    SELECT customer, time AS since, kind = 'distress_on' AS begins,
        least(coalesce(lead(time) OVER (PARTITION BY customer ORDER BY place), $horizon), $horizon) AS until
    FROM rows
    WHERE kind IN ('distress_on', 'distress_off') OR (kind = 'move' AND to_stage = 'churned')
),
points AS (
    SELECT outcomes.customer, outcomes.time, effects.points
    FROM (SELECT * FROM rows WHERE kind = 'outcome' AND label = 'resolved') AS outcomes
    ASOF JOIN (SELECT * FROM rows WHERE kind = 'action') AS actions
        ON outcomes.customer = actions.customer AND outcomes.place >= actions.place
    JOIN effects ON effects.action = actions.label
),
present AS (
    SELECT day, customer FROM days JOIN spans
        ON live AND since <= day AND (day < until OR (day = $horizon AND until = $horizon))
),
parts AS (
    SELECT day, customer,
        (SELECT coalesce(sum(least(until, day) - since), 0) FROM spans
            WHERE spans.customer = present.customer AND live AND since < day) AS active,
        (SELECT coalesce(sum(least(until, day) - since), 0) FROM episodes
            WHERE episodes.customer = present.customer AND begins AND since < day) AS distress,
        (SELECT coalesce(sum(points), 0) FROM points
            WHERE points.customer = present.customer AND time <= day) AS points
    FROM present
)
SELECT days.day, count(customer) AS customers,
    avg(greatest(1, least(5, $calm - $penalty * CASE WHEN active > 0 THEN distress / active ELSE 0 END + points)))
FROM days LEFT JOIN parts USING (day) GROUP BY days.day ORDER BY days.day
"""
"""From the trace alone: spans with an account, spans in distress, and points of resolved actions, by customer."""


def mean_scores(arm_spec, run, seed):
    """The rows of `Run.csat`, computed from the trace and the initial customers."""
    stages = arm_spec.journey.compile().stages
    _, initial = draw_initial_customers(arm_spec, seed=seed, replication=0)
    satisfaction = arm_spec.world.satisfaction
    kinds = ("move", "distress_on", "distress_off", "action", "outcome")
    kept = [row for row in run.trace.sorted_rows() if row.kind in kinds]
    connection = duckdb.connect()
    tables = {
        "customers": [
            {"customer": each.number, "start": each.arrives_at, "stage": stages[each.stage]}
            for _, each in initial
            if each.arrives_at < run.days
        ],
        "rows": [{"place": place, **row._asdict()} for place, row in enumerate(kept, 1)],
        "effects": [{"action": action, "points": effect.csat} for action, effect in arm_spec.world.effects.items()],
    }
    for name, rows in tables.items():
        connection.register(name, pd.DataFrame(rows))
    given = {
        "grid": build_time_grid(run.days),
        "horizon": run.days,
        "calm": satisfaction.calm,
        "penalty": satisfaction.distress_penalty,
    }
    return connection.execute(SCORES, given).fetchall()


def assert_from_trace(arm_spec, *, seed, days, engine):
    run = run_arm(arm_spec, seed=seed, replication=0, days=days, trace=True, engine=engine)
    expected = mean_scores(arm_spec, run, seed)
    assert [(row["day"], row["customers"]) for row in run.csat] == [row[:2] for row in expected]
    assert [row["mean"] for row in run.csat] == [
        None if row[2] is None else pytest.approx(row[2], abs=1e-8) for row in expected
    ]
    return run


@ENGINES
@settings(max_examples=5)
@given(SEEDS, st.floats(40.0, 250.0))
def test_the_means_are_those_computed_from_the_trace(engine, seed, days):
    """Customers arrive, leave, come back, are in distress and have resolved actions."""
    assert_from_trace(full_arm(world=EVERY_RESPONSE), seed=seed, days=days, engine=engine)


@ENGINES
def test_the_trace_of_the_test_has_all_that_changes_a_score(engine):
    run = assert_from_trace(full_arm(world=EVERY_RESPONSE), seed=3, days=200.0, engine=engine)
    assert run.metrics["won_back"] > 0
    assert run.outcomes["resolved"] > 0
    assert run.events_by_kind["arrival"] > 0
    assert run.csat[0]["customers"] < 60
    assert len({row["mean"] for row in run.csat}) == len(run.csat)


@ENGINES
@settings(max_examples=examples(20, otherwise=7))
@given(SEEDS, st.floats(0.0, 0.1), st.floats(1.0, 50.0), st.floats(1.0, 5.0), st.floats(0.0, 4.0))
def test_where_no_customer_leaves_the_last_mean_is_that_of_the_run(engine, seed, onset, mean_days, calm, penalty):
    cause = {"onset_per_day": {"here": onset}, "mean_days": mean_days, "churn_ratio": 1.0, "symptoms": {}}
    world = {"distress": {"causes": {"trouble": cause}}, "satisfaction": {"calm": calm, "distress_penalty": penalty}}
    run = run_arm(bare(world, population={"size": 40}), seed=seed, replication=0, days=90.0, engine=engine)
    assert run.csat[0]["mean"] == pytest.approx(calm, abs=2e-9)
    assert run.csat[-1]["mean"] == pytest.approx(run.metrics["csat"], abs=2e-9)
    assert {row["customers"] for row in run.csat} == {40}


@ENGINES
def test_a_customer_always_in_distress_loses_the_whole_penalty_at_once(engine):
    world = {"distress": ALL_IN_DISTRESS, "satisfaction": {"calm": 4.0, "distress_penalty": 2.0}}
    run = run_arm(bare(world, population={"size": 200}), seed=1, replication=0, days=120.0, engine=engine)
    # The mean time to the onset is 0.01 days.
    assert [row["mean"] for row in run.csat[1:]] == [
        pytest.approx(2.0 + 2.0 * 0.01 / row["day"], rel=1e-3) for row in run.csat[1:]
    ]


@ENGINES
def test_the_mean_is_unknown_on_days_without_a_customer(engine):
    world = {"moves": {"leave": {"dwell": {"law": "deterministic", "mean_days": 50.0}}}}
    run = run_arm(bare(world, population={"size": 10}), seed=1, replication=0, days=120.0, engine=engine)
    assert [(row["mean"], row["customers"]) for row in run.csat] == [(4.2, 10)] * 5 + [(None, 0)] * 8


@ENGINES
def test_the_sums_of_review_pods_add_up(engine):
    """Without reviews every customer has the same history in any pod."""
    whole, pods = (
        run_arm(
            full_arm(active=False, reviewers=Reviewers(count=4, pods=n)),
            seed=2,
            replication=0,
            days=90.0,
            engine=engine,
        )
        for n in (1, 4)
    )
    assert pods.csat == whole.csat
