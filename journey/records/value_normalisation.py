"""Words that differ from a known one only in capitals: read as the known one, and said so."""

from collections.abc import Iterable, Mapping, Sequence

import duckdb

from journey.records.columns import columns_of
from journey.records.database import literal, one_value, quoted
from journey.records.distinct_values import forget_words, source_of_words


def tidy_spelling(
    connection: duckdb.DuckDBPyConnection, datasets: Iterable[str], vocabulary: Mapping[str, Sequence[str]]
) -> None:
    """Bring values with fixed choices, and columns with a vocabulary, into the spelling of the models.

    Args:
        connection: The database with the clean tables.
        datasets: The sets to look through.
        vocabulary: By name of a column, the words that are known there (the stages of a journey). A value that equals
            none of them, whatever the capitals, is left as it is.
    """
    for dataset in datasets:
        for column in columns_of(dataset):
            words = vocabulary.get(column.name, column.choices)
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
    if not one_value(connection, f"SELECT count(*) FROM {source_of_words(connection, dataset, name)} WHERE {misspelt}"):
        return
    found = connection.execute(
        f"SELECT {column}, count(*) FROM {dataset} WHERE {misspelt} GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    forget_words(connection, dataset, name)
    cases = " ".join(f"WHEN {literal(word.lower())} THEN {literal(word)}" for word in unambiguous)
    connection.execute(f"UPDATE {dataset} SET {column} = CASE lower({column}) {cases} END WHERE {misspelt}")
    for value, count in found:
        meant = next(word for word in unambiguous if word.lower() == value.lower())
        rows = "1 row" if count == 1 else f"{count} rows"
        message = f"{name} {value!r} was read as {meant!r} in {rows}."
        connection.execute(
            "INSERT INTO load_findings VALUES ('spelling-tidied', 'notice', ?, NULL, NULL, ?)", [dataset, message]
        )
