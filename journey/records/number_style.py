"""How the numbers of a text column are written: with a decimal point or a decimal comma, and with or without groups.

``9.000`` alone is nine, or nine thousand with a separator of thousands. Therefore the style is that of the column and
not of the value. A column with a value that is certainly written with a decimal comma (``1.200,50``), and no value that
is certainly written with a decimal point, has decimal commas. If it has both, its style is unknown, and values that may
be read in two ways do not fit. A column in which every value may be read in two ways is read with decimal points, or
with separators of thousands if the values must be whole numbers; there is a warning about it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import duckdb

from journey.core.findings import Finding, FindingSeverity
from journey.records.columns import Column
from journey.records.database import literal, one_row, one_value
from journey.records.raw_rows import RawColumn, RawSet, build_text_sql
from journey.records.text_forms import MISSING_WORDS

NumberStyle = Literal["plain", "comma", "grouped", "mixed"]
"""Plain numbers; decimal commas; decimal points with commas between thousands; no common style."""

_SIGN = "[+-]?"
_POINT_AND_THREE_DIGITS = rf"{_SIGN}[1-9]\d{{0,2}}\.\d{{3}}"
_AMBIGUOUS = rf"{_SIGN}[1-9]\d{{0,2}}[.,]\d{{3}}"
_COMMA = rf"{_SIGN}(\d+|\d{{1,3}}(\.\d{{3}})+)(,\d+)?"
_CERTAIN_COMMA = rf"{_SIGN}(\d{{1,3}}(\.\d{{3}})+,\d+|\d{{1,3}}(\.\d{{3}}){{2,}}|\d+,\d+)"
_GROUPED = rf"{_SIGN}(\d+|\d{{1,3}}(,\d{{3}})+)(\.\d*)?"
_CERTAIN_GROUPED = rf"{_SIGN}(\d{{1,3}}(,\d{{3}})+\.\d*|\d{{1,3}}(,\d{{3}}){{2,}})"
_CERTAIN_POINT = rf"{_SIGN}\d*\.\d*([eE]{_SIGN}\d+)?"


_SAMPLE_ROWS = 300
"""Number of rows that are examined first, because hardly any column has only ambiguous numbers."""


@dataclass(frozen=True, slots=True)
class TextNumbers:
    """A column of numbers that are read from text.

    Attributes:
        name: The field.
        raw: SQL for the text.
        is_number: SQL for whether the source gives the value as a number and not as text; null if never.
        whole: Whether the numbers must be whole.
    """

    name: str
    raw: str
    is_number: str | None
    whole: bool


def is_json_number(shape: str | None) -> str | None:
    """SQL for whether a value of JSON is a number, given SQL for its JSON type; None if the source is not JSON."""
    return f"{shape} IN ('DOUBLE', 'BIGINT', 'UBIGINT')" if shape else None


def is_other_style(raw: str, typed: str) -> str:
    """SQL for whether a text that is not a plain number may be a number in another style."""
    return rf"({raw} IS NOT NULL AND {typed} IS NULL AND regexp_full_match({raw}, '{_SIGN}\d[\d.,]*'))"


def build_number_text_sql(raw: str, style: NumberStyle, is_number: str | None) -> str:
    """SQL for a number's text with a decimal point and without groups; null if it does not have the style.

    Args:
        raw: SQL for the text.
        style: The style of its column.
        is_number: SQL for whether the source gives the value as a number; None if never.
    """
    if style == "comma":
        return f"CASE WHEN {_matches(raw, _COMMA)} THEN replace(replace({raw}, '.', ''), ',', '.') END"
    if style == "grouped":
        return f"CASE WHEN {_matches(raw, _GROUPED)} THEN replace({raw}, ',', '') ELSE {raw} END"
    if style == "mixed":
        given = f"coalesce({is_number}, FALSE) OR " if is_number else ""
        return f"CASE WHEN {given}NOT {_matches(raw, _AMBIGUOUS)} THEN {raw} END"
    return raw


def detect_number_styles(
    connection: duckdb.DuckDBPyConnection, rows: str, columns: Sequence[TextNumbers], dataset: str
) -> tuple[Mapping[str, NumberStyle], list[Finding]]:
    """The columns whose style is not plain, and findings about them.

    Args:
        connection: The database.
        rows: SQL for a FROM clause: the rows with the raw texts, after any common table expressions.
        columns: The columns of numbers.
        dataset: The set of the columns.
    """
    styles: dict[str, NumberStyle] = {}
    findings = []
    for column in columns:
        counts = _Counts(*one_row(connection, f"{rows} SELECT {', '.join(_build_counts_sql(column))} FROM given"))
        style = counts.style()
        if style != "plain":
            styles[column.name] = style
            findings.append(_build_finding(column.name, style, counts, dataset))
    return styles, findings


@dataclass(frozen=True, slots=True)
class _Counts:
    """Values of a column by what they show about its style, with one example of each."""

    commas: int
    points: int
    grouped: int
    ambiguous: int
    comma: str | None
    point: str | None
    example: str | None

    def style(self) -> NumberStyle:
        if self.commas:
            return "mixed" if self.points or self.grouped else "comma"
        return "grouped" if self.grouped else "plain"


def _build_counts_sql(column: TextNumbers) -> list[str]:
    raw = column.raw
    as_number = f"coalesce({column.is_number}, FALSE)" if column.is_number else "FALSE"
    ambiguous = f"(NOT {as_number} AND {_matches(raw, _AMBIGUOUS)})"
    comma = certain = f"({_matches(raw, _CERTAIN_COMMA)} AND NOT {ambiguous})"
    if column.whole:
        # A count is no fraction, so the point of 1.200 separates thousands.
        fraction = f"try_cast({raw} AS DOUBLE) <> trunc(try_cast({raw} AS DOUBLE))"
        comma = f"({comma} OR ({ambiguous} AND coalesce({fraction}, FALSE)))"
    grouped = _matches(raw, _CERTAIN_GROUPED)
    point = f"(({_matches(raw, _CERTAIN_POINT)} AND NOT {ambiguous}) OR ({as_number} AND contains({raw}, '.')))"
    points = f"coalesce(min({raw}) FILTER ({grouped}), min({raw}) FILTER ({point}))"
    return [
        f"count_if({comma})", f"count_if({point})", f"count_if({grouped})", f"count_if({ambiguous})",
        f"coalesce(min({raw}) FILTER ({certain}), min({raw}) FILTER ({comma}))", points,
        f"min({raw}) FILTER ({ambiguous})",
    ]  # fmt: skip


def _build_finding(name: str, style: NumberStyle, counts: _Counts, dataset: str) -> Finding:
    if style == "mixed":
        points = counts.points + counts.grouped
        message = (
            f"{name} of {dataset} has decimal commas (such as {counts.comma}, {counts.commas} rows) and decimal points "
            f"(such as {counts.point}, {points} rows)"
        )
        if counts.ambiguous:
            message += f"; {counts.ambiguous} values such as {counts.example} could be either and are set aside"
        message += ". Write all its numbers with a decimal point and without separators of thousands."
        return Finding("mixed-number-styles", FindingSeverity.WARNING, dataset, None, None, message)
    if style == "comma" and counts.comma and re.fullmatch(_AMBIGUOUS, counts.comma):
        return _build_ambiguous_finding(name, dataset, counts.comma, "separators of thousands")
    if style == "comma":
        shown, reading = f"decimal commas (such as {counts.comma})", "points were read as separators of thousands"
    else:
        shown, reading = f"commas between thousands (such as {counts.point})", "they were removed"
    message = f"{name} of {dataset} has {shown}; {reading}."
    return Finding("number-style", FindingSeverity.NOTICE, dataset, None, None, message)


def find_ambiguous_columns(
    connection: duckdb.DuckDBPyConnection, dataset: str, raw: RawSet, matched: Mapping[Column, RawColumn]
) -> list[Finding]:
    """Warnings about columns in which every number was read with a decimal point that could separate thousands.

    Args:
        connection: The database.
        dataset: The set of the columns.
        raw: The rows.
        matched: The raw column of each field of numbers that are read from text.
    """
    if not matched:
        return []
    texts = [_build_given_text_sql(column) for column in matched.values()]
    rows = connection.execute(f"SELECT {', '.join(texts)} FROM {raw.relation} LIMIT {_SAMPLE_ROWS}").fetchall()
    findings = []
    for place, (column, text) in enumerate(zip(matched, texts, strict=True)):
        values = {row[place].strip() for row in rows if row[place] is not None} - {"", *MISSING_WORDS}
        if not values or not all(_may_be_thousands(value, column) for value in values):
            continue
        if len(rows) == _SAMPLE_ROWS and not _is_ambiguous_throughout(connection, raw, text):
            continue
        findings.append(_build_ambiguous_finding(column.name, dataset, min(values), "decimal points"))
    return findings


def _build_given_text_sql(column: RawColumn) -> str:
    """SQL for a value as text. A JSON number becomes a word, because its point is certainly a decimal point."""
    is_number = is_json_number(column.shape)
    text = build_text_sql(column)
    return f"CASE WHEN {is_number} THEN 'number' ELSE {text} END" if is_number else text


def _may_be_thousands(text: str, column: Column) -> bool:
    if not re.fullmatch(_POINT_AND_THREE_DIGITS, text):
        return False
    if column.kind == "whole" and not text.endswith(".000"):
        # Read with a separator of thousands, because the values are whole.
        return False
    number = float(text.replace(".", ""))
    return (column.minimum is None or number >= column.minimum) and (column.maximum is None or number <= column.maximum)


def _is_ambiguous_throughout(connection: duckdb.DuckDBPyConnection, raw: RawSet, text: str) -> bool:
    others = f"trim({text}) <> '' AND NOT {_matches(f'trim({text})', _POINT_AND_THREE_DIGITS)}"
    return not one_value(connection, f"SELECT coalesce(bool_or({others}), FALSE) FROM {raw.relation}")


def _build_ambiguous_finding(name: str, dataset: str, example: str, reading: str) -> Finding:
    """The warning about a column in which each number could be a fraction, or a number of thousands.

    Args:
        name: The field.
        dataset: The set.
        example: One of the numbers.
        reading: How the points were read.
    """
    message = (
        f"Every number in {name} of {dataset} could be a fraction or a number of thousands (such as {example}); the "
        f"points were read as {reading}. Write the numbers with another number of decimals, or as whole numbers."
    )
    return Finding("ambiguous-numbers", FindingSeverity.WARNING, dataset, None, None, message)


def _matches(raw: str, pattern: str) -> str:
    return f"coalesce(regexp_full_match({raw}, {literal(pattern)}), FALSE)"
