"""Dollars as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.money.format import format_dollars, format_exact_dollars


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "unknown"),
        (0.0, "$0.00"),
        (0.002, "$0.002"),
        (0.5, "$0.50"),
        (99.994, "$99.99"),
        (412.4, "$412"),
        (-1096.0, "-$1,096"),
        (83_140.0, "$83.1k"),
        (-1_240_000.0, "-$1.24M"),
    ],
)
def test_rounded_dollars_have_three_significant_figures(value, text):
    assert format_dollars(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "unknown"), (0.0, "$0.00"), (-0.004, "$0.00"), (1234.5, "$1,234.50"), (-0.99, "-$0.99"),
        (1_240_000.0, "$1,240,000.00"),
    ],
)  # fmt: skip
def test_exact_dollars_have_cents(value, text):
    assert format_exact_dollars(value) == text


def test_a_positive_difference_has_a_plus_sign():
    assert format_dollars(412.4, show_plus=True) == "+$412"
    assert format_exact_dollars(0.5, show_plus=True) == "+$0.50"
    assert format_exact_dollars(0.001, show_plus=True) == "$0.00"


@given(st.floats(1e-9, 1e9))
def test_a_price_above_zero_is_never_shown_as_zero(price):
    assert float(format_dollars(price).strip("$Mk").replace(",", "")) > 0.0
