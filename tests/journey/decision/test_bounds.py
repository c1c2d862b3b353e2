"""Evaluations decided from bounds agree with the full rules."""

from math import exp, expm1

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.decision.bounds import (
    UNDECIDED,
    decay_lower_bound,
    decay_upper_bound,
    growth_lower_bound,
    idle_reason_from_bounds,
    plan_from_bounds,
    saturation_lower_bound,
)
from journey.decision.parameters import build_parameters
from journey.decision.policy import Policy
from journey.decision.rules import ACT, BELOW_THRESHOLD, NO_ACTION, NO_EVIDENCE, NO_SIGNAL, fade
from journey.decision.steps import assess, plan_action, stall_evidence
from journey.machine import default_journey
from tests.journey.recorded_customers import policies
from tests.levels import examples

JOURNEY = default_journey()


def sheet(policy):
    return build_parameters(policy.compile(JOURNEY.stages, frozenset(JOURNEY.terminal)))


def fully(sheet, segment, stage, days, age, negative, positive, masses, lead, bright):
    """The full evaluation that `idle_reason_from_bounds` avoids."""
    left = fade(age, sheet.fade_rate)
    stalled = stall_evidence(sheet, stage, days)
    bad_mass, good_mass = masses[0] * left, masses[1] * left
    bad, good = assess(sheet, 0, stalled, negative * left, positive * left, bad_mass, good_mass)
    return plan_action(sheet, segment, stage, days, stalled, bad, good, bad_mass + good_mass, lead, bright)


amounts = st.just(0.0) | st.floats(0.0, 5.0) | st.floats(0.0, 1e-25)


shares = st.sampled_from([0.0, 0.5, 1.0]) | st.floats(0.0, 1.0)


@st.composite
def looks(draw):
    """What is looked at: its policy, stage, days there, evidence, masses and leading signals."""
    known = sheet(draw(policies))
    stage, days = draw(st.integers(-1, len(JOURNEY.stages) - 1)), draw(st.floats(0.0, 4000.0))
    evidence, masses = draw(st.tuples(amounts, amounts)), draw(st.tuples(amounts, amounts))
    lead = draw(st.integers(NO_SIGNAL, 3))
    bright = draw(st.just(NO_SIGNAL) | st.sampled_from([i for i, good in enumerate(known.positive) if good]))
    return known, stage, days, evidence, masses, lead, bright


@pytest.mark.slow
@settings(max_examples=examples(500, otherwise=100))
@given(looks(), st.floats(0.0, 1000.0) | st.floats(0.0, 1e6), st.just(0.0) | st.floats(0.0, 400.0), shares)
def test_what_bounds_tell_of_some_time_is_what_the_rules_say_at_any_moment_of_it(look, age, later, share):
    known, stage, days, evidence, masses, lead, bright = look
    found = idle_reason_from_bounds(known, 0, stage, days, age, later, evidence[0], masses[0] + masses[1], bright)
    if found != UNDECIDED:
        passed = share * later
        _, reason = fully(known, 0, stage, days + passed, age + passed, *evidence, masses, lead, bright)
        assert reason == found
        assert reason != ACT


@pytest.mark.slow
@settings(max_examples=examples(500, otherwise=100))
@given(looks(), st.floats(0.0, 30.0))
def test_an_action_that_bounds_tell_is_the_one_of_the_rules(look, age):
    known, stage, days, evidence, masses, lead, bright = look
    left, stalled = fade(age, known.fade_rate), stall_evidence(known, stage, days)
    faded = [amount * left for amount in (*evidence, *masses)]
    found = plan_from_bounds(known, 0, stage, stalled, *faded, lead, bright)
    if found != NO_ACTION:
        planned = fully(known, 0, stage, days, age, *evidence, masses, lead, bright)
        assert planned == (found, ACT)


@given(st.floats(0.0, 1e6) | st.floats(0.0, 9.0) | st.floats(0.0, 1e-12))
def test_the_bounds_of_what_is_kept_and_lost_are_some(x):
    # Three roundings of a product, at most.
    assert decay_lower_bound(x) * (1.0 - 1e-15) <= exp(-x) <= decay_upper_bound(x) * (1.0 + 1e-15)
    assert saturation_lower_bound(x) * (1.0 - 2e-15) <= -expm1(-x)
    assert growth_lower_bound(x) <= expm1(min(x, 700.0)) * (1.0 + 1e-15) or x > 700.0


def test_the_bound_of_what_is_lost_tells_of_the_smallest_evidence():
    assert saturation_lower_bound(1e-20) == pytest.approx(1e-20, rel=1e-15)
    assert saturation_lower_bound(0.1) == pytest.approx(-expm1(-0.1), rel=1e-4)


def test_bounds_decide_most_evaluations_of_a_calm_customer():
    known, engagement = sheet(Policy()), JOURNEY.stages.index("engagement")
    assert idle_reason_from_bounds(known, 0, engagement, 10.0, 0.0, 40.0, 0.0, 0.0, NO_SIGNAL) == NO_EVIDENCE
    assert idle_reason_from_bounds(known, 0, engagement, 10.0, 60.0, 7.0, 0.9, 0.5, NO_SIGNAL) == BELOW_THRESHOLD
    assert idle_reason_from_bounds(known, 0, engagement, 10.0, 0.0, 7.0, 0.9, 0.5, NO_SIGNAL) == UNDECIDED


def test_bounds_decide_the_action_for_a_customer_in_distress():
    known, engagement = sheet(Policy()), JOURNEY.stages.index("engagement")
    lead = next(kind for kind, good in enumerate(known.positive) if not good)
    found = plan_from_bounds(known, 0, engagement, 0.0, 1.2, 0.1, 0.8, 0.1, lead, NO_SIGNAL)
    assert found == known.plays[0][engagement][known.causes[lead]] != NO_ACTION
