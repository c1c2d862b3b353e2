"""Convert raw values into typed values, by column, in SQL, with the reason for each value that does not fit.

Each field has three expressions: the raw text, the typed value (null if the raw value does not fit) and the problem
(null if there is none). A row with a problem is set aside; values are never guessed. Two values of an optional field
are no problem of the row: a word for "missing", and a value outside the field's range. The field is then empty, and a
finding reports it.
"""

import json
from dataclasses import dataclass
from datetime import datetime, time
from typing import Literal

from journey.core.date_text import DATE_RANGE_TEXT, FIRST_DATE, LAST_DATE
from journey.records.columns import Column
from journey.records.database import literal, literal_moment, quoted
from journey.records.number_style import NumberStyle, is_json_number
from journey.records.raw_rows import RawColumn, build_text_sql
from journey.records.text_forms import TextForm
from journey.records.text_values import (
    build_finite_sql,
    build_missing_word_sql,
    build_trimmed_list_sql,
    build_trimmed_sql,
    build_utc_sql,
    build_value_sql,
    build_whole_number_sql,
    build_within_calendar_sql,
    build_zoned_sql,
)

_FRACTIONS = ("FLOAT", "DOUBLE")
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
            "UHUGEINT", "DECIMAL", "BIGNUM", *_FRACTIONS)  # fmt: skip
_DATES = ("DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")
_ZONED = "TIMESTAMP WITH TIME ZONE"

_DATE_RANGE = (literal_moment(datetime.combine(FIRST_DATE, time.min)),
               literal_moment(datetime.combine(LAST_DATE, time.max)))  # fmt: skip

_MAX_SHOWN_CHARACTERS = 60
"""Maximum length of an invalid value in a message, in characters."""

NoteKind = Literal["missing-word", "out-of-range", "zone"]
"""What is reported about a value of a row that is used."""


@dataclass(frozen=True, slots=True)
class Cast:
    """The SQL of one field, in steps so that no expression is repeated.

    Attributes:
        column: The field.
        found_sql: Over the source: the original value as text, or in its own type if that fits.
        raw_sql: Over `found`: the value without surrounding white space; null if empty.
        typed_sql: Over `raw`: the value in the field's type; null if it does not fit.
        zone_sql: Over `raw`: whether the value has a time zone (it is converted to UTC); None if no value has one.
        missing_sql: Over `raw`: whether an optional value is a word for "missing"; None if no value is.
        is_text: Whether numbers are read from text, which may be written with a decimal comma.
        shape: Over the source: the JSON type of the value; None if the source is not JSON.
    """

    column: Column
    found_sql: str
    raw_sql: str
    typed_sql: str
    zone_sql: str | None = None
    missing_sql: str | None = None
    is_text: bool = False
    shape: str | None = None

    @property
    def found(self) -> str:
        """Name of the column with `found_sql`."""
        return found_name(self.column)

    @property
    def raw(self) -> str:
        """Name of the column with `raw_sql`."""
        return raw_name(self.column)

    @property
    def typed(self) -> str:
        """Name of the column with `typed_sql`."""
        return quoted(f"__typed_{self.column.name}")

    @property
    def fits(self) -> str:
        """SQL: whether the value fits, so that its row can be used."""
        if self.column.required:
            return " AND ".join([f"{self.typed} IS NOT NULL", *self._bounds()])
        # Any text fits a text field, and any list fits a list field.
        if self.typed_sql == self.raw:
            return "TRUE"
        missing = f" OR {self.missing_sql}" if self.missing_sql else ""
        return f"({self.raw} IS NULL OR {self.typed} IS NOT NULL{missing})"

    def complaint(self) -> str:
        """SQL for the reason why the value does not fit; null if it fits."""
        name = self.column.name
        branches = [f"WHEN {self.raw} IS NULL THEN {literal(f'{name} is missing') if self.column.required else 'NULL'}"]
        if self.missing_sql:
            branches.append(f"WHEN {self.missing_sql} THEN NULL")
        shown = f"left({self.raw}::VARCHAR, {_MAX_SHOWN_CHARACTERS})"
        wrong = literal(f"; expected {self._expected()}")
        given = f"{literal(name + ' is ')} || '''' || {shown} || ''''"
        branches.append(f"WHEN {self.typed} IS NULL THEN {given} || {wrong}")
        if self.column.required and self._bounds():
            branches.append(f"WHEN NOT ({' AND '.join(self._bounds())}) THEN {self.range_complaint()}")
        return f"CASE {' '.join(branches)} END"

    def code(self) -> str:
        """SQL for the stable code of the problem; null if there is none."""
        missing = "missing-value" if self.column.required else None
        wrong = {"date": "not-a-date"}.get(self.column.kind, "unknown-value" if self.column.choices else "wrong-type")
        branches = [f"WHEN {self.raw} IS NULL THEN {literal(missing)}"]
        if self.missing_sql:
            branches.append(f"WHEN {self.missing_sql} THEN NULL")
        branches.append(f"WHEN {self.typed} IS NULL THEN {literal(wrong)}")
        if self.column.required and self._bounds():
            branches.append(f"WHEN NOT ({' AND '.join(self._bounds())}) THEN 'out-of-range'")
        return f"CASE {' '.join(branches)} END"

    def range_complaint(self) -> str:
        """SQL for the sentence that a value is outside the field's range."""
        shown = self.typed
        if self.column.kind == "date":
            bare = f"{shown} = date_trunc('day', {shown})"
            shown = f"CASE WHEN {bare} THEN {shown}::DATE::VARCHAR ELSE {shown}::VARCHAR END"
        elif self.column.kind == "number":
            # The same in every format: a file with types has -50.0 where a text has -50.
            whole = f"{shown} = trunc({shown}) AND abs({shown}) < 1e15"
            shown = f"CASE WHEN {whole} THEN {shown}::BIGINT::VARCHAR ELSE {shown}::VARCHAR END"
        outside = literal(f", which is outside {self._format_range()}")
        return f"{literal(self.column.name + ' is ')} || {shown} || {outside}"

    def value_or_default(self) -> str:
        """SQL for the typed value, or the field's default if the value is missing."""
        value = self._value()
        default = self.column.default
        if default is None:
            return value
        if self.column.kind == "texts":
            return f"coalesce({value}, []::VARCHAR[])"
        if self.column.kind == "mapping":
            return f"coalesce({value}, {literal(json.dumps(default))}::JSON)"
        return f"coalesce({value}, {literal(default)})"

    @property
    def default_used(self) -> str:
        """SQL: 1 if the field's default is used, otherwise 0."""
        scalar = self.column.default is not None and self.column.kind not in ("texts", "mapping")
        return f"({self._value()} IS NULL)::INTEGER" if scalar else "0"

    def notes(self) -> dict[NoteKind, str]:
        """SQL conditions for what is reported about the value of a row that is used."""
        found: dict[NoteKind, str] = {}
        if self.missing_sql:
            found["missing-word"] = f"{self.raw} IS NOT NULL AND {self.typed} IS NULL AND {self.missing_sql}"
        if self._bounds() and not self.column.required:
            found["out-of-range"] = f"{self.typed} IS NOT NULL AND NOT ({' AND '.join(self._bounds())})"
        if self.zone_sql:
            found["zone"] = self.zone_sql
        return found

    def _value(self) -> str:
        """SQL for the typed value of a row that is used; null if it is outside the range."""
        if self.column.required or not self._bounds():
            return self.typed
        return f"CASE WHEN {' AND '.join(self._bounds())} THEN {self.typed} END"

    def _bounds(self) -> list[str]:
        column = self.column
        if self.typed_sql.startswith("NULL"):
            return []
        if column.kind == "date":
            return [f"{self.typed} BETWEEN {_DATE_RANGE[0]} AND {_DATE_RANGE[1]}"]
        bounds = []
        if column.minimum is not None:
            bounds.append(f"{self.typed} >= {column.minimum!r}")
        if column.maximum is not None:
            bounds.append(f"{self.typed} <= {column.maximum!r}")
        return bounds

    def _format_range(self) -> str:
        if self.column.kind == "date":
            return DATE_RANGE_TEXT
        least, most = self.column.minimum, self.column.maximum
        if most is None:
            return f"the allowed range: it must be {least:g} or more" if least is not None else "the allowed range"
        return f"{least:g} to {most:g}"

    def _expected(self) -> str:
        if self.column.choices:
            return "one of " + ", ".join(self.column.choices)
        return {
            "text": "text",
            "number": "a finite number",
            "whole": "a whole number",
            "flag": "true or false",
            "date": "a date such as 2025-01-31 or 2025-01-31T14:30:00",
            "texts": "a list of texts",
            "mapping": "an object with fields",
        }[self.column.kind]


