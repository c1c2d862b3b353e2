"""Convert raw values into typed values, by column, in SQL, with the reason for each value that does not fit.

Each field has three expressions: the raw text, the typed value (null if the raw value does not fit) and the problem
(null if there is none). A row with a problem is set aside; values are never guessed.
"""

import json
from dataclasses import dataclass

from journey.records.columns import Column
from journey.records.database import literal, quoted, trim_sql
from journey.records.raw_rows import RawColumn

_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
            "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "BIGNUM")  # fmt: skip
_DATES = ("DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")
_ZONED = "TIMESTAMP WITH TIME ZONE"

_CLOCK = r"[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?"
_LOCAL_TIME = rf"\d{{4}}-\d{{2}}-\d{{2}}({_CLOCK})?"
_ZONED_TIME = rf"\d{{4}}-\d{{2}}-\d{{2}}{_CLOCK}(Z|[+-]\d{{2}}(:?\d{{2}})?)"

# The range of Python's dates; the database's range is larger.
_FIRST_DATE = "TIMESTAMP '0001-01-01 00:00:00'"
_LAST_DATE = "TIMESTAMP '9999-12-31 23:59:59.999999'"


_MAX_SHOWN_CHARACTERS = 60
"""Maximum length of an invalid value in a message, in characters."""


@dataclass(frozen=True, slots=True)
class Cast:
    """The SQL of one field, in three steps so that no expression is repeated.

    Attributes:
        column: The field.
        found_sql: Over the source: the original value as text, or in its own type if that fits.
        raw_sql: Over `found`: the value without surrounding white space; null if empty.
        typed_sql: Over `raw`: the value in the field's type; null if it does not fit.
        zone_sql: Over `raw`: whether the value has a time zone (it is converted to UTC).
    """

    column: Column
    found_sql: str
    raw_sql: str
    typed_sql: str
    zone_sql: str | None = None

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
        """SQL: whether the value fits."""
        fitting = f"{self.typed} IS NOT NULL AND {self._in_range()}"
        if self.column.required:
            return fitting
        # Any text fits a text field, and any list fits a list field.
        return "TRUE" if self.typed_sql == self.raw else f"({self.raw} IS NULL OR ({fitting}))"

    def complaint(self) -> str:
        """SQL for the reason why the value does not fit; null if it fits."""
        name = self.column.name
        missing = (
            f"WHEN {self.raw} IS NULL THEN {literal(f'{name} is missing')}"
            if self.column.required
            else (f"WHEN {self.raw} IS NULL THEN NULL")
        )
        shown = f"left({self.raw}::VARCHAR, {_MAX_SHOWN_CHARACTERS})"
        wrong = literal(f"; expected {self._expected()}")
        range_text = literal(f", which is outside {self._format_range()}")
        given = f"{literal(name + ' is ')} || '''' || {shown} || ''''"
        return (
            f"CASE {missing} WHEN {self.typed} IS NULL THEN {given} || {wrong} "
            f"WHEN NOT ({self._in_range()}) THEN {literal(name + ' is ')} || {shown} || {range_text} END"
        )

    def code(self) -> str:
        """SQL for the stable code of the problem; null if there is none."""
        missing = "missing-value" if self.column.required else None
        wrong = {"date": "not-a-date"}.get(self.column.kind, "unknown-value" if self.column.choices else "wrong-type")
        return (
            f"CASE WHEN {self.raw} IS NULL THEN {literal(missing)} WHEN {self.typed} IS NULL THEN {literal(wrong)} "
            f"WHEN NOT ({self._in_range()}) THEN 'out-of-range' END"
        )

    def value_or_default(self) -> str:
        """SQL for the typed value, or the field's default if the value is missing."""
        default = self.column.default
        if default is None:
            return self.typed
        if self.column.kind == "texts":
            return f"coalesce({self.typed}, []::VARCHAR[])"
        if self.column.kind == "mapping":
            return f"coalesce({self.typed}, {literal(json.dumps(default))}::JSON)"
        return f"coalesce({self.typed}, {literal(default)})"

    @property
    def default_used(self) -> str:
        """SQL: 1 if the field's default is used, otherwise 0."""
        scalar = self.column.default is not None and self.column.kind not in ("texts", "mapping")
        return f"({self.raw} IS NULL)::INTEGER" if scalar else "0"

    def _in_range(self) -> str:
        column = self.column
        bounds = []
        if column.minimum is not None:
            bounds.append(f"{self.typed} >= {column.minimum!r}")
        if column.maximum is not None:
            bounds.append(f"{self.typed} <= {column.maximum!r}")
        return " AND ".join(bounds) or "TRUE"

    def _format_range(self) -> str:
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


def build_cast(column: Column, found: RawColumn | None, *, clean: bool = False) -> Cast:
    """The SQL that reads a field from its raw column.

    Args:
        column: The field.
        found: The raw column; None if there is none.
        clean: Whether no text of that column is empty or has surrounding white space.
    """
    name, raw = found_name(column), raw_name(column)
    if found is None:
        return Cast(column, "NULL::VARCHAR", name, f"NULL::{column.sql_type}")
    native = _native_cast(column, found, raw)
    if native is not None:
        return native
    value = f"({found.value} ->> '$')" if found.sql_type == "JSON" else f"{found.value}::VARCHAR"
    given = name if clean else f"CASE WHEN {_may_need_trimming(name)} THEN nullif({trim_sql(name)}, '') ELSE {name} END"
    if column.kind in ("texts", "mapping") and found.sql_type not in ("VARCHAR", "JSON"):
        # A list, a struct or a map of a columnar file is read through its JSON, as in a text file.
        value, given = f"to_json({found.value})::VARCHAR", name
    zone = _is_zoned(raw) if column.kind == "date" else None
    return Cast(column, value, given, _from_text(column, raw, found.shape), zone)


