"""Variance reduction by pairing, with the interval that its few replications allow."""

from math import sqrt
from random import Random

import pytest

from journey.statistics.variance_reduction import variance_reduction


def test_variance_reduction_by_hand():
    # Var A = 1, Var B = 4, Var(B - A) = 1: (1 + 4) / 1
    assert variance_reduction([1.0, 2.0, 3.0], [2.0, 4.0, 6.0]).ratio == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ([1.0], [2.0], "fewer than two"),
        ([1.0, 1.0], [2.0, 2.0], "neither arm varies"),
        ([1.0, 2.0], [3.0, 4.0], "same in every replication"),
    ],
)
def test_an_undefined_variance_reduction_says_why(before, after, reason):
    found = variance_reduction(before, after)
    assert found.ratio is None
    assert reason in found.reason


def test_rounding_noise_is_not_taken_for_a_variance():
    before = [0.1, 0.2, 0.3, 0.7]
    assert variance_reduction(before, [value + 0.1 for value in before]).ratio is None


@pytest.mark.medium
def test_the_interval_covers_the_reduction_at_the_stated_rate():
    """Arms that share noise of variance 4 and have noise of variance 1 each: (5 + 5) / (1 + 1) = 5."""
    random, trials, hits = Random(5), 3000, 0
    for _ in range(trials):
        shared = [random.gauss(0.0, 2.0) for _ in range(6)]
        found = variance_reduction(*([value + random.gauss(0.0, 1.0) for value in shared] for _ in range(2)))
        hits += found.low <= 5.0 <= found.high
    assert hits / trials == pytest.approx(0.95, abs=4 * sqrt(0.95 * 0.05 / trials))


def test_two_replications_give_no_interval():
    found = variance_reduction([1.0, 2.0], [2.0, 5.0])
    assert found.ratio is not None
    assert (found.low, found.high) == (None, None)
