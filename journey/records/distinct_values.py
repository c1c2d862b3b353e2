"""Distinct values of columns with few values, recorded while reading if that is cheap.

A Parquet file has a dictionary of each such column, so the distinct values are found without scanning rows. The
recorded values are those of the file, including rows that are set aside later.
"""

from collections.abc import Mapping

import duckdb

from journey.records.columns import get_columns
from journey.records.database import literal, one_value, quoted
from journey.records.raw_rows import RawColumn, RawSet
from journey.records.text_forms import TextForm, detect_form

LOW_CARDINALITY_COLUMNS = frozenset({"journey_stage", "previous_stage", "segment", "source", "signal_type"})
"""Columns with few distinct values, in addition to those with fixed choices in the models."""

MAX_DISTINCT_VALUES = 1000
"""The values of a column with more distinct values than this are not recorded."""


def record_distinct_values(
    connection: duckdb.DuckDBPyConnection, dataset: str, raw: RawSet, matched: Mapping[str, RawColumn]
) -> dict[str, TextForm]:
    """Record the distinct values of columns with few values, if the source has dictionaries and all are ordinary.

    Returns:
        The form of the texts of these columns.
    """
    if not raw.has_dictionaries:
        return {}
    forms: dict[str, TextForm] = {}
    for column in get_columns(dataset):
        found = matched.get(column.name)
        if (
            found is None
            or found.sql_type != "VARCHAR"
            or not (column.choices or column.name in LOW_CARDINALITY_COLUMNS)
        ):
            continue
        given = f"SELECT DISTINCT {found.value} AS word FROM {raw.relation}"
        query = f"SELECT word FROM ({given}) WHERE word IS NOT NULL LIMIT {MAX_DISTINCT_VALUES + 1}"
        values = sorted(word for (word,) in connection.execute(query).fetchall())
        if 0 < len(values) <= MAX_DISTINCT_VALUES and detect_form(column, values) == "ordinary":
            value_rows = ", ".join(f"({literal(dataset)}, {literal(column.name)}, ?)" for _ in values)
            connection.execute(f"INSERT INTO noted_words VALUES {value_rows}", values)
            forms[column.name] = "ordinary"
    return forms


def discard_distinct_values(connection: duckdb.DuckDBPyConnection, dataset: str, name: str | None = None) -> None:
    """Delete the recorded values of a set, or of one of its columns, because its rows have changed."""
    column = "" if name is None else f"AND name = {literal(name)}"
    connection.execute(f"DELETE FROM noted_words WHERE dataset = {literal(dataset)} {column}")


def distinct_values_relation(connection: duckdb.DuckDBPyConnection, dataset: str, name: str) -> str:
    """SQL for a FROM clause: a relation with all distinct values of a column if recorded, otherwise the table.

    The column has its name in the table. In the table a value may occur often; a recorded value may belong to a row
    that was set aside.
    """
    where = f"dataset = {literal(dataset)} AND name = {literal(name)}"
    if one_value(connection, f"SELECT count(*) FROM noted_words WHERE {where}"):
        return f"(SELECT word AS {quoted(name)} FROM noted_words WHERE {where})"
    return dataset