def _may_need_trimming(text: str) -> str:
    """SQL: whether a text may have white space or invisible characters at its ends, or may be empty.

    Trimming is slow, and few values need it. `reverse` works on grapheme clusters: a blank at the end may be part of a
    cluster, a control character never is. Texts that are not ASCII are always trimmed.
    """
    ends = f"{text} < '!' OR {text} >= chr(127) OR reverse({text}) < '!' OR suffix({text}, ' ')"
    return f"{ends} OR suffix({text}, chr(127)) OR strlen({text}) <> length({text})"


def _trim_each(texts: str) -> str:
    """SQL for a list whose texts are trimmed; texts that are blank or null are dropped."""
    trimmed = f"CASE WHEN {_may_need_trimming('entry')} THEN nullif({trim_sql('entry')}, '') ELSE entry END"
    return f"list_filter(list_transform({texts}, lambda entry: {trimmed}), lambda entry: entry IS NOT NULL)"


def _native_cast(column: Column, found: RawColumn, raw: str) -> Cast | None:
    """The cast if the file's type fits the field; None if the value must be read as text."""
    kind, value, given = found.sql_type, found.value, found_name(column)
    if column.kind == "number" and kind.partition("(")[0] in _NUMBERS:
        return Cast(column, value, given, _finite(f"{raw}::DOUBLE"))
    if column.kind == "whole" and kind.partition("(")[0] in _NUMBERS:
        return Cast(column, value, given, _whole_number(raw))
    if (column.kind, kind) == ("flag", "BOOLEAN"):
        return Cast(column, value, given, raw)
    if (column.kind, kind) == ("texts", "VARCHAR[]"):
        return Cast(column, value, given, _trim_each(raw))
    if column.kind == "date" and kind in _DATES:
        return Cast(column, value, given, _within_calendar(f"try_cast({raw} AS TIMESTAMP)"))
    if column.kind == "date" and kind == _ZONED:
        return Cast(column, value, given, _within_calendar(_utc(raw)), f"{raw} IS NOT NULL")
    return None


def _from_text(column: Column, raw: str, shape: str | None) -> str:
    if column.kind == "number":
        return _finite(f"try_cast({raw} AS DOUBLE)")
    if column.kind == "whole":
        return _whole_number(raw)
    if column.kind == "flag":
        return f"try_cast(CASE lower({raw}) WHEN 'yes' THEN 'true' WHEN 'no' THEN 'false' ELSE {raw} END AS BOOLEAN)"
    if column.kind == "date":
        return _within_calendar(_date(raw))
    if column.kind == "texts":
        return _texts(raw)
    if column.kind == "mapping":
        return f"CASE WHEN json_valid({raw}) AND json_type({raw}) = 'OBJECT' THEN {raw}::JSON END"
    text = _known_choice(column, raw)
    if shape is None:
        return text
    # Test the first character before the costly JSON type: only such a text can be an object or a list.
    nested = f"{raw}[1:1] IN ('{{', '[') AND {shape} IN ('OBJECT', 'ARRAY')"
    return f"CASE WHEN {nested} THEN NULL ELSE {text} END"


def _known_choice(column: Column, raw: str) -> str:
    if not column.choices:
        return raw
    choices = ", ".join(literal(choice) for choice in column.choices)
    return f"CASE WHEN lower({raw}) IN ({choices}) THEN {raw} END"


def _finite(number: str) -> str:
    return f"CASE WHEN isfinite({number}) THEN {number} END"


def _whole_number(raw: str) -> str:
    """A whole number may be written 12 or 12.0; 12.5 is invalid."""
    number = f"try_cast({raw} AS DOUBLE)"
    return f"CASE WHEN {number} = trunc({number}) THEN try_cast({number} AS BIGINT) END"


def _utc(moment: str) -> str:
    return f"make_timestamp(epoch_us({moment}))"


def _within_calendar(moment: str) -> str:
    return f"CASE WHEN {moment} BETWEEN {_FIRST_DATE} AND {_LAST_DATE} THEN {moment} END"


def _date(raw: str) -> str:
    """A bare date has a fast path; any other value must match an ISO 8601 time."""
    bare = f"length({raw}) = 10 AND {raw}[5:5] = '-' AND {raw}[8:8] = '-'"
    return (
        f"CASE WHEN {bare} THEN try_cast({raw} AS DATE)::TIMESTAMP "
        f"WHEN regexp_full_match({raw}, {literal(_LOCAL_TIME)}) THEN try_cast({raw} AS TIMESTAMP) "
        f"WHEN {_is_zoned(raw)} THEN {_utc(f'try_cast({raw} AS TIMESTAMPTZ)')} END"
    )


def _is_zoned(raw: str) -> str:
    return f"(length({raw}) > 16 AND regexp_full_match({raw}, {literal(_ZONED_TIME)}))"


def _texts(raw: str) -> str:
    """A JSON array, a Python list written as text, or texts separated by ``;``, ``|``, ``,`` or blanks."""
    array = f"from_json({raw}, '[\"VARCHAR\"]')"
    bare = f"trim(regexp_replace({raw}, '[\\[\\]\"'']', '', 'g'))"
    split = f"list_filter(string_split_regex({bare}, '[;|,\\s]+'), lambda part: part <> '')"
    return (
        f"CASE WHEN json_valid({raw}) AND json_type({raw}) = 'ARRAY' THEN {_trim_each(array)} "
        f"WHEN {raw}[1:1] = '{{' THEN NULL ELSE {split} END"
    )
