"""Which words the columns of a few words hold: learnt while reading where that costs next to nothing.

A Parquet file keeps a dictionary of each such column, so its words are found without looking at a single row, where
the finished table would have to be gone through. What is noted are the words of the file: of a row that was set aside
later, too.
"""

from collections.abc import Mapping

import duckdb

from journey.records.casting import BLANKS
from journey.records.columns import columns_of
from journey.records.database import literal, one_value, quoted
from journey.records.raw_rows import RawColumn, RawSet

FEW_WORDS = frozenset({"journey_stage", "previous_stage", "segment", "source", "signal_type"})
"""Columns that hold one of a few words, beside those of which the models say which words are allowed."""

MOST_WORDS = 1000
"""A column of more words than this is none of a few words, whatever its name: they are not noted."""


def note_words(
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
    for column in columns_of(dataset):
        found = matched.get(column.name)
        if found is None or found.sql_type != "VARCHAR" or not (column.choices or column.name in FEW_WORDS):
            continue
        given = f"SELECT DISTINCT {found.value} AS word FROM {raw.relation}"
        asked = f"SELECT word FROM ({given}) WHERE word IS NOT NULL LIMIT {MOST_WORDS + 1}"
        words = sorted(word for (word,) in connection.execute(asked).fetchall())
        if 0 < len(words) <= MOST_WORDS and all(word and word == word.strip(BLANKS) for word in words):
            places = ", ".join(f"({literal(dataset)}, {literal(column.name)}, ?)" for _ in words)
            connection.execute(f"INSERT INTO noted_words VALUES {places}", words)
            clean.add(column.name)
    return frozenset(clean)


def forget_words(connection: duckdb.DuckDBPyConnection, dataset: str, name: str | None = None) -> None:
    """Forget what was noted of a set, or of one of its columns, because its rows are no longer those of the file."""
    column = "" if name is None else f"AND name = {literal(name)}"
    connection.execute(f"DELETE FROM noted_words WHERE dataset = {literal(dataset)} {column}")


def source_of_words(connection: duckdb.DuckDBPyConnection, dataset: str, name: str) -> str:
    """SQL that stands after FROM: a relation of few rows with all words of a column, where they are noted.

    Its column has the name of the table's. Where nothing is noted it is the table itself, so a word may come often;
    where something is, it may be the word of a row that was set aside.
    """
    where = f"dataset = {literal(dataset)} AND name = {literal(name)}"
    if one_value(connection, f"SELECT count(*) FROM noted_words WHERE {where}"):
        return f"(SELECT word AS {quoted(name)} FROM noted_words WHERE {where})"
    return dataset
