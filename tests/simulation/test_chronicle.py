"""A run told customer by customer: nobody is left out, and what one customer brings adds up to the whole."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.errors import InputError
from simulation.chronicle import Chronicle, begin
from simulation.one_customer import quantities_of
from simulation.run import run_arm
from tests.simulation.worlds import arm


def told(setup=None, *, seed=1, days=120.0):
    setup = setup or arm()
    return Chronicle(setup, run_arm(setup, seed=seed, replication=0, days=days, trace=True), seed, 0)


@pytest.fixture(scope="module")
def chronicle():
    return told(arm(population={"start": {"onboarding": 0.5, "retention": 0.5}, "in_mid_stay": True}))


def test_every_customer_is_told_once_in_order_also_those_to_whom_nothing_happens():
    quiet = told(days=0.5)
    numbers = [lifeline.person.number for lifeline in quiet.lives()]
    assert numbers == list(range(60))
    assert any(not lifeline.rows for lifeline in quiet.lives())


def test_the_lives_together_are_the_trace(chronicle):
    rows = [row for lifeline in chronicle.lives() for row in lifeline.rows]
    assert sorted(rows, key=lambda row: (row.time, row.customer)) == chronicle.run.trace.sorted_rows()


def test_one_life_is_the_same_picked_out_or_in_passing(chronicle):
    for lifeline in chronicle.lives():
        assert chronicle.life_of(lifeline.person.number) == lifeline


def test_stays_follow_one_another_from_the_stage_on_day_0_to_the_end(chronicle):
    for lifeline in chronicle.lives():
        stays = lifeline.stays
        assert stays[0].entered_at == -lifeline.person.days_in_stage
        assert (stays[0].previous, stays[-1].left_at) == (None, None)
        for before, after in pairwise(stays):
            assert (before.left_at, before.stage) == (after.entered_at, after.previous)
        assert lifeline.end_stage == stays[-1].stage


@settings(max_examples=8)
@given(seed=st.integers(0, 2**40), discount=st.sampled_from([0.0, 0.08]), count=st.integers(0, 2))
def test_what_customers_bring_and_cost_adds_up_to_what_the_run_has_counted(seed, discount, count):
    from simulation.spec import Reviewers

    setup = arm(
        reviewers=Reviewers(count=count),
        yearly_discount=discount,
        population={"start": {"onboarding": 0.6, "support": 0.4}, "in_mid_stay": True, "size": 40},
    )
    chronicle = told(setup, seed=seed)
    total = {}
    for lifeline in chronicle.lives():
        for name, amount in quantities_of(lifeline, setup, chronicle.days).items():
            total[name] = total.get(name, 0.0) + amount
    # Sums over a cohort are taken in another order here.
    assert total == {name: pytest.approx(amount, rel=1e-12) for name, amount in chronicle.run.quantities.items()}


def test_a_customer_who_does_not_exist_is_refused_with_the_numbers_there_are(chronicle):
    with pytest.raises(InputError, match="no customer 60; the 60 customers have the numbers 0 to 59"):
        chronicle.life_of(60)
    with pytest.raises(InputError, match="there is only customer 0"):
        begin(arm(population={"size": 1}), 1, seed=1, replication=0)


def test_without_a_trace_there_is_nothing_to_tell():
    run = run_arm(arm(), seed=1, replication=0, days=5.0)
    with pytest.raises(ValueError, match="trace=True"):
        list(Chronicle(arm(), run, 1, 0).lives())
