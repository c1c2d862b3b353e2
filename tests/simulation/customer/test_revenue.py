"""Revenue accrues at the account value times the share that the stage pays."""

from dataclasses import replace

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.machine import Journey, Move, MoveRule, StageDetails
from simulation.exact import markov
from simulation.model.world_spec import World
from simulation.runs.run import run_arm
from simulation.verification.event_histories import read_histories
from tests.levels import examples
from tests.simulation.bare_worlds import bare, simulate
from tests.simulation.compiled.test_engine import assert_same
from tests.simulation.full_worlds import full_arm
from tests.simulation.worlds import arm

SEEDS = st.integers(0, 2**32)
SHARES = st.sampled_from([0.0, 0.25, 0.5, 1.0])
PAYS = {"trial": 0.0, "paying": 1.0, "paused": 0.25, "cancelled": 0.0}
MEAN_DAYS = {"convert": 20.0, "pause": 40.0, "resume": 30.0, "cancel": 90.0, "return": 50.0}


def trial_journey(pays, *, lost=True):
    """A free trial, paying, paused and cancelled, from where some return."""
    details = {stage: StageDetails(pays=share) for stage, share in pays.items()}
    if lost:
        details["cancelled"] = StageDetails(pays=details["cancelled"].pays, roles=("lost",))
    return Journey.build(
        stages=("trial", "paying", "paused", "cancelled"),
        initial="trial",
        moves=(
            Move("convert", "trial", "paying"),
            Move("pause", "paying", "paused"),
            Move("resume", "paused", "paying"),
            MoveRule("cancel", ("trial", "paying", "paused"), "cancelled"),
            Move("return", "cancelled", "trial"),
        ),
        details=details,
    )


def trial_arm(pays=None, **changes):
    """Exponential dwells, no orchestrator, and accounts of 3,650 dollars a year."""
    moves = {name: {"dwell": {"mean_days": days}} for name, days in MEAN_DAYS.items()}
    moves_at_dates = {"renewal": {"move": "cancel"}, "payments": {"move": "cancel"}}
    base = bare({"moves": {}, **moves_at_dates}, population={"size": 800})
    world = World.model_validate({**base.world.model_dump(exclude={"moves"}, exclude_unset=True), "moves": moves})
    return replace(base, journey=trial_journey(pays or PAYS), world=world, **changes)


def with_pays(arm_spec, shares):
    """The arm, with shares of the account value in its live stages, in stage order."""
    live = arm_spec.journey.non_exit_stages
    details = dict(zip(arm_spec.journey.stages, arm_spec.journey.details, strict=True))
    changed = {stage: replace(details[stage], pays=share) for stage, share in zip(live, shares, strict=False)}
    return replace(arm_spec, journey=arm_spec.journey.with_details(changed))


@pytest.mark.medium
@pytest.mark.parametrize("discount", [0.0, 0.1])
def test_revenue_and_retained_value_are_those_of_the_matrix_exponential(discount):
    setup, days = trial_arm(yearly_discount=discount), 200.0
    chain = markov.build_chain(setup.journey, setup.world, segment="all", tier="medium")
    pays = chain.indicator(setup.journey.stages) @ np.array([PAYS[stage] for stage in setup.journey.stages])
    start = np.array([float(stage == "trial") for stage, _ in chain.states])
    rate = setup.daily_discount_rate
    paid = markov.expected_rewards(chain.generator, start, pays[:, None], days, discount_rate=rate)[0]
    at_end = float(markov.state_probabilities(chain.generator, start, [days])[0] @ pays)
    run = simulate(setup, seed=4, days=days)
    histories = read_histories(setup, run, seed=4)
    for each, expected, total in (
        (histories.revenue(rate), 10.0 * paid, run.quantities["revenue"]),
        (histories.retained_value(), 3650.0 * at_end, run.quantities["live_value_end"]),
    ):
        assert total == pytest.approx(each.sum(), rel=1e-9)
        assert abs(each.mean() - expected) < 4.0 * each.std(ddof=1) / len(each) ** 0.5


@pytest.mark.medium
def test_revenue_is_what_sql_computes_from_the_trace(tmp_path):
    setup, days = trial_arm(), 300.0
    run = simulate(setup, seed=2, days=days)
    path = tmp_path / "trace.parquet"
    run.trace.write(path)
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE pays (stage VARCHAR, share DOUBLE)")
        connection.executemany("INSERT INTO pays VALUES (?, ?)", [*PAYS.items()])
        # All customers begin on day 0 in the trial with 3,650 dollars a year: 10 dollars a day.
        (revenue,) = connection.execute(
            """
            WITH entries AS (
                SELECT customer, time, to_stage AS stage FROM read_parquet($path) WHERE kind = 'move'
                UNION ALL SELECT unnest(range($customers)), 0.0, 'trial'
            ),
            stays AS (
                SELECT stage, lead(time, 1, $days) OVER (PARTITION BY customer ORDER BY time) - time AS days
                FROM entries
            )
            SELECT sum(10.0 * share * days) FROM stays JOIN pays USING (stage)
            """,
            {"path": str(path), "customers": run.customers, "days": days},
        ).fetchone()
    assert run.quantities["revenue"] == pytest.approx(revenue, rel=1e-9)


def test_customers_who_stay_in_a_free_trial_earn_nothing_now_or_beyond_the_horizon():
    setup = bare(population={"size": 20})
    run = simulate(with_pays(setup, [0.0]), seed=1, days=100.0)
    assert run.quantities["revenue"] == 0.0
    assert run.quantities["live_value_end"] == run.metrics["retained_value"] == 0.0
    assert simulate(setup, seed=1, days=100.0).metrics["retained_value"] == 20 * 3650.0


@pytest.mark.medium
@settings(max_examples=6)
@given(SEEDS, SHARES)
def test_the_same_share_in_all_stages_multiplies_all_money_and_changes_nothing_else(seed, share):
    """Shares are powers of 2 or 0, so the products are exact."""
    full = full_arm(population={"size": 40})
    part = with_pays(full, [share] * 6)
    one, other = (run_arm(each, seed=seed, replication=0, days=200.0, trace=True) for each in (full, part))
    assert other.trace.sorted_rows() == one.trace.sorted_rows()
    for name, amount in one.quantities.items():
        factor = share if name in ("revenue", "live_value_end") else 1.0
        assert other.quantities[name] == factor * amount, name


@pytest.mark.compiled
@settings(max_examples=examples(8, otherwise=3))
@given(st.lists(SHARES, min_size=6, max_size=6), SEEDS, st.floats(10.0, 300.0))
def test_both_engines_add_the_same_revenue_in_a_world_with_all_mechanisms(shares, seed, days):
    """Win-backs, notice, value changes, renewals, failed charges and discount are all in it."""
    setup = full_arm(world={"notice_days": 9.0}, population={"size": 40}, yearly_discount=0.08)
    assert_same(with_pays(setup, shares), seed=seed, days=days)


@pytest.mark.medium
@pytest.mark.parametrize("name", ["full", "small"])
def test_the_revenue_of_customers_adds_up_to_that_of_the_run(name):
    setup = with_pays(full_arm() if name == "full" else arm(), [0.0, 0.5, 1.0, 0.25])
    run = run_arm(setup, seed=3, replication=0, days=200.0, trace=True)
    histories = read_histories(setup, run, seed=3)
    assert histories.revenue(setup.daily_discount_rate).sum() == pytest.approx(run.quantities["revenue"], rel=1e-9)
    assert histories.retained_value().sum() == pytest.approx(run.quantities["live_value_end"], rel=1e-9)
