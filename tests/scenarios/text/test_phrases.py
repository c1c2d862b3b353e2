"""Phrases that tables, reports and sentences share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.text.phrases import (
    ceil_significant,
    describe_omitted_rows,
    describe_unknown,
    format_confidence,
    format_interval,
    format_name,
    pluralise,
    round_down,
    round_significant,
    round_up,
)


def test_a_noun_follows_its_number():
    assert [pluralise(n, "row") for n in (0, 1, 2, 1_234)] == ["0 rows", "1 row", "2 rows", "1,234 rows"]


def test_a_key_becomes_words():
    assert format_name("below_the_threshold") == "below the threshold"


def test_an_interval_needs_both_bounds():
    assert format_interval(0.01, 0.02, "{:.0%}".format) == "1% to 2%"
    assert format_interval(0.01, None, "{:.0%}".format) == ""
    assert format_interval(None, 0.02, "{:.0%}".format, missing="n/a") == "n/a"


def test_rows_are_omitted_only_beyond_the_limit():
    assert describe_omitted_rows(5, 5, "row", remedy="raise --limit") == ""
    assert describe_omitted_rows(6, 5, "row", remedy="raise --limit") == "1 row not listed; raise --limit"


def test_unknown_values_are_one_line_by_reason():
    reasons = [("wait, mean", "no request"), ("CSAT", "no customer"), ("wait, 90th percentile", "no request")]
    assert describe_unknown(reasons, "metric") == (
        "Unknown, 3 metrics: wait, mean and wait, 90th percentile (no request); CSAT (no customer)."
    )
    assert describe_unknown([], "metric") == ""


@given(st.floats(1.0, 1e9))
def test_a_size_is_rounded_to_two_digits_and_only_in_one_direction(number):
    low, high = round_down(number), round_up(number)
    assert low <= number <= high
    assert high - low <= max(1, number / 10)
    for rounded in (low, high, round_significant(number)):
        assert len(str(rounded).rstrip("0")) <= 2
        assert low <= rounded <= high


@pytest.mark.parametrize(
    ("confidence", "text"),
    [(0.95, "95 %"), (1 - 0.05 / 2, "97.5 %"), (1 - 0.05 / 3, "98.33 %"), (1 - 0.05 / 16, "99.69 %")],
)
def test_a_confidence_level_has_four_digits_at_most(confidence, text):
    assert format_confidence(confidence) == text


@given(st.floats(1e-9, 1e9), st.integers(1, 6))
def test_a_bound_as_text_is_never_below_the_number_and_close_to_it(number, digits):
    bound = float(ceil_significant(number, digits))
    assert number <= bound <= number * (1.0 + 10.0 ** (1 - digits)) * (1.0 + 1e-12)


def test_a_bound_keeps_a_number_that_has_few_digits():
    assert [ceil_significant(each) for each in (0.000365, 1e-5, 2.0, 0.00036501)] == [
        "0.000365",
        "1e-05",
        "2",
        "0.000366",
    ]
