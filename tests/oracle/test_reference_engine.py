"""The reference engine gives the oracle's trace, row by row and bit by bit."""

import pytest
from hypothesis import given, settings

from simulation.model.reviewers_spec import Reviewers
from simulation.runs.engine_choice import REFERENCE
from simulation.trace import events
from tests.golden.generated import generated_arm
from tests.oracle.comparison import assert_equal_to_oracle
from tests.oracle.full_runs import MID_JOURNEY, THREE_ARMS, few, full_runs, guarded_journey
from tests.simulation.full_worlds import full_arm


@pytest.mark.medium
@few(10)
@given(full_runs())
def test_a_few_traces_of_full_worlds_are_those_of_the_oracle(run):
    assert_equal_to_oracle(REFERENCE, **run)


@pytest.mark.medium
@few(5)
@given(full_runs(THREE_ARMS))
def test_a_few_traces_of_arms_that_share_reviewers_are_those_of_the_oracle(run):
    assert_equal_to_oracle(REFERENCE, **run)


@pytest.mark.slow
@settings(max_examples=100)
@given(full_runs())
def test_many_traces_of_full_worlds_are_those_of_the_oracle(run):
    assert_equal_to_oracle(REFERENCE, **run)


@pytest.mark.slow
@settings(max_examples=40)
@given(full_runs(THREE_ARMS))
def test_many_traces_of_arms_that_share_reviewers_are_those_of_the_oracle(run):
    assert_equal_to_oracle(REFERENCE, **run)


@pytest.mark.medium
@pytest.mark.parametrize("number", range(10))
def test_traces_of_generated_worlds_are_those_of_the_oracle(number):
    """World 9 gets its customers from campaigns."""
    assert_equal_to_oracle(REFERENCE, [generated_arm(number)], seed=number, days=120.0)


@pytest.mark.slow
def test_traces_of_many_generated_worlds_are_those_of_the_oracle():
    for number in range(10, 110):
        assert_equal_to_oracle(REFERENCE, [generated_arm(number)], seed=number, days=120.0)


@pytest.mark.medium
def test_a_full_world_in_which_every_kind_of_event_happens_has_the_trace_of_the_oracle():
    reviewers = Reviewers(count=2, minutes_per_day=10.0, service_minutes=30.0, days_per_week=4, override=0.4)
    population = {"size": 150, **MID_JOURNEY}
    arm_spec = full_arm(journey=guarded_journey(), population=population, reviewers=reviewers)
    rows = assert_equal_to_oracle(REFERENCE, [arm_spec], seed=1, days=300.0)
    labels, reasons = {row.label for row in rows}, {row.reason for row in rows}
    assert {row.kind for row in rows} == set(events.KINDS) - {events.FUNNEL, events.EFFECT_ON, events.EFFECT_OFF}
    assert {events.NOISE, events.ORPHANED, events.DUPLICATE, events.RENEWAL, events.PAYMENT} <= reasons
    assert {"approved", "rejected", "overridden", "expired", "withdrawn"} <= labels
    assert {"resolved", "partial_improvement", "no_response", "no_action_needed"} <= labels
    assert {"win_back", "escalate", "expansion", "contraction", "usage_recovery"} <= labels
    assert any(row.dated is not None for row in rows)
    assert any(row.kind == events.DECISION and row.to_stage is not None for row in rows)
