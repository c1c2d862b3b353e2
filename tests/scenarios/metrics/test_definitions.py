"""Numbers for people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.metrics.definitions import BUILT_IN, format_metric


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (-0.0189, "share", "-1.89 pp"),
        (0.0189, "share", "+1.89 pp"),
        (-0.000001, "share", "0.00 pp"),
        (2.0, "days", "+2.00 d"),
        (-0.001, "days", "0.00 d"),
        (1234.0, "count", "+1,234"),
        (-3.25, "count", "-3.2"),
        (None, "count", "n/a"),
        (1500.0, "dollars", "+$1,500"),
    ],
)
def test_differences_have_a_sign_unless_they_round_to_nothing(value, unit, text):
    assert format_metric(value, unit, difference=True) == text


def test_a_share_is_a_percentage():
    assert format_metric(0.1234, "share") == "12.34 %"


def test_every_metric_has_a_meaning():
    assert all(known.label and known.meaning.endswith(".") for known in BUILT_IN.values())


def test_every_metric_with_a_denominator_says_when_it_is_unknown():
    fixed = {"dollars", "count"}
    assert [
        name for name, metric in BUILT_IN.items() if metric.unit not in fixed and metric.unknown_if == "not measured"
    ] == []


@given(
    st.floats(-1e6, 1e6).filter(lambda value: abs(value) > 1e-8), st.sampled_from(["share", "days", "ratio", "count"])
)
def test_a_bound_that_is_not_zero_does_not_look_like_zero(value, unit):
    text = format_metric(value, unit, difference=True, is_nonzero=True)
    assert text[0] == ("-" if value < 0.0 else "+")
    assert float(text.split()[0].replace(",", "")) != 0.0


def test_a_bound_near_zero_has_as_many_decimals_as_it_needs():
    assert format_metric(0.00003, "share", difference=True, is_nonzero=True) == "+0.003 pp"
    assert format_metric(0.0, "share", difference=True, is_nonzero=True) == "0.00 pp"
    assert format_metric(-0.5, "days", difference=True, is_nonzero=True) == "-0.50 d"
