"""The forms of the texts in a column, detected before they are read, so that the SQL needs fewer tests.

For a small set, the database takes longer to plan the tests of all fields than to read the rows. Therefore the texts of
a small set are examined first. A large set is not examined, because there the rows take longer than the plan.
"""

import re
from collections.abc import Collection, Mapping
from typing import Literal

import duckdb

from journey.core.identifiers import normalise_identifier
from journey.records.columns import Column, get_columns
from journey.records.raw_rows import RawColumn, RawSet, build_text_sql

MISSING_WORDS = ("NA", "N/A", "n/a", "#N/A", "<NA>", "NULL", "null", "Null", "NaN", "nan", "None", "NaT", "\\N")
"""Words that other software writes for a missing value. In an optional field they are read as such."""

TextForm = Literal["any", "ordinary", "bare-date"]
"""What is known about all texts of a column.

``any``: nothing. ``ordinary``: each text is read as it is. It has nothing to trim, is not empty and not a word for
"missing"; in a field of plain text it is not a list or an object. ``bare-date``: ordinary, and each has the form
``2025-01-31``.
"""

MAX_SMALL_ROWS = 300
"""A set with at most this many rows is small. Above it, the examination takes about as long as it saves."""

_BARE_DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


def examine_small_set(
    connection: duckdb.DuckDBPyConnection, dataset: str, raw: RawSet, matched: Mapping[str, RawColumn]
) -> dict[str, TextForm] | None:
    """Detect the form of every field that is read from text, if the set is small; None for a large set.

    Args:
        connection: The database.
        dataset: The set.
        raw: Its rows.
        matched: The raw column of each field.
    """
    fields = [column for column in get_columns(dataset) if _is_text(matched.get(column.name))]
    if not fields:
        return {}
    texts = ", ".join(build_text_sql(matched[field.name]) for field in fields)
    rows = connection.execute(f"SELECT {texts} FROM {raw.relation} LIMIT {MAX_SMALL_ROWS + 1}").fetchall()
    if len(rows) > MAX_SMALL_ROWS:
        return None
    values = zip(*rows, strict=True) if rows else ((),) * len(fields)
    return {field.name: detect_form(field, set(found) - {None}) for field, found in zip(fields, values, strict=True)}


def detect_form(column: Column, texts: Collection[str]) -> TextForm:
    """The form that all of these texts have.

    Args:
        column: The field of the texts.
        texts: Texts of the source, as they are found there.
    """
    if not all(map(_is_ordinary, texts)):
        return "any"
    if column.kind == "date" and all(map(_BARE_DATE.fullmatch, texts)):
        return "bare-date"
    # A list or an object is no text in any format.
    if column.kind == "text" and any(text[0] in "{[" for text in texts):
        return "any"
    return "ordinary"


def _is_text(found: RawColumn | None) -> bool:
    return found is not None and found.sql_type in ("VARCHAR", "JSON")


def _is_ordinary(text: str) -> bool:
    return bool(text) and text == normalise_identifier(text) and text not in MISSING_WORDS
