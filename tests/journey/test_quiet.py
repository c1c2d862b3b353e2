"""An evaluation of which bounds alone tell that nothing comes of it: the full rules say the very same."""

from math import expm1

from hypothesis import given, settings
from hypothesis import strategies as st

from journey.machine import default_journey
from journey.policy import Policy
from journey.rules import ACT, BELOW_THRESHOLD, NO_EVIDENCE, NO_SIGNAL, fade
from journey.steps import UNCLEAR, assess, loss_at_most, plan, quiet, sheet_of, stall
from tests.journey.recorded import policies

JOURNEY = default_journey()


def sheet(policy):
    return sheet_of(policy.compile(JOURNEY.stages, frozenset(JOURNEY.terminal)))


def fully(sheet, segment, stage, days, age, negative, positive, masses, lead, bright):
    """What `quiet` spares: everything in full."""
    left = fade(age, sheet.fade_rate)
    stalled = stall(sheet, stage, days)
    bad_mass, good_mass = masses[0] * left, masses[1] * left
    bad, good = assess(sheet, 0, stalled, negative * left, positive * left, bad_mass, good_mass)
    return plan(sheet, segment, stage, stalled, bad, good, bad_mass + good_mass, lead, bright)


amounts = st.just(0.0) | st.floats(0.0, 5.0) | st.floats(0.0, 1e-25)


@settings(max_examples=500)
@given(
    policies,
    st.integers(-1, len(JOURNEY.stages) - 1),
    st.floats(0.0, 4000.0),
    st.floats(0.0, 1000.0) | st.floats(0.0, 1e6),
    amounts,
    amounts,
    st.tuples(amounts, amounts),
    st.integers(NO_SIGNAL, 3),
    st.data(),
)
def test_what_bounds_tell_is_what_the_rules_say(policy, stage, days, age, negative, positive, masses, lead, data):
    known = sheet(policy)
    bright = data.draw(st.just(NO_SIGNAL) | st.sampled_from([i for i, good in enumerate(known.positive) if good]))
    found = quiet(known, 0, stage, days, age, negative, masses[0] + masses[1], bright)
    if found != UNCLEAR:
        _, reason = fully(known, 0, stage, days, age, negative, positive, masses, lead, bright)
        assert reason == found
        assert reason != ACT


@given(st.floats(0.0, 1e6) | st.floats(0.0, 3.0))
def test_the_bound_of_a_loss_is_one(x):
    assert loss_at_most(x) * (1.0 + 1e-15) >= -expm1(-x)


def test_most_evaluations_of_a_calm_customer_are_told_by_bounds():
    known, engagement = sheet(Policy()), JOURNEY.stages.index("engagement")
    assert quiet(known, 0, engagement, 10.0, 0.0, 0.0, 0.0, NO_SIGNAL) == NO_EVIDENCE
    assert quiet(known, 0, engagement, 10.0, 60.0, 0.9, 0.5, NO_SIGNAL) == BELOW_THRESHOLD
    assert quiet(known, 0, engagement, 10.0, 0.0, 0.9, 0.5, NO_SIGNAL) == UNCLEAR
