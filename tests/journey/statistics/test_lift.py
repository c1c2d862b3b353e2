"""Lift: never with the wrong sign, and with an interval that agrees with the test of the difference."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import optimize, stats

from journey.statistics.lift import compute_lift, single_experiment_power
from journey.statistics.means import Estimate, estimate_mean, paired_differences

means = st.floats(0.05, 1.0, allow_subnormal=False)
samples = st.lists(st.tuples(means, means), min_size=3, max_size=12)


@pytest.mark.parametrize(
    ("baseline", "treated"), [([0.0, 0.0], [1.0, 2.0]), ([-10.0, -11.0], [-5.0, -6.0]), ([-2.0, 1.0], [3.0, 3.0])]
)
def test_against_a_baseline_of_zero_or_below_there_is_no_lift_and_the_reason_is_said(baseline, treated):
    """From -10 to -5 is a gain; dividing by -10 would call it a loss of 50 %, as others have."""
    found = compute_lift(baseline, treated)
    assert found[:3] == (None, None, None)
    assert "the baseline's mean is" in found.reason
    assert "relative change is undefined" in found.reason


@pytest.mark.parametrize(("treated", "lift"), [(15.0, 0.5), (5.0, -0.5), (10.0, 0.0)])
def test_the_lift_is_the_difference_over_the_baseline(treated, lift):
    """10 to 15 and 10 to 5 are published cases of GrowthBook's statistics."""
    assert compute_lift([9.0, 11.0], [treated - 1.0, treated + 1.0]).value == pytest.approx(lift)


@given(samples)
def test_the_ends_of_the_interval_are_where_scipys_t_test_just_refutes(pairs):
    baseline, treated = (np.array(side) for side in zip(*pairs, strict=True))
    assume(np.std(treated - baseline) > 1e-3 and np.std(baseline) > 1e-3)
    found = compute_lift(list(baseline), list(treated))
    if found.low is None:
        # The ends are missing exactly where "the baseline's mean is 0" is not refuted at 5 %.
        assert stats.ttest_1samp(baseline, 0.0).pvalue >= 0.05 - 1e-9
        return
    assert found.low <= found.value <= found.high

    def p_value(lift):
        return stats.ttest_1samp(treated - (1.0 + lift) * baseline, 0.0).pvalue

    for end in (found.low, found.high):
        assert p_value(end) == pytest.approx(0.05, abs=1e-5)
    assert p_value(found.value) == pytest.approx(1.0, abs=1e-6)


@given(samples)
def test_the_interval_leaves_out_zero_exactly_where_the_test_of_the_difference_refutes(pairs):
    baseline, treated = (list(side) for side in zip(*pairs, strict=True))
    found, difference = compute_lift(baseline, treated), estimate_mean(paired_differences(baseline, treated))
    assume(found.low is not None and difference.sd > 1e-3 and abs(difference.p_value - 0.05) > 1e-6)
    assert (found.low > 0.0 or found.high < 0.0) == (difference.p_value < 0.05)


def test_the_interval_covers_the_lift_as_often_as_stated():
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(2000):
        baseline = rng.normal(0.2, 0.03, 8)
        treated = 1.1 * 0.2 + rng.normal(0.0, 0.04, 8)
        found = compute_lift(list(baseline), list(treated))
        hits += found.low <= 0.1 <= found.high
    # 95 % of 2000, plus or minus four standard errors.
    assert hits / 2000 == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 2000))


def test_one_replication_gives_a_lift_without_an_interval():
    found = compute_lift([0.2], [0.1])
    assert (found.value, found.low, found.high) == (-0.5, None, None)
    assert "one replication" in found.reason
    assert compute_lift([], []).reason == "never measured in both arms"


@given(st.floats(-4.0, 4.0), st.floats(0.1, 3.0))
def test_power_is_the_probability_that_a_normal_estimate_is_far_enough_from_zero(mean, sd):
    found = single_experiment_power(Estimate(mean, None, None, sd, 9, None))
    edge = optimize.brentq(lambda x: stats.norm.sf(x) - 0.025, 0.0, 5.0) * sd
    peer = stats.norm.sf(edge, mean, sd) + stats.norm.cdf(-edge, mean, sd)
    assert found.value == pytest.approx(peer, rel=1e-6, abs=1e-9)
    assert found.low <= found.value <= found.high


def test_without_a_spread_there_is_no_power():
    assert single_experiment_power(estimate_mean([0.1])) is None
    assert single_experiment_power(estimate_mean([0.1, 0.1])) is None
