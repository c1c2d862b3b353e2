"""Identifiers are trimmed the same way in Python and in SQL, and spellings that look alike share a key."""

import unicodedata

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.core.errors import InputError
from journey.core.identifiers import (
    TRIMMED_ENDS_PATTERN,
    describe_difference,
    looks_like,
    normalise_identifier,
    require_identifier,
    spelling_key,
)

ENDS = st.sampled_from(
    ["", " ", "\t", "\r\n", "\x00", "\x7f", "\u00a0", "\u00ad", "\u200b", "\u2003", "\u2800", "\u3164", "\ufe0f",
     "\ufeff", "\U000e0020"]
)  # fmt: skip
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=6)


@pytest.mark.parametrize("end", [" ", "\u00a0", "\u200b", "\ufeff", "\u3164", "\u034f", "\ufe0f", "\x00"])
def test_invisible_ends_are_not_a_part_of_an_identifier(end):
    assert normalise_identifier(f"{end}K 001{end}") == "K 001"
    assert normalise_identifier(end) == ""


def test_an_invisible_character_within_an_identifier_stays():
    assert normalise_identifier("K\u200b001") == "K\u200b001"


@pytest.mark.parametrize("blank", ["", " ", "\u3164\u200b"])
def test_a_blank_identifier_is_refused_by_name(blank):
    with pytest.raises(InputError, match=r"^--by: is blank"):
        require_identifier(blank, "--by")


def test_a_visible_identifier_is_returned_without_its_invisible_ends():
    assert require_identifier(" K001\ufeff", "--by") == "K001"


@given(start=ENDS, text=TEXTS, end=ENDS)
def test_python_and_sql_trim_the_same_characters(start, text, end):
    spelling = start + text + end
    found = duckdb.execute("SELECT regexp_replace(?, ?, '', 'g')", [spelling, TRIMMED_ENDS_PATTERN]).fetchall()
    assert found[0][0] == normalise_identifier(spelling)


@given(start=ENDS, text=TEXTS, end=ENDS)
def test_trimming_twice_is_trimming_once(start, text, end):
    once = normalise_identifier(start + text + end)
    assert normalise_identifier(once) == once


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Zo\u00eb", "Zoe\u0308"),
        ("A1", "\uff211"),
        ("A1", "A1\ufe0f"),
        ("A1", "A\u28001"),
        ("A1", "\u04101"),
        ("A1", "a 1"),
        ("stra\u00dfe", "STRASSE"),
        ("105", "105.0"),
        ("7", "007"),
        ("0", "0.0"),
    ],
)
def test_spellings_that_look_alike_share_a_key(one, other):
    assert one != other
    assert looks_like(one, other)


@pytest.mark.parametrize(
    ("one", "other"), [("A1", "A2"), ("105", "1050"), ("105", "105.5"), ("K007", "K7"), ("Zoe", "Zo\u00eb")]
)
def test_other_identifiers_do_not_look_alike(one, other):
    assert not looks_like(one, other)


@given(TEXTS)
def test_the_key_ignores_form_and_capitals_of_any_text(text):
    assert spelling_key(text) == spelling_key(unicodedata.normalize("NFD", text)) == spelling_key(f" {text}\u200b")


@pytest.mark.parametrize(
    ("one", "other", "difference"),
    [
        ("k004", "K004", "in capitals"),
        ("105", "105.0", "in the zeros of a number"),
        ("7", "007", "in the zeros of a number"),
        ("K 1", "K1", "in white space or invisible characters ('K 1' and 'K1')"),
        ("Zo\u00eb", "Zoe\u0308", "in the Unicode form of a character ('Zo\\xeb' and 'Zoe\\u0308')"),
        ("A1", "\u04101", "in letters of different scripts ('A1' and '\\u04101')"),
        ("k 1", "K1", "in white space or invisible characters and in capitals ('k 1' and 'K1')"),
        ("Stra\u00dfe", "STRASSE", "in capitals"),
    ],
)
def test_the_difference_of_two_spellings_is_named(one, other, difference):
    assert describe_difference(one, other) == difference


@given(TEXTS, TEXTS)
def test_a_difference_is_named_exactly_where_there_is_one(one, other):
    if looks_like(one, other):
        assert bool(describe_difference(one, other)) == (one != other)
