"""Whether a difference is large enough to matter."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.metrics.definitions import BUILT_IN
from scenarios.metrics.effects import TestedInterval as Interval
from scenarios.metrics.effects import compute_effect
from scenarios.metrics.practical_effects import compare_with_smallest_effect, describe_practical_effect

CHURN = replace(BUILT_IN["churn_rate"], smallest_effect=0.01)


def effect(low, high):
    return replace(compute_effect([0.2, 0.2], [0.21, 0.22]), tested=Interval(low, high, 0.95))


@pytest.mark.parametrize(
    ("low", "high", "practical", "words"),
    [
        (0.011, 0.03, "matters", "beyond the smallest effect that matters (1.00 pp)"),
        (-0.03, -0.01, "matters", "beyond the smallest effect that matters (1.00 pp)"),
        (-0.009, 0.009, "too_small", "smaller than the smallest effect that matters (1.00 pp)"),
        (0.001, 0.009, "too_small", "smaller than"),
        (0.001, 0.02, "not_shown", "includes effects both smaller and larger than the smallest effect that matters"),
        (-0.02, 0.02, "not_shown", "includes effects both smaller and larger"),
        (None, None, None, ""),
    ],
)
def test_the_interval_is_compared_with_the_smallest_effect_in_both_directions(low, high, practical, words):
    assert compare_with_smallest_effect(effect(low, high), CHURN) == practical
    assert words in describe_practical_effect(effect(low, high), CHURN)


def test_a_metric_without_a_smallest_effect_is_not_compared():
    assert compare_with_smallest_effect(effect(0.1, 0.2), BUILT_IN["churn_rate"]) is None
    assert describe_practical_effect(effect(0.1, 0.2), BUILT_IN["churn_rate"]) == ""


@given(st.floats(-1.0, 1.0), st.floats(0.0, 1.0))
def test_the_direction_of_the_difference_does_not_matter(low, width):
    high = low + width
    assert compare_with_smallest_effect(effect(low, high), CHURN) == compare_with_smallest_effect(
        effect(-high, -low), CHURN
    )  # fmt: skip
