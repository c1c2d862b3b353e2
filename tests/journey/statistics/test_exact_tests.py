"""Fisher's exact test: its p-value, its power and its sample size."""

from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from journey.statistics.exact_tests import (
    MAX_EXACT,
    compute_fisher_power,
    fisher_customers_needed,
    fisher_exact_test,
    has_small_expected_counts,
)
from journey.statistics.proportions import ContingencyTable, customers_needed


def test_the_tea_tasting_experiment_has_its_published_p_value():
    """Fisher (1935), Agresti: three of four cups guessed right; two-sided p = 0.4857."""
    assert fisher_exact_test(ContingencyTable(1, 4, 3, 4)).p_value == pytest.approx(34 / 70, rel=1e-12)


def test_three_of_three_against_none_of_three_is_no_difference_shown():
    assert fisher_exact_test(ContingencyTable(0, 3, 3, 3)).p_value == pytest.approx(2 / comb(6, 3))


@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from([0.0, 0.05, 0.2, 0.5, 0.9, 1.0]),
    st.sampled_from([0.1, 0.4, 0.6, 1.0]),
    st.integers(2, 9),
    st.sampled_from([0.9, 0.95, 0.99]),
)
def test_the_power_is_the_probability_of_all_tables_that_scipy_rejects(p0, p1, n, confidence):
    expected = sum(
        stats.binom.pmf(x, n, p0) * stats.binom.pmf(y, n, p1)
        for x in range(n + 1)
        for y in range(n + 1)
        if stats.fisher_exact([[x, n - x], [y, n - y]]).pvalue < 1.0 - confidence
    )
    assert compute_fisher_power(p0, p1, n, confidence) == pytest.approx(expected, abs=1e-12)


def test_certain_events_need_four_per_arm_because_three_cannot_be_significant():
    """With 3 and 3 the smallest p-value is 2 / 20 = 0.1, with 4 and 4 it is 2 / 70 = 0.029."""
    assert fisher_customers_needed(0.0, 1.0) == 4
    assert compute_fisher_power(0.0, 1.0, 3) == 0.0
    assert compute_fisher_power(0.0, 1.0, 4) == pytest.approx(1.0)


def test_a_large_sample_size_is_the_published_one():
    """Fleiss, Statistical Methods for Rates and Proportions (1981), table A.3: 0.25 and 0.40, power 80 %, n = 165."""
    assert fisher_customers_needed(0.25, 0.40) == 165
    assert fisher_customers_needed(0.25, 0.25) is None


@settings(max_examples=15, deadline=None)
@given(st.sampled_from([0.01, 0.1, 0.3, 0.5]), st.sampled_from([0.2, 0.6, 0.8, 0.95]), st.sampled_from([0.8, 0.9]))
def test_a_small_sample_size_is_the_smallest_with_the_power(p0, p1, power):
    n = fisher_customers_needed(p0, p1, power)
    assert n >= customers_needed(p0, p1, power) - 2
    if n <= MAX_EXACT:
        assert compute_fisher_power(p0, p1, n) >= power
        assert all(compute_fisher_power(p0, p1, smaller) < power for smaller in range(2, n))


@pytest.mark.parametrize(
    ("table", "small"),
    [((0, 3, 3, 3), True), ((4, 8, 6, 8), True), ((5, 10, 5, 10), False), ((4, 1000, 6, 1000), False),
     ((4, 1000, 5, 1000), True), ((996, 1000, 995, 1000), True)],
)  # fmt: skip
def test_expected_counts_below_five_are_small(table, small):
    events, n, other_events, other_n = table
    assert has_small_expected_counts(ContingencyTable(*table)) is small
    expected = stats.contingency.expected_freq([[events, n - events], [other_events, other_n - other_events]])
    assert bool(expected.min() < 5.0) is small