def raw_name(column: Column) -> str:
    """Name of the SQL column with a field's raw value."""
    return quoted(f"__raw_{column.name}")


def found_name(column: Column) -> str:
    """Name of the SQL column with a field's original value."""
    return quoted(f"__found_{column.name}")


def build_cast(
    column: Column, found: RawColumn | None, *, form: TextForm = "any", style: NumberStyle = "plain"
) -> Cast:
    """The SQL that reads a field from its raw column.

    Args:
        column: The field.
        found: The raw column; None if there is none.
        form: The form of all texts of that column.
        style: How the numbers of the column are written.
    """
    name, raw = found_name(column), raw_name(column)
    if found is None:
        return Cast(column, "NULL::VARCHAR", name, f"NULL::{column.sql_type}")
    native = _native_cast(column, found, raw)
    if native is not None:
        return native
    given = build_trimmed_sql(name) if form == "any" else name
    missing = build_missing_word_sql(raw) if form == "any" and not column.required else None
    zone = build_zoned_sql(raw) if column.kind == "date" and form != "bare-date" else None
    typed = build_value_sql(column, raw, form, style, is_json_number(found.shape))
    if missing and column.kind in ("text", "texts") and not column.choices:
        # A word is a valid text; words do not fit any other kind.
        typed = f"CASE WHEN NOT {missing} THEN {typed} END"
    return Cast(column, build_text_sql(found), given, typed, zone, missing, is_text=True, shape=found.shape)


def _native_cast(column: Column, found: RawColumn, raw: str) -> Cast | None:
    """The cast if the file's type fits the field; None if the value must be read as text."""
    kind, value, given = found.sql_type, found.value, found_name(column)
    if column.kind in ("number", "whole") and kind.partition("(")[0] in _NUMBERS:
        typed = build_finite_sql(f"{raw}::DOUBLE") if column.kind == "number" else build_whole_number_sql(raw)
        may_be_nan = kind in _FRACTIONS and not column.required
        return Cast(column, value, given, typed, missing_sql=f"isnan({raw})" if may_be_nan else None)
    if (column.kind, kind) == ("flag", "BOOLEAN"):
        return Cast(column, value, given, raw)
    if (column.kind, kind) == ("texts", "VARCHAR[]"):
        return Cast(column, value, given, build_trimmed_list_sql(raw))
    if column.kind == "date" and kind in _DATES:
        return Cast(column, value, given, build_within_calendar_sql(f"try_cast({raw} AS TIMESTAMP)"))
    if column.kind == "date" and kind == _ZONED:
        return Cast(column, value, given, build_within_calendar_sql(build_utc_sql(raw)), f"{raw} IS NOT NULL")
    return None
