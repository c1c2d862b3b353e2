"""A small set, whose texts are examined first, is read as a large one, whose texts are not."""

from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.records import text_forms
from journey.records.assemble import load_tables
from journey.records.columns import Column, get_columns
from journey.records.model import Family, get_model
from journey.records.text_forms import MISSING_WORDS, detect_form

_PLAIN = ("K1", "12", "2.5", "2031-03-08", "2031-03-08T10:00:00", "2031-03-08 10:00:00+02", "true", "low", "SMB")
_ODD = ("", " ", " K1", "K1 ", "K\u00a0", "\u200bK", *MISSING_WORDS[:4], '["a"]', '{"a": null}', "[1", "-3", "1.200,50",
        "0001-01-01", "2031-02-30", "20310308", "2031-03-08Z", "٢٠٣١-03-08", "a;b", "x\tx", "\x7f", "é ")  # fmt: skip
_NESTED = (["a", " b "], {"a": 1}, 3, 2.5, True)
_ORDINARY: st.SearchStrategy[Any] = st.none() | st.sampled_from(_PLAIN)
_VALUES: st.SearchStrategy[Any] = _ORDINARY | st.sampled_from(_ODD) | st.text(max_size=4) | st.sampled_from(_NESTED)


def _column(dataset: str, name: str) -> Column:
    return next(column for column in get_columns(dataset) if column.name == name)


@st.composite
def _tables(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]]]:
    """A set with up to three rows. Values of one column are alike, so that many columns are ordinary."""
    dataset = draw(st.sampled_from(("customers", "signals", "interventions", "events")))
    columns = get_columns(dataset)
    kinds = {column.name: draw(st.sampled_from((_ORDINARY, _VALUES))) for column in columns}
    # A field that every row needs is in some row; otherwise the set is refused.
    needed = {column.name: kinds.pop(column.name) for column in columns if column.required}
    return dataset, draw(st.lists(st.fixed_dictionaries(needed, optional=kinds), min_size=1, max_size=3))


def _read(dataset: str, rows: list[dict[str, Any]]) -> tuple[object, ...]:
    family = Family((get_model(dataset),), None, dataset)
    connection = load_tables(family, {dataset: rows})
    return tuple(
        connection.execute(f"FROM {table} ORDER BY ALL").fetchall() for table in (dataset, "set_aside", "load_findings")
    )


@pytest.mark.medium
@given(_tables())
def test_the_examination_of_a_small_set_changes_no_value(table: tuple[str, list[dict[str, Any]]]) -> None:
    examined = _read(*table)
    with patch.object(text_forms, "MAX_SMALL_ROWS", -1):
        assert _read(*table) == examined


def test_each_form_is_found() -> None:
    date, name, texts = (
        _column("signals", "detected_at"),
        _column("signals", "signal_id"),
        _column("interventions", "triggered_by_signals"),
    )
    assert detect_form(date, {"2031-03-08", "2031-03-09"}) == "bare-date"
    assert detect_form(date, {"2031-03-08", "2031-03-08T10:00"}) == "ordinary"
    assert detect_form(date, {"2031-03-08 "}) == "any"
    assert detect_form(name, {"K1"}) == "ordinary"
    assert detect_form(name, {'["K1"]'}) == "any"
    assert detect_form(texts, {'["K1"]'}) == "ordinary"
    assert detect_form(texts, {"NA"}) == "any"
