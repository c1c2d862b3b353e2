"""Phrases that tables, reports and sentences share."""

from scenarios.text.phrases import describe_omitted_rows, format_interval, format_name, pluralise


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
