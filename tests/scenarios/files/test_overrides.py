"""Overrides: `key=value`."""

import json
from datetime import date
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.core.errors import InputError
from journey.core.toml_text import format_path
from scenarios.files.merging import normalise
from scenarios.files.overrides import format_overrides, parse_override

steps = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=8)
paths = st.lists(steps, min_size=1, max_size=4).map(tuple)


def as_toml(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return "[" + ", ".join(as_toml(item) for item in value) + "]"
    return repr(value)


scalars = (
    st.integers(-(2**62), 2**62)
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=10)
)


@given(paths, scalars | st.lists(scalars, max_size=3))
def test_what_is_set_is_what_is_read(path, value):
    data = parse_override(f"{format_path(path)}={as_toml(value)}").data
    for step in path:
        data = data[step]
    assert data == value
    assert type(data) is type(value)


def test_a_quoted_step_may_contain_the_sign_that_ends_the_key():
    data = parse_override("""guardrails."churn_rate[tier=high]"=0.01""").data
    assert data == {"guardrails": {"churn_rate[tier=high]": 0.01}}


@pytest.mark.parametrize(
    ("given_value", "read"),
    [
        ("bundled", "bundled"),
        ("two words", "two words"),
        ("3", 3),
        ("1e3", 1000.0),
        ("true", True),
        ("True", "True"),
        ("2025-01-16", "2025-01-16"),
        ("a=b", "a=b"),
        ("./records", "./records"),
        ('["a", "b"]', ["a", "b"]),
    ],
)
def test_bare_words_are_text_and_toml_is_toml(given_value, read):
    assert parse_override(f"key={given_value}").data == {"key": read}


@pytest.mark.parametrize(
    ("given_text", "message"),
    [
        ("population.size", "write it as key=value"),
        ("=3", "is not a dotted key"),
        ("a..b=3", "is not a dotted key"),
        ("a b=3", "is not a dotted key"),
        ("[a]=3", "is not a dotted key"),
        ("a=", "has no value"),
        ("a=[1", "is not a TOML value"),
        ("a=1\nb=2", "one value per override"),
    ],
)
def test_an_unreadable_override_is_refused_with_the_right_form(given_text, message):
    """The override is named as it was given, because Python has no option ``--set``."""
    with pytest.raises(InputError) as caught:
        parse_override(given_text)
    assert message in str(caught.value)
    assert given_text in str(caught.value)
    assert "--" not in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        5,
        0.25,
        1e20,
        inf,
        np.float64(0.1),
        np.int64(3),
        True,
        'a "text"\n\x7f\x9b',
        [1, 2],
        ["a", "b"],
        {"SMB": 2, "Mid Market": [0.5]},
        date(2025, 1, 6),
    ],
)
def test_a_python_value_is_read_back_from_its_text(value):
    (argument,) = format_overrides({"a.b": value})
    assert parse_override(argument).data == normalise({"a": {"b": value}})


def test_overrides_without_a_text_are_refused():
    with pytest.raises(InputError, match="overrides: a: object is not a TOML value; give a number"):
        format_overrides({"a": object()})
    with pytest.raises(InputError, match="overrides: give a mapping, or a list of key=value texts"):
        format_overrides("a=1")
