"""Intervals of ratios end where SciPy's test of the ratio just rejects it."""

from math import sqrt
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from journey.statistics.ratios import mean_ratio_interval, variance_ratio_interval

values = st.floats(-10.0, 10.0, allow_subnormal=False)
pairs = st.lists(st.tuples(values, values), min_size=4, max_size=12)


@given(pairs, st.sampled_from([0.9, 0.95, 0.99]))
def test_a_ratio_of_means_ends_where_the_t_test_just_rejects_it(sample, confidence):
    numerators, denominators = (np.array(side) for side in zip(*sample, strict=True))
    assume(np.std(numerators) > 0.1 and np.std(denominators) > 0.1)
    assume(abs(np.corrcoef(numerators, denominators)[0, 1]) < 0.999)
    interval = mean_ratio_interval(list(numerators), list(denominators), confidence)
    if interval is None:
        assert stats.ttest_1samp(denominators, 0.0).pvalue >= 1.0 - confidence - 1e-9
        return
    assume(max(map(abs, interval)) < 1e4)
    for end in interval:
        assert stats.ttest_1samp(numerators - end * denominators, 0.0).pvalue == pytest.approx(
            1.0 - confidence, abs=1e-4
        )


@given(pairs, st.sampled_from([0.9, 0.95, 0.99]))
def test_a_ratio_of_variances_ends_where_the_pitman_morgan_test_just_rejects_it(sample, confidence):
    """The test of "Var A / Var B = r": Pearson's correlation of A + sqrt(r) B and A - sqrt(r) B (SciPy) is 0."""
    numerators, denominators = (np.array(side) for side in zip(*sample, strict=True))
    assume(np.std(numerators) > 0.1 and np.std(denominators) > 0.1)
    assume(abs(np.corrcoef(numerators, denominators)[0, 1]) < 0.999)
    low, high = variance_ratio_interval(list(numerators), list(denominators), confidence)
    assert low <= np.var(numerators) / np.var(denominators) <= high
    for end in (low, high):
        scaled = sqrt(end) * denominators
        found = stats.pearsonr(numerators + scaled, numerators - scaled)
        assert found.pvalue == pytest.approx(1.0 - confidence, abs=1e-4)


@pytest.mark.medium
def test_a_ratio_of_variances_is_covered_at_the_stated_rate():
    """Correlated normal values with standard deviations 3 and 1: the ratio is 9."""
    random, trials, hits = Random(3), 3000, 0
    for _ in range(trials):
        denominators = [random.gauss(0.0, 1.0) for _ in range(8)]
        numerators = [2.0 * value + random.gauss(0.0, sqrt(5.0)) for value in denominators]
        low, high = variance_ratio_interval(numerators, denominators)
        hits += low <= 9.0 <= high
    assert hits / trials == pytest.approx(0.95, abs=4 * sqrt(0.95 * 0.05 / trials))


def test_without_enough_pairs_or_without_variance_there_is_no_interval():
    assert mean_ratio_interval([1.0], [2.0]) is None
    assert variance_ratio_interval([1.0, 2.0], [2.0, 5.0]) is None
    assert variance_ratio_interval([1.0, 1.0, 1.0], [2.0, 5.0, 3.0]) is None
    assert variance_ratio_interval([2.0, 5.0, 3.0], [1.0, 1.0, 1.0]) is None
