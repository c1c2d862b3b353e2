"""Which words the columns of a few words hold: learnt while reading where that costs next to nothing.

A Parquet file keeps a dictionary of each such column, so its words are found without looking at a single row, where
the finished table would have to be gone through. What is noted are the words of the file: of a row that was set aside
later, too.
"""

from collections.abc import Mapping

import duckdb

from journey.records.casting import WHITESPACE
from journey.records.columns import get_columns
from journey.records.database import literal, one_value, quoted
from journey.records.raw_rows import RawColumn, RawSet

LOW_CARDINALITY_COLUMNS = frozenset({"journey_stage", "previous_stage", "segment", "source", "signal_type"})
"""Columns that hold one of a few words, beside those of which the models say which words are allowed."""

MAX_DISTINCT_VALUES = 1000
"""A column of more words than this is none of a few words, whatever its name: they are not noted."""


def record_distinct_values(
    connection: duckdb.DuckDBPyConnection, dataset: str, raw: RawSet, matched: Mapping[str, RawColumn]
) -> frozenset[str]:
    """Note the words of the columns of few words, where the source has dictionaries and every word is clean.

    A word is clean when it is read as it stands: no white space around it, and not empty.

    Returns:
        The columns of clean words, whose texts need not be looked at row by row.
    """
    if not raw.has_dictionaries:
        return frozenset()
    clean = set()
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
        if 0 < len(values) <= MAX_DISTINCT_VALUES and all(word and word == word.strip(WHITESPACE) for word in values):
            value_rows = ", ".join(f"({literal(dataset)}, {literal(column.name)}, ?)" for _ in values)
            connection.execute(f"INSERT INTO noted_words VALUES {value_rows}", values)
            clean.add(column.name)
    return frozenset(clean)


def discard_distinct_values(connection: duckdb.DuckDBPyConnection, dataset: str, name: str | None = None) -> None:
    """Forget what was noted of a set, or of one of its columns, because its rows are no longer those of the file."""
    column = "" if name is None else f"AND name = {literal(name)}"
    connection.execute(f"DELETE FROM noted_words WHERE dataset = {literal(dataset)} {column}")


def distinct_values_relation(connection: duckdb.DuckDBPyConnection, dataset: str, name: str) -> str:
    """SQL that stands after FROM: a relation of few rows with all words of a column, where they are noted.

    Its column has the name of the table's. Where nothing is noted it is the table itself, so a word may come often;
    where something is, it may be the word of a row that was set aside.
    """
    where = f"dataset = {literal(dataset)} AND name = {literal(name)}"
    if one_value(connection, f"SELECT count(*) FROM noted_words WHERE {where}"):
        return f"(SELECT word AS {quoted(name)} FROM noted_words WHERE {where})"
    return dataset
