"""Words that differ from a known one only in capitals: read as the known one, and said so."""

from collections.abc import Sequence

import duckdb

from journey.records.columns import columns_of
from journey.records.database import literal, quoted
from journey.records.model import DATASETS, KNOWN_SOURCES

STAGE_COLUMNS = ("journey_stage", "previous_stage")
SOURCE_COLUMN = "source"


def tidy_spelling(connection: duckdb.DuckDBPyConnection, stages: Sequence[str]) -> None:
    """Bring stages, sources and values with fixed choices into the spelling of the journey and the models.

    Args:
        connection: The database with the clean tables.
        stages: The journey's stages. A stage that equals none of them, whatever the capitals, is left as it is.
    """
    for dataset in DATASETS:
        for column in columns_of(dataset):
            words: Sequence[str] = column.choices
            if column.name in STAGE_COLUMNS:
                words = stages
            elif column.name == SOURCE_COLUMN:
                words = KNOWN_SOURCES
            if words:
                _tidy(connection, dataset, column.name, words)


def _tidy(connection: duckdb.DuckDBPyConnection, dataset: str, name: str, words: Sequence[str]) -> None:
    column = quoted(name)
    known = ", ".join(literal(word) for word in words)
    # Two words of one journey may differ in capitals only: then neither can be meant by a third spelling.
    unambiguous = [word for word in words if sum(other.lower() == word.lower() for other in words) == 1]
    if not unambiguous:
        return
    folded = ", ".join(literal(word.lower()) for word in unambiguous)
    misspelt = f"{column} NOT IN ({known}) AND lower({column}) IN ({folded})"
    found = connection.execute(
        f"SELECT {column}, count(*) FROM {dataset} WHERE {misspelt} GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    if not found:
        return
    cases = " ".join(f"WHEN {literal(word.lower())} THEN {literal(word)}" for word in unambiguous)
    connection.execute(f"UPDATE {dataset} SET {column} = CASE lower({column}) {cases} END WHERE {misspelt}")
    for value, count in found:
        meant = next(word for word in unambiguous if word.lower() == value.lower())
        rows = "1 row" if count == 1 else f"{count} rows"
        message = f"{name} {value!r} was read as {meant!r} in {rows}."
        connection.execute(
            "INSERT INTO load_findings VALUES ('spelling-tidied', 'notice', ?, NULL, NULL, ?)", [dataset, message]
        )
