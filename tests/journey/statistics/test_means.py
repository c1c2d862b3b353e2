"""Statistics against numbers that are not ours."""

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from journey.statistics.means import (
    compute_mean,
    compute_variance,
    estimate_mean,
    paired_differences,
    replications_needed,
    t_quantile,
)

# Student (1908), the effect of two soporific drugs; in R: `t.test(sleep$extra[1:10], sleep$extra[11:20], paired=TRUE)`
DRUG_1 = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
DRUG_2 = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]

finite = st.floats(-1e6, 1e6, allow_nan=False)


def test_a_paired_difference_agrees_with_r_on_students_sleep_data():
    found = estimate_mean(paired_differences(DRUG_2, DRUG_1))
    # R 4: t = -4.0621, df = 9, p-value = 0.002833, 95 percent interval -2.4598858 -0.7001142, mean -1.58
    assert found.mean == pytest.approx(-1.58)
    assert (found.low, found.high) == (pytest.approx(-2.4598858, abs=5e-8), pytest.approx(-0.7001142, abs=5e-8))
    assert found.p_value == pytest.approx(0.002833, abs=5e-7)


@pytest.mark.parametrize(("df", "quantile"), [(1, 12.706), (4, 2.776), (19, 2.093), (29, 2.045), (120, 1.980)])
def test_t_quantiles_agree_with_the_printed_table(df, quantile):
    assert t_quantile(0.975, df) == pytest.approx(quantile, abs=5e-4)


@given(st.lists(st.tuples(finite, finite), min_size=2, max_size=30))
def test_a_paired_difference_agrees_with_scipy(pairs):
    before, after = [a for a, _ in pairs], [b for _, b in pairs]
    found = estimate_mean(paired_differences(before, after))
    # Below that spread the comparison would be about how two programs round.
    if found.sd is None or found.sd <= 1e-6 * max(abs(v) for v in (*before, *after)):
        return
    oracle = stats.ttest_rel(after, before)
    interval = oracle.confidence_interval(0.95)
    assert found.p_value == pytest.approx(oracle.pvalue, rel=1e-6, abs=1e-12)
    assert found.low == pytest.approx(interval.low, rel=1e-6, abs=1e-6)
    assert found.high == pytest.approx(interval.high, rel=1e-6, abs=1e-6)


def test_few_values_leave_unknown_what_they_cannot_tell():
    assert estimate_mean([]) == (None, None, None, None, 0, None)
    assert estimate_mean([3.0]) == (3.0, None, None, None, 1, None)


@given(st.floats(-1e9, 1e9), st.integers(2, 40))
def test_values_that_agree_have_exactly_that_mean_and_no_spread(value, n):
    assert estimate_mean([value] * n)[:5] == (value, value, value, 0.0, n)


@given(st.lists(finite, min_size=1, max_size=50), st.randoms(use_true_random=False))
def test_the_order_of_values_does_not_matter_to_the_last_bit(values, random):
    shuffled = list(values)
    random.shuffle(shuffled)
    assert compute_mean(shuffled) == compute_mean(values)
    assert len(values) == 1 or compute_variance(shuffled) == compute_variance(values)


@given(st.lists(finite, min_size=1, max_size=50))
def test_a_mean_lies_within_the_values(values):
    assert min(values) <= compute_mean(values) <= max(values)


def test_identical_arms_differ_by_exactly_nothing():
    values = [0.1 * place for place in range(1, 21)]
    assert paired_differences(values, values) == [0.0] * 20
    assert estimate_mean(paired_differences(values, values))[:3] == (0.0, 0.0, 0.0)


def test_rounding_noise_is_not_taken_for_a_spread():
    before = [0.1, 0.2, 0.3, 0.7]
    after = [value + 0.1 for value in before]
    assert len({b - a for a, b in zip(before, after, strict=True)}) > 1
    assert compute_variance(paired_differences(before, after)) == 0.0


@pytest.mark.parametrize("standard", [0.15, 0.3, 0.5, 0.8, 1.2])
def test_the_replications_needed_agree_with_the_noncentral_t_distribution(standard):
    def power(n):
        critical = stats.t.ppf(0.975, n - 1)
        shift = standard * math.sqrt(n)
        return stats.nct.sf(critical, n - 1, shift) + stats.nct.cdf(-critical, n - 1, shift)

    exact = next(n for n in range(2, 5000) if power(n) >= 0.8)
    assert abs(replications_needed(standard, 1.0) - exact) <= 1


def test_a_difference_without_spread_needs_three_replications():
    assert replications_needed(0.1, 0.0) == 3


@pytest.mark.parametrize(
    ("effect", "alpha", "exact"),
    [(0.5, 0.05, 33.37), (0.3, 0.05, 89.15), (0.5, 0.0125, 47.76), (0.8, 0.05 / 12, 25.60)],
)
def test_replications_needed_at_any_level_are_those_of_statsmodels(effect, alpha, exact):
    """statsmodels 0.15.0: TTestPower().solve_power(effect_size=effect, alpha=alpha, power=0.8)."""
    assert replications_needed(effect, 1.0, confidence=1.0 - alpha) == pytest.approx(exact, abs=1.5)


@pytest.mark.parametrize(("effect", "exact"), [(1.0, 10), (1.5, 6), (0.5, 34), (0.25, 128)])
def test_replications_needed_are_those_of_the_exact_power(effect, exact):
    """The smallest n whose noncentral t power (SciPy) reaches 80 %."""

    def power(n):
        critical = stats.t.ppf(0.975, n - 1)
        return stats.nct.sf(critical, n - 1, effect * n**0.5)

    assert power(exact) >= 0.8 > power(exact - 1)
    assert replications_needed(effect, 1.0) == exact


def test_the_same_difference_every_time_is_no_certainty():
    """n differences of one sign: the two-sided sign test has 2^(1 - n)."""
    assert estimate_mean([0.1, 0.1]).p_value == 0.5
    assert estimate_mean([0.1] * 5).p_value == 2.0**-4
    assert estimate_mean([0.0] * 5).p_value == 1.0


def test_intervals_cover_the_mean_at_the_stated_rate():
    random = Random(7)
    trials = 2000
    hits = 0
    for _ in range(trials):
        found = estimate_mean([random.gauss(3.0, 2.0) for _ in range(6)])
        hits += found.low <= 3.0 <= found.high
    # 95 % of 2,000 trials, plus or minus four standard errors.
    assert hits / trials == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / trials))
