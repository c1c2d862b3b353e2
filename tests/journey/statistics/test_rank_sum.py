"""The shift between two samples against R, SciPy and simulation."""

import math

import numpy as np
import pytest
from scipy import stats

from journey.statistics.rank_sum import estimate_shift

PERMEABILITY = (
    [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46],
    [1.15, 0.88, 0.90, 0.74, 1.21],
)
"""Hollander and Wolfe (1973), table 4.1: permeability of the human chorioamnion at term and between 12 and 26 weeks."""


def test_the_published_example():
    """Compared with R: wilcox.test(x, y, conf.int = TRUE) is 0.305, from -0.15 to 0.76."""
    shift = estimate_shift(*PERMEABILITY)
    assert shift == pytest.approx((0.305, -0.15, 0.76))


@pytest.mark.parametrize(("first", "second"), [(4, 4), (5, 5), (5, 20), (20, 20), (7, 3)])
def test_the_limits_are_where_the_exact_test_of_scipy_changes_its_answer(first, second):
    draw = np.random.default_rng(first * 100 + second)
    one, two = draw.exponential(size=first), draw.exponential(size=second)
    shift = estimate_shift(one.tolist(), two.tolist())

    def p_value(moved):
        return stats.mannwhitneyu(one - moved, two, method="exact").pvalue

    if shift.low is None:
        assert stats.mannwhitneyu(one + 1e6, two, method="exact").pvalue > 0.05
        return
    assert p_value(shift.low - 1e-9) <= 0.05 < p_value(shift.low + 1e-9)
    assert p_value(shift.high + 1e-9) <= 0.05 < p_value(shift.high - 1e-9)


def test_three_rounds_are_too_few_for_an_interval():
    assert estimate_shift([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])[1:] == (None, None)
    assert estimate_shift([5.0], [3.0]).estimate == 2.0


def test_an_empty_sample_is_refused():
    with pytest.raises(ValueError, match="must have a value"):
        estimate_shift([], [1.0])


@pytest.mark.parametrize("noise", ["lognormal", "exponential", "pauses"])
@pytest.mark.parametrize("rounds", [5, 10])
def test_the_interval_covers_a_ratio_of_skewed_times_at_least_as_often_as_it_states(noise, rounds):
    """2,000 experiments; the binomial standard error is 0.5 points, so 93.5 % is 3 of them below 95 %."""
    draw = np.random.default_rng(7)
    ratio, experiments = 1.1, 2_000
    covered = 0
    for _ in range(experiments):
        one, two = (_round_times(draw, noise, rounds) for _ in range(2))
        shift = estimate_shift(np.log(ratio * one).tolist(), np.log(two).tolist())
        covered += shift.low <= math.log(ratio) <= shift.high
    assert covered / experiments >= 0.935


def _round_times(draw, noise, rounds):
    if noise == "lognormal":
        return np.exp(0.05 * draw.standard_normal(rounds))
    if noise == "exponential":
        return 1.0 + 0.1 * draw.exponential(size=rounds)
    # One round in five has a pause that multiplies it.
    return (1.0 + 0.01 * draw.random(rounds)) * np.where(draw.random(rounds) < 0.2, 1.0 + draw.random(rounds), 1.0)
