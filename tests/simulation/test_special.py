"""Special functions, against SciPy."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import special, stats

from simulation.special import gamma_age, gamma_hazard, log_gamma, normal_age, normal_hazard

SHAPES = st.floats(0.05, 80.0)


@given(st.floats(0.01, 500.0))
def test_log_gamma(shape):
    # Near its zeros at 1 and 2 the value itself is below the error of the approximation: hence the absolute part.
    assert log_gamma(shape) == pytest.approx(special.gammaln(shape), rel=1e-12, abs=1e-13)


@given(st.floats(-37.0, 60.0))
def test_the_cumulative_hazard_of_the_normal_law(z):
    assert normal_hazard(z) == pytest.approx(-stats.norm.logsf(z), rel=1e-10)


@given(st.floats(-30.0, 60.0))
def test_its_inverse(z):
    amount = normal_hazard(z)
    assert normal_hazard(normal_age(amount)) == pytest.approx(amount, rel=1e-10)


@given(SHAPES, st.floats(1e-3, 200.0))
def test_the_cumulative_hazard_of_the_gamma_law(shape, x):
    upper = special.gammaincc(shape, x)
    lower = special.gammainc(shape, x)
    assume(upper > 1e-280 and lower > 1e-280)
    expected = -math.log1p(-lower) if lower < 0.5 else -math.log(upper)
    assert gamma_hazard(shape, x) == pytest.approx(expected, rel=1e-9)


@given(SHAPES, st.floats(1e-6, 40.0))
def test_its_inverse_too(shape, amount):
    assert gamma_hazard(shape, gamma_age(shape, amount)) == pytest.approx(amount, rel=1e-9)
