"""Normalise values that differ from a known value in capitals only, and report it."""

from collections.abc import Iterable, Mapping, Sequence

import duckdb

from journey.records.columns import get_columns
from journey.records.database import literal, one_value, quoted
from journey.records.distinct_values import discard_distinct_values, distinct_values_relation


def normalise_values(
    connection: duckdb.DuckDBPyConnection, datasets: Iterable[str], vocabulary: Mapping[str, Sequence[str]]
) -> None:
    """Normalise the spelling of values with fixed choices, and of columns with a vocabulary.

    Args:
        connection: The database with the clean tables.
        datasets: The sets to normalise.
        vocabulary: Known values by column name (for instance the stages of a journey). A value that equals none of
            them, ignoring capitals, is unchanged.
    """
    for dataset in datasets:
        for column in get_columns(dataset):
            known_values = vocabulary.get(column.name, column.choices)
            if known_values:
                _normalise_column(connection, dataset, column.name, known_values)


def _normalise_column(
    connection: duckdb.DuckDBPyConnection, dataset: str, name: str, known_values: Sequence[str]
) -> None:
    column = quoted(name)
    known = ", ".join(literal(known_value) for known_value in known_values)
    # If two known values differ in capitals only, a third spelling is ambiguous.
    unambiguous = [
        known_value
        for known_value in known_values
        if sum(other.lower() == known_value.lower() for other in known_values) == 1
    ]
    if not unambiguous:
        return
    folded = ", ".join(literal(known_value.lower()) for known_value in unambiguous)
    misspelt = f"{column} NOT IN ({known}) AND lower({column}) IN ({folded})"
    if not one_value(
        connection, f"SELECT count(*) FROM {distinct_values_relation(connection, dataset, name)} WHERE {misspelt}"
    ):
        return
    found = connection.execute(
        f"SELECT {column}, count(*) FROM {dataset} WHERE {misspelt} GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    discard_distinct_values(connection, dataset, name)
    cases = " ".join(f"WHEN {literal(known_value.lower())} THEN {literal(known_value)}" for known_value in unambiguous)
    connection.execute(f"UPDATE {dataset} SET {column} = CASE lower({column}) {cases} END WHERE {misspelt}")
    for value, count in found:
        meant = next(known_value for known_value in unambiguous if known_value.lower() == value.lower())
        rows = "1 row" if count == 1 else f"{count} rows"
        message = f"{name} {value!r} was read as {meant!r} in {rows}."
        connection.execute(
            "INSERT INTO load_findings VALUES ('spelling-tidied', 'notice', ?, NULL, NULL, ?)", [dataset, message]
        )
