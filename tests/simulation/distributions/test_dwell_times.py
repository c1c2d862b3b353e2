"""Clocks: each law against SciPy's, and the amount left kept through every change of hazard."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import stats

from simulation.compiled.engine import kernels
from simulation.distributions.dwell_times import (
    DETERMINISTIC,
    EMPIRICAL,
    EXPONENTIAL,
    GAMMA,
    LOG_LOGISTIC,
    LOG_NORMAL,
    NEVER,
    WEIBULL,
    Clock,
    advance,
    cumulative_hazard,
    due_in,
    initial_amount,
    inverse_cumulative_hazard,
    scale_for_mean,
    set_hazard_ratio,
    start_clock,
)
from simulation.model.dwell_spec import Dwell
from simulation.random import streams

LAWS = {
    EXPONENTIAL: lambda a, b: stats.expon(scale=1.0 / a),
    WEIBULL: lambda a, b: stats.weibull_min(b, scale=a),
    LOG_LOGISTIC: lambda a, b: stats.fisk(b, scale=a),
    LOG_NORMAL: lambda a, b: stats.lognorm(b, scale=a),
    GAMMA: lambda a, b: stats.gamma(b, scale=a),
}
RANDOM_LAWS = st.sampled_from(sorted(LAWS))
ANY_LAW = st.sampled_from([*sorted(LAWS), DETERMINISTIC])
MEANS = st.floats(0.5, 500.0)
SHAPES = st.floats(1.05, 5.0)
RATIOS = st.floats(0.05, 20.0)
AMOUNTS = st.floats(1e-6, 20.0)
NO_KNOTS = np.zeros(4)


def start(law, a, b, amount, now, ratio, age=0.0):
    """A clock that starts at `now`."""
    clock = Clock()
    start_clock(clock, now, law, a, b, amount, age, ratio, ())
    return clock


@given(RANDOM_LAWS, MEANS, SHAPES, st.floats(0.001, 1000.0))
def test_the_cumulative_hazard_is_minus_the_log_survival_of_scipy(law, mean, shape, age):
    a, b = scale_for_mean(law, mean, shape)
    if law == LOG_LOGISTIC:
        # SciPy's fisk goes through 1 - cdf; the logarithm of the time is logistic, whose tail SciPy keeps exact.
        log_survival = stats.logistic(loc=math.log(a), scale=1.0 / b).logsf(math.log(age))
    else:
        log_survival = LAWS[law](a, b).logsf(age)
    assume(log_survival > -700.0)  # beyond, SciPy's survival is no longer a float
    # The absolute part: where the hazard itself is below the last bit of 1, relative digits mean nothing.
    assert cumulative_hazard(law, a, b, age, ()) == pytest.approx(-log_survival, rel=1e-12, abs=1e-15)


@given(RANDOM_LAWS, MEANS, SHAPES)
def test_the_mean_is_the_one_asked_for(law, mean, shape):
    a, b = scale_for_mean(law, mean, shape)
    assert LAWS[law](a, b).mean() == pytest.approx(mean, rel=1e-9)


@given(ANY_LAW, MEANS, SHAPES, st.floats(1e-3, 600.0) | st.floats(-200.0, 0.0).map(lambda power: 10.0**power))
def test_age_and_hazard_are_inverse(law, mean, shape, amount):
    """From the far lower tail to the far upper one; the last bit of an age is worth up to 37^2 of a tiny hazard."""
    a, b = scale_for_mean(law, mean, shape)
    assert cumulative_hazard(law, a, b, inverse_cumulative_hazard(law, a, b, amount, ()), ()) == pytest.approx(
        amount, rel=1e-11
    )


@given(ANY_LAW, MEANS, SHAPES, AMOUNTS, st.floats(1e-11, 1.0))
def test_a_larger_amount_never_lasts_shorter(law, mean, shape, amount, growth):
    a, b = scale_for_mean(law, mean, shape)
    assert inverse_cumulative_hazard(law, a, b, amount, ()) <= inverse_cumulative_hazard(
        law, a, b, amount * (1.0 + growth), ()
    )


@given(ANY_LAW, MEANS, SHAPES, AMOUNTS, st.floats(-12.0, 0.0).map(lambda power: 10.0**power))
def test_a_tiny_hazard_ratio_gives_a_long_wait_and_no_error(law, mean, shape, amount, ratio):
    a, b = scale_for_mean(law, mean, shape)
    assert due_in(law, a, b, 0.0, amount, ratio, ()) >= due_in(law, a, b, 0.0, amount, 1.0, ())


@pytest.mark.medium
@pytest.mark.parametrize("law", sorted(LAWS))
@pytest.mark.parametrize("ratio", [1.0, 3.0])
def test_waits_follow_the_law_and_a_hazard_ratio_is_a_power_of_its_survival(law, ratio):
    """Kolmogorov-Smirnov at a false-alarm rate of 1e-4; the seed is fixed."""
    a, b = scale_for_mean(law, 12.0, 1.7)
    key = streams.customer_key(3, 0, law)
    waits = [
        start(law, a, b, initial_amount(law, a, 0.0, streams.exponential(key, streams.MOVE, 0, n)), 0.0, ratio).due
        for n in range(20_000)
    ]

    def cdf(t):
        return 1.0 - LAWS[law](a, b).sf(t) ** ratio

    assert stats.kstest(waits, cdf).pvalue > 1e-4


@pytest.mark.medium
@pytest.mark.parametrize("law", sorted(LAWS))
def test_the_residual_wait_of_an_old_clock_is_the_law_given_survival(law):
    """Kolmogorov-Smirnov at a false-alarm rate of 1e-4; the seed is fixed."""
    a, b = scale_for_mean(law, 12.0, 1.7)
    age = 9.0
    key = streams.customer_key(4, 0, law)
    waits = [
        start(law, a, b, initial_amount(law, a, age, streams.exponential(key, streams.MOVE, 0, n)), 0.0, 1.0, age).due
        for n in range(20_000)
    ]
    frozen = LAWS[law](a, b)
    assert stats.kstest(waits, lambda t: 1.0 - frozen.sf(age + t) / frozen.sf(age)).pvalue > 1e-4


@given(ANY_LAW, MEANS, SHAPES, AMOUNTS, RATIOS, st.just(0.0) | RATIOS, st.floats(0.0, 1.0), st.floats(0.0, 2.0))
def test_going_on_is_what_is_left_and_the_wait_from_there(law, mean, shape, amount, ratio, following, share, more):
    a, b = scale_for_mean(law, mean, shape)
    age, elapsed = mean * share, mean * more
    used = cumulative_hazard(law, a, b, age + elapsed, ()) - cumulative_hazard(law, a, b, age, ())
    left = max(0.0, amount - ratio * used)
    wait = due_in(law, a, b, age + elapsed, left, following, ())
    assert advance(law, a, b, age, amount, ratio, elapsed, following, ()) == (left, wait)


@given(ANY_LAW, MEANS, SHAPES, AMOUNTS, RATIOS, RATIOS, st.floats(0.01, 0.99))
def test_a_change_in_mid_flight_keeps_what_is_left(law, mean, shape, amount, first, second, share):
    """The integral of ratio x hazard up to the end is the amount the clock was wound with, whatever happened."""
    a, b = scale_for_mean(law, mean, shape)
    clock = start(law, a, b, amount, 0.0, first)
    assume(math.isfinite(clock.due) and clock.due < 1e9)
    change = clock.due * share
    set_hazard_ratio(clock, change, law, a, b, second, ())
    assume(math.isfinite(clock.due) and clock.due < 1e9)
    before = first * cumulative_hazard(law, a, b, change, ())
    after = second * (cumulative_hazard(law, a, b, clock.due, ()) - cumulative_hazard(law, a, b, change, ()))
    assert before + after == pytest.approx(amount, rel=1e-6)


@given(ANY_LAW, MEANS, SHAPES, AMOUNTS, RATIOS, st.floats(0.0, 1.0))
def test_a_change_to_the_same_ratio_changes_no_bit(law, mean, shape, amount, ratio, share):
    a, b = scale_for_mean(law, mean, shape)
    clock = start(law, a, b, amount, 0.0, ratio)
    due = clock.due
    set_hazard_ratio(clock, due * share if math.isfinite(due) else 1.0, law, a, b, ratio, ())
    assert clock.due == due


@given(ANY_LAW, MEANS, SHAPES, AMOUNTS, RATIOS, RATIOS, st.floats(0.0, 1.0))
def test_a_higher_hazard_never_comes_later_and_never_in_the_past(law, mean, shape, amount, ratio, factor, share):
    a, b = scale_for_mean(law, mean, shape)
    slow = due_in(law, a, b, mean * share, amount, ratio, ())
    fast = due_in(law, a, b, mean * share, amount, ratio * max(factor, 1.0), ())
    assert 0.0 <= fast <= slow


@given(ANY_LAW, MEANS, SHAPES, AMOUNTS)
def test_a_hazard_of_zero_stops_the_clock_and_it_goes_on_where_it_stood(law, mean, shape, amount):
    a, b = scale_for_mean(law, mean, shape)
    clock = start(law, a, b, amount, 0.0, 1.0)
    assume(clock.due < 1e9)
    half = clock.due / 2
    set_hazard_ratio(clock, half, law, a, b, 0.0, ())
    assert clock.due == NEVER


@pytest.mark.compiled
@given(ANY_LAW, MEANS, SHAPES, AMOUNTS, RATIOS, RATIOS, st.floats(0.0, 1.0))
def test_compiled_clocks_are_interpreted_ones_bit_for_bit(law, mean, shape, amount, ratio, following, share):
    a, b = scale_for_mean(law, mean, shape)
    age, knots = mean * share, np.zeros(4)
    wait = due_in(law, a, b, age, amount, ratio, knots)
    assume(math.isfinite(wait))
    assert kernels().due_in(law, a, b, age, amount, ratio, knots) == wait
    change = (law, a, b, age, amount, ratio, 0.5 * wait, following, knots)
    assert kernels().advance(*change) == advance(*change)


@given(MEANS, RATIOS)
def test_on_a_deterministic_dwell_a_hazard_ratio_scales_the_speed_of_the_clock(days, ratio):
    clock = start(DETERMINISTIC, days, 0.0, initial_amount(DETERMINISTIC, days, 0.0, 1.0), 0.0, ratio)
    assert clock.due == pytest.approx(days / ratio, rel=1e-12)
    half = clock.due / 2
    set_hazard_ratio(clock, half, DETERMINISTIC, days, 0.0, 1.0, ())
    assert clock.due == pytest.approx(half + days / 2, rel=1e-9)


def test_an_exponential_clock_that_never_changes_is_exact():
    clock = start(EXPONENTIAL, 0.25, 0.0, 2.0, 10.0, 1.0)
    assert clock.due == 18.0
    assert np.isinf(start(EXPONENTIAL, 0.25, 0.0, 2.0, 10.0, 0.0).due)


@given(st.lists(st.tuples(st.floats(0.1, 30.0), st.floats(0.01, 1.0)), min_size=1, max_size=6), st.floats(0.0, 1.0))
def test_an_empirical_law_passes_through_its_points(steps, share):
    """Shares at the given days are the given ones, and hazard and age are inverse between them."""
    days = np.cumsum([step for step, _ in steps])
    hazards = np.cumsum([rise for _, rise in steps])
    knots = (0.0, 0.0, *(number for point in zip(days, hazards, strict=True) for number in point))
    law = (EMPIRICAL, 0.0, float(len(days) + 1))
    for day, hazard in zip(days, hazards, strict=True):
        assert cumulative_hazard(*law, day, knots) == pytest.approx(hazard, rel=1e-12)
    amount = share * hazards[-1] * 1.5 + 1e-9
    assert cumulative_hazard(*law, inverse_cumulative_hazard(*law, amount, knots), knots) == pytest.approx(
        amount, rel=1e-9
    )


SCHEMA_DWELLS = st.tuples(ANY_LAW, st.floats(1e-3, 1e6), st.floats(0.1, 50.0))
"""Distributions as a scenario may state them; invalid combinations are refused by `Dwell`."""
NAMES = {
    EXPONENTIAL: "exponential", WEIBULL: "weibull", LOG_LOGISTIC: "log_logistic", LOG_NORMAL: "log_normal",
    GAMMA: "gamma", DETERMINISTIC: "deterministic",
}  # fmt: skip
SMALL_TO_LARGE = st.floats(-300.0, 6.0).map(lambda power: 10.0**power)


def scenario_dwell(law, mean, shape):
    """The parameters of a distribution that a scenario may have; otherwise the example is dropped."""
    try:
        Dwell(law=NAMES[law], mean_days=mean, shape=shape)
    except ValidationError:
        assume(False)
    return scale_for_mean(law, mean, shape)


@given(SCHEMA_DWELLS, SMALL_TO_LARGE, SMALL_TO_LARGE, st.just(0.0) | SMALL_TO_LARGE, AMOUNTS, st.floats(0.0, 4e4))
def test_every_dwell_of_a_scenario_can_be_computed_at_any_age_and_ratio(dwell, age, ratio, following, amount, elapsed):
    law = dwell[0]
    a, b = scenario_dwell(*dwell)
    assert cumulative_hazard(law, a, b, age, ()) < math.inf
    assert due_in(law, a, b, age, amount, ratio, ()) >= 0.0
    remaining, wait = advance(law, a, b, age, amount, ratio, elapsed, following, ())
    assert 0.0 <= remaining <= amount
    assert wait >= 0.0


@pytest.mark.slow
@pytest.mark.compiled
@given(SCHEMA_DWELLS, SMALL_TO_LARGE, SMALL_TO_LARGE, st.just(0.0) | SMALL_TO_LARGE, AMOUNTS, st.floats(0.0, 4e4))
def test_every_dwell_of_a_scenario_is_the_same_in_compiled_code(dwell, age, ratio, following, amount, elapsed):
    law = dwell[0]
    a, b = scenario_dwell(*dwell)
    run = law, a, b, age, amount, ratio
    assert kernels().due_in(*run, NO_KNOTS) == due_in(*run, ())
    assert kernels().advance(*run, elapsed, following, NO_KNOTS) == advance(*run, elapsed, following, ())


@pytest.mark.parametrize(("law", "shape"), [(WEIBULL, 50.0), (LOG_LOGISTIC, 50.0)])
def test_a_clock_beyond_the_largest_hazard_runs_out_at_once(law, shape):
    """Its age is a billion times its mean: the hazard there is more than a number can hold."""
    a, b = scale_for_mean(law, 1e-3, shape)
    assert due_in(law, a, b, 1e6, 1.0, 1.0, ()) == 0.0


def test_a_clock_at_a_tiny_hazard_ratio_never_runs_out():
    a, b = scale_for_mean(WEIBULL, 1.0, 0.1)
    assert due_in(WEIBULL, a, b, 0.0, 1.0, 1e-40, ()) > 1e200


@pytest.mark.parametrize("mean", [1e-3, 1e6])
def test_the_largest_log_normal_shape_gives_numbers_and_a_larger_one_is_refused(mean):
    dwell = Dwell(law="log_normal", mean_days=mean, shape=37.0)
    a, b = scale_for_mean(LOG_NORMAL, dwell.mean_days, dwell.shape)
    assert 0.0 < a < mean
    assert due_in(LOG_NORMAL, a, b, 0.0, 1.0, 1.0, ()) > 0.0
    assert due_in(LOG_NORMAL, a, b, 36_525.0, 1.0, 1.0, ()) > 0.0
    with pytest.raises(ValidationError, match=r"a log_normal dwell with shape 37\.5 has a median too close to 0"):
        Dwell(law="log_normal", mean_days=mean, shape=37.5)


@pytest.mark.parametrize("law", [*LAWS, DETERMINISTIC])
def test_the_smallest_age_has_no_hazard(law):
    """Its share of the scale underflows to 0, which has no logarithm."""
    a, b = scale_for_mean(law, 21.0, 1.3)
    assert cumulative_hazard(law, a, b, 5e-324, NO_KNOTS) == pytest.approx(0.0, abs=1e-300)
