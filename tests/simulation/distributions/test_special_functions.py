"""Special functions, against SciPy, against exact sums, against each other, and compiled against interpreted."""

import math
from decimal import Decimal, localcontext

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import special, stats

from simulation.compiled.engine import kernels
from simulation.distributions import special_functions as ours
from simulation.distributions.special_functions import (
    gamma_hazard,
    gamma_inverse_hazard,
    log_gamma,
    normal_hazard,
    normal_inverse_hazard,
    normal_quantile,
)

SHAPES = st.one_of(st.floats(0.05, 3.0), st.floats(0.05, 500.0), st.integers(1, 60).map(float))
AMOUNTS = st.one_of(st.floats(1e-3, 20.0), st.floats(1.0, 700.0), st.floats(-300.0, 0.0).map(lambda power: 10.0**power))
"""Cumulative hazards: where most draws are, the far upper tail, the far lower tail."""
NO_AGE = 1e-290
"""Below, an age has left the range of floats, or is about to."""


@given(st.floats(0.01, 500.0))
def test_log_gamma(shape):
    # Near its zeros at 1 and 2 the value itself is below the error of the approximation: hence the absolute part.
    assert log_gamma(shape) == pytest.approx(special.gammaln(shape), rel=1e-12, abs=1e-13)


@given(st.floats(-37.0, 60.0))
def test_the_cumulative_hazard_of_the_normal_law(z):
    # 2e-13 comes from rounding z itself, whose square is in the exponent, and 3e-14 from the series beyond 25.
    assert normal_hazard(z) == pytest.approx(-stats.norm.logsf(z), rel=1e-12)


@given(AMOUNTS)
def test_its_inverse(amount):
    # The last bit of z = -37 is worth 3e-13 of the hazard.
    assert normal_hazard(normal_inverse_hazard(amount)) == pytest.approx(amount, rel=1e-12)


@given(st.floats(700.0, 1e12))
def test_its_inverse_where_the_survival_is_no_float(amount):
    assert normal_hazard(normal_inverse_hazard(amount)) == pytest.approx(amount, rel=1e-14)


@given(st.floats(1e-300, 0.999))
def test_the_age_of_the_normal_law_is_its_quantile(share):
    # Both to a few last bits; near the median the share itself is rounded, hence the absolute part.
    assert normal_quantile(share) == pytest.approx(special.ndtri(share), rel=2e-14, abs=1e-15)
    assert normal_inverse_hazard(-math.log1p(-share)) == pytest.approx(special.ndtri(share), rel=2e-14, abs=1e-15)


@given(SHAPES, st.floats(1e-3, 1000.0))
def test_the_cumulative_hazard_of_the_gamma_law(shape, x):
    upper, lower = special.gammaincc(shape, x), special.gammainc(shape, x)
    assume(upper > 1e-280 and lower > 1e-280)
    expected = -math.log1p(-lower) if lower < 0.5 else -math.log(upper)
    # SciPy's own error in the far lower tail of large shapes; ours is below 2e-13.
    assert gamma_hazard(shape, x) == pytest.approx(expected, rel=1e-11)


@given(st.integers(1, 80), st.floats(-6.0, 3.0).map(lambda power: 10.0**power))
def test_a_gamma_law_of_whole_shape_is_the_wait_for_so_many_poisson_events(events, x):
    """Survival is the chance of fewer events: a finite sum, here with 400 digits, so that no tail is too far."""
    with localcontext() as context:
        context.prec = 400
        term = total = Decimal(1)
        for n in range(1, events):
            term *= Decimal(x) / n
            total += term
        expected = Decimal(x) - total.ln()
    assume(expected > Decimal("1e-290"))
    # The rounding of shape * log x, as large as 500, is in the exponent.
    assert gamma_hazard(float(events), x) == pytest.approx(float(expected), rel=1e-12)


@given(SHAPES, AMOUNTS)
def test_age_and_hazard_of_the_gamma_law_are_inverse(shape, amount):
    x = gamma_inverse_hazard(shape, amount)
    assume(x > NO_AGE)
    # The last bit of x is worth `shape` times as much of a small hazard: 1e-13 for the largest shape.
    assert gamma_hazard(shape, x) == pytest.approx(amount, rel=1e-12)


@given(SHAPES, st.floats(-250.0, 3.3).map(lambda power: 10.0**power))
def test_hazard_and_age_of_the_gamma_law_are_inverse(shape, x):
    amount = gamma_hazard(shape, x)
    assume(amount > 1e-300)
    # An error of the hazard is 1 / shape times as much of the age, 20 times for the smallest shape, and never more
    # than once where the hazard is large.
    assert gamma_inverse_hazard(shape, amount) == pytest.approx(x, rel=1e-12)


@given(SHAPES, st.floats(0.0, 1e-3))
def test_an_age_below_all_floats_is_0(shape, tiny):
    assert gamma_inverse_hazard(0.05, 1e-300) == 0.0
    assert 0.0 <= gamma_inverse_hazard(shape, tiny * 1e-300 + 5e-324) < shape


@given(SHAPES, AMOUNTS, st.floats(1e-12, 1.0))
def test_ages_never_go_back_when_the_amount_grows(shape, amount, growth):
    """A step of 1e-12 is the least that is surely more than the error of both ages."""
    larger = amount * (1.0 + growth)
    assert normal_inverse_hazard(amount) <= normal_inverse_hazard(larger)
    assert gamma_inverse_hazard(shape, amount) <= gamma_inverse_hazard(shape, larger)


@pytest.mark.parametrize("amount", [1e16, 1e100, 1e300, math.inf])
def test_amounts_beyond_all_reason(amount):
    """The hazard rate of a gamma law tends to 1, that of the normal law to z."""
    assert gamma_inverse_hazard(0.3, amount) == pytest.approx(amount, rel=1e-13)
    assert gamma_inverse_hazard(30.0, amount) == pytest.approx(amount, rel=1e-13)
    assert normal_inverse_hazard(amount) == pytest.approx(math.sqrt(2.0 * amount), rel=1e-13)


@given(st.floats(1.5, 500.0), st.floats(0.01, 5.0))
def test_one_step_from_the_guess_is_enough_where_the_mass_of_the_law_is(shape, amount):
    """The claim that makes the age fast; elsewhere, and for smaller shapes, it may take two."""
    x = ours.gamma_inverse_guess(shape, amount)
    step, _ = ours.gamma_inverse_step(shape, x, amount)
    assert x * math.exp(step) == pytest.approx(gamma_inverse_hazard(shape, amount), rel=1e-12)


@pytest.mark.compiled
@given(SHAPES, AMOUNTS)
def test_compiled_is_interpreted_bit_for_bit(shape, amount):
    x = gamma_inverse_hazard(shape, amount)
    assert kernels().gamma_inverse_hazard(shape, amount) == x
    assert kernels().gamma_hazard(shape, x) == gamma_hazard(shape, x)
    z = normal_inverse_hazard(amount)
    assert kernels().normal_inverse_hazard(amount) == z
    assert kernels().normal_hazard(z) == normal_hazard(z)
