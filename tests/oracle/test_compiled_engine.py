"""The compiled engine gives the oracle's trace, row by row and bit by bit."""

import pytest
from hypothesis import given, settings

from simulation.runs.engine_choice import COMPILED
from tests.golden.generated import generated_arm
from tests.oracle.comparison import assert_equal_to_oracle
from tests.oracle.full_runs import THREE_ARMS, few, full_runs


@pytest.mark.compiled
@few(10)
@given(full_runs())
def test_a_few_traces_of_full_worlds_are_those_of_the_oracle(run):
    assert_equal_to_oracle(COMPILED, **run)


@pytest.mark.slow
@settings(max_examples=100)
@given(full_runs())
def test_many_traces_of_full_worlds_are_those_of_the_oracle(run):
    assert_equal_to_oracle(COMPILED, **run)


@pytest.mark.slow
@settings(max_examples=40)
@given(full_runs(THREE_ARMS))
def test_many_traces_of_arms_that_share_reviewers_are_those_of_the_oracle(run):
    assert_equal_to_oracle(COMPILED, **run)


@pytest.mark.compiled
@pytest.mark.parametrize("number", range(10))
def test_traces_of_generated_worlds_are_those_of_the_oracle(number):
    """World 9 gets its customers from campaigns."""
    assert_equal_to_oracle(COMPILED, [generated_arm(number)], seed=number, days=120.0)


@pytest.mark.slow
def test_traces_of_many_generated_worlds_are_those_of_the_oracle():
    for number in range(10, 110):
        assert_equal_to_oracle(COMPILED, [generated_arm(number)], seed=number, days=120.0)
