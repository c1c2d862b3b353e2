"""The histories of a run: they include every customer, and quantities per customer add up to those of the run."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.core.errors import InputError
from simulation.exports.customer_quantities import compute_customer_quantities
from simulation.exports.histories import CustomerHistory, RunHistory, initial_history
from simulation.population.draw import InitialCustomer
from simulation.runs.run import run_arm
from simulation.trace.events import Row
from tests.levels import examples
from tests.simulation.full_worlds import full_arm
from tests.simulation.worlds import WIN_BACK, arm, win_back_journey


def simulate_history(setup=None, *, seed=1, days=120.0):
    setup = setup or arm()
    return RunHistory(setup, run_arm(setup, seed=seed, replication=0, days=days, trace=True), seed, 0)


@pytest.fixture(scope="module")
def chronicle():
    return simulate_history(arm(population={"start": {"onboarding": 0.5, "retention": 0.5}, "in_mid_stay": True}))


def test_every_customer_has_one_history_in_order_even_without_events():
    quiet = simulate_history(days=0.5)
    numbers = [lifeline.initial.number for lifeline in quiet.histories()]
    assert numbers == list(range(60))
    assert any(not lifeline.rows for lifeline in quiet.histories())


def test_the_lives_together_are_the_trace(chronicle):
    rows = [row for lifeline in chronicle.histories() for row in lifeline.rows]
    assert sorted(rows, key=lambda row: (row.time, row.customer)) == chronicle.run.trace.sorted_rows()


def test_one_life_is_the_same_picked_out_or_in_passing(chronicle):
    for lifeline in chronicle.histories():
        assert chronicle.get_history(lifeline.initial.number) == lifeline


def test_stays_follow_one_another_from_the_stage_on_day_0_to_the_end(chronicle):
    for lifeline in chronicle.histories():
        stays = lifeline.stays
        assert stays[0].entered_at == -lifeline.initial.days_in_stage
        assert (stays[0].previous, stays[-1].left_at) == (None, None)
        for before, after in pairwise(stays):
            assert (before.left_at, before.stage) == (after.entered_at, after.previous)
        assert lifeline.end_stage == stays[-1].stage


@settings(max_examples=examples(8, otherwise=3))
@given(seed=st.integers(0, 2**40), discount=st.sampled_from([0.0, 0.08]), count=st.integers(0, 2))
def test_what_customers_bring_and_cost_adds_up_to_what_the_run_has_counted(seed, discount, count):
    from simulation.model.reviewers_spec import Reviewers

    setup = arm(
        reviewers=Reviewers(count=count),
        yearly_discount=discount,
        population={"start": {"onboarding": 0.6, "support": 0.4}, "in_mid_stay": True, "size": 40},
    )
    chronicle = simulate_history(setup, seed=seed)
    total = {}
    for lifeline in chronicle.histories():
        for name, amount in compute_customer_quantities(lifeline, setup, chronicle.days).items():
            total[name] = total.get(name, 0.0) + amount
    # Sums over a cohort are taken in another order here.
    assert total == {name: pytest.approx(amount, rel=1e-12) for name, amount in chronicle.run.quantities.items()}


@settings(max_examples=examples(8, otherwise=3))
@given(seed=st.integers(0, 2**40), discount=st.sampled_from([0.0, 0.08]), days=st.floats(5.0, 250.0))
def test_money_adds_up_with_value_changes_arrivals_and_customers_who_are_won_back(seed, discount, days):
    setup = full_arm(yearly_discount=discount, population={"size": 40})
    chronicle = simulate_history(setup, seed=seed, days=days)
    total = {}
    for lifeline in chronicle.histories():
        for name, amount in compute_customer_quantities(lifeline, setup, days).items():
            total[name] = total.get(name, 0.0) + amount
    booked = {name: pytest.approx(amount, rel=1e-11, abs=1e-9) for name, amount in chronicle.run.quantities.items()}
    assert total == booked


def test_nothing_is_paid_while_a_customer_is_lost_and_the_changed_value_counts_when_won_back():
    """By hand: 365 dollars a year for 10 days, twice that for 10 more, lost for 20, won back for the last 10."""
    met = InitialCustomer(number=0, segment=0, tier=0, account_value=365.0, stage=0)
    rows = [
        Row(10.0, 0, "a", "value_change", "retention", None, "expansion", None, None, 730.0),
        Row(20.0, 0, "a", "move", "retention", "churned", "churn", "renewal", None, None),
        Row(40.0, 0, "a", "move", "churned", "engagement", "win_back", None, None, None),
    ]
    found = compute_customer_quantities(CustomerHistory(met, "SMB", "retention", rows), full_arm(), 50.0)
    assert found["revenue"] == pytest.approx(10.0 + 20.0 + 20.0)
    assert found["live_value_end"] == 730.0
    lost = compute_customer_quantities(CustomerHistory(met, "SMB", "retention", rows[:2]), full_arm(), 50.0)
    assert (lost["revenue"], lost["live_value_end"]) == (pytest.approx(30.0), 0.0)


def test_who_comes_after_the_end_brings_and_costs_nothing():
    met = InitialCustomer(number=0, segment=0, tier=0, account_value=365.0, stage=0, arrives_at=60.0)
    found = compute_customer_quantities(CustomerHistory(met, "SMB", "onboarding", ()), full_arm(), 50.0)
    assert set(found.values()) == {0.0}
    assert set(found) <= set(simulate_history(full_arm(population={"size": 5}), days=9.0).run.quantities)


@pytest.fixture(scope="module")
def eventful():
    """Customers come, leave, come back, and are worth more or less in between."""
    changes = {"growth": {"per_day": {"engagement": 0.02}, "factor": 1.5}}
    world = {**WIN_BACK, "value_changes": changes}
    return simulate_history(
        arm(world=world, journey=win_back_journey(), population={"arrivals": {"share": 0.5, "over_days": 200}})
    )


def test_customers_that_arrive_after_the_end_have_no_history(eventful):
    lives = list(eventful.histories())
    assert len(lives) < 60
    assert all(life.initial.arrives_at < eventful.days for life in lives)
    assert sum(life.initial.arrives_at > 0.0 for life in lives) == sum(
        row.kind == "arrival" for row in eventful.run.trace.rows
    )


def test_stays_begin_on_the_day_of_arrival_and_go_on_after_a_customer_was_won_back(eventful):
    lives = list(eventful.histories())
    assert [life.stays[0].entered_at for life in lives] == [life.initial.arrives_at for life in lives]
    returns = [
        stay for life in lives for stay in life.stays if (stay.previous, stay.stage) == ("churned", "engagement")
    ]
    assert len(returns) == eventful.run.metrics["won_back"] > 0


def test_the_account_value_is_followed_from_the_first_day_to_the_last_change(eventful):
    changed = [life for life in eventful.histories() if len(life.values) > 1]
    assert sum(len(life.values) - 1 for life in changed) == eventful.run.events_by_kind["value_change"] > 0
    for life in changed:
        assert life.values[0] == (life.initial.arrives_at, life.initial.account_value)
        for (earlier, before), (later, after) in pairwise(life.values):
            assert later > earlier
            assert after == pytest.approx(1.5 * before)


def test_also_there_what_customers_bring_adds_up(eventful):
    total = {}
    for life in eventful.histories():
        for name, amount in compute_customer_quantities(life, eventful.arm_spec, eventful.days).items():
            total[name] = total.get(name, 0.0) + amount
    # Sums over a cohort are taken in another order here.
    assert total == {name: pytest.approx(amount, rel=1e-12) for name, amount in eventful.run.quantities.items()}


def test_a_customer_who_does_not_exist_is_refused_with_the_numbers_there_are(chronicle):
    with pytest.raises(InputError, match="no customer 60; the 60 customers have the numbers 0 to 59"):
        chronicle.get_history(60)
    with pytest.raises(InputError, match="there is only customer 0"):
        initial_history(arm(population={"size": 1}), 1, seed=1, replication=0)


def test_without_a_trace_there_is_nothing_to_tell():
    run = run_arm(arm(), seed=1, replication=0, days=5.0)
    with pytest.raises(ValueError, match="trace=True"):
        list(RunHistory(arm(), run, 1, 0).histories())
