"""The interval of a standardised mean difference agrees with published limits and with the t test."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from journey.statistics.effect_sizes import standardised_interval
from journey.statistics.means import Estimate, estimate_mean

samples = st.lists(st.floats(-10.0, 10.0, allow_subnormal=False), min_size=3, max_size=20)


def from_t(t, n):
    """An estimate with the t statistic `t` over `n` values."""
    return Estimate(t / n**0.5, None, None, 1.0, n, None)


def test_the_limits_are_those_published_for_mbess():
    """R, MBESS (Kelley 2007): conf.limits.nct(ncp=2.83, df=126, conf.level=.95) gives 0.8337502 and 4.8153586."""
    low, high = standardised_interval(from_t(2.83, 127))
    assert low * 127**0.5 == pytest.approx(0.8337502, abs=2e-6)
    assert high * 127**0.5 == pytest.approx(4.8153586, abs=2e-6)


@given(samples, st.sampled_from([0.9, 0.95, 0.99]))
def test_the_ends_are_where_scipys_noncentral_t_has_the_stated_tails(values, confidence):
    found = estimate_mean(values)
    assume(found.sd > 1e-3 and abs(found.mean) / found.sd < 3.0)
    low, high = standardised_interval(found, confidence)
    t, root, tail = found.mean / found.sd * found.n**0.5, found.n**0.5, (1.0 - confidence) / 2.0
    assert stats.nct.sf(t, found.n - 1, low * root) == pytest.approx(tail, abs=1e-5)
    assert stats.nct.cdf(t, found.n - 1, high * root) == pytest.approx(tail, abs=1e-5)


@given(samples)
def test_the_interval_contains_zero_exactly_where_the_t_test_does_not_reject(values):
    found = estimate_mean(values)
    assume(found.sd > 1e-3 and abs(found.p_value - 0.05) > 1e-6)
    low, high = standardised_interval(found)
    assert (low <= 0.0 <= high) == (found.p_value >= 0.05)


def test_without_a_spread_there_is_no_interval():
    assert standardised_interval(estimate_mean([1.0, 1.0, 1.0])) is None
    assert standardised_interval(estimate_mean([1.0])) is None
