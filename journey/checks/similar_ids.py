"""References that fail by spelling only: the ID that a record names is unknown, but a known ID nearly matches it.

IDs that nearly match are not joined, because they can be two things. One finding reports both spellings and how they
differ, in place of one finding for every record with the unknown spelling.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import duckdb

from journey.core.identifiers import describe_difference, spelling_key
from journey.records.columns import get_key
from journey.records.database import literal, quoted


class Reference(NamedTuple):
    """IDs in one set that should be keys of another set.

    Attributes:
        dataset: The set that names the IDs.
        target: The set whose key they should be.
        unknown: SQL for the IDs that are not keys, one row each time one is named.
    """

    dataset: str
    target: str
    unknown: str


class SimilarId(NamedTuple):
    """An unknown ID that nearly matches a known one.

    Attributes:
        target: The set of the known IDs.
        spelling: The unknown ID.
        known: The first known ID that nearly matches it.
        message: The finding.
    """

    target: str
    spelling: str
    known: str
    message: str


def find_similar_ids(cursor: duckdb.DuckDBPyConnection, references: Iterable[Reference]) -> list[SimilarId]:
    """Find known IDs that nearly match unknown ones.

    Args:
        cursor: A connection to the records.
        references: The references to examine.
    """
    uses: dict[tuple[str, str], dict[str, int]] = {}
    for dataset, target, unknown in references:
        sql = f"SELECT id, count(*) FROM ({unknown}) AS t(id) WHERE id IS NOT NULL GROUP BY id ORDER BY id"
        for identifier, count in cursor.execute(sql).fetchall():
            by_dataset = uses.setdefault((target, identifier), {})
            by_dataset[dataset] = by_dataset.get(dataset, 0) + count
    targets = sorted({target for target, _ in uses})
    keys = {target: {spelling_key(spelling) for named, spelling in uses if named == target} for target in targets}
    known = {target: _find_known(cursor, target, keys[target]) for target in targets}
    return [
        SimilarId(target, spelling, close[0], _build_message(target, spelling, close, by_dataset))
        for (target, spelling), by_dataset in uses.items()
        if (close := known[target].get(spelling_key(spelling)))
    ]


def _find_known(cursor: duckdb.DuckDBPyConnection, target: str, keys: set[str]) -> dict[str, list[str]]:
    """The known IDs with one of these keys, by key."""
    column = quoted(get_key(target) or "")
    # The database computes the keys of ASCII texts. Other texts are rare, and their keys need Unicode's tables.
    is_ascii = f"strlen({column}) = length({column})"
    sql = f"""
        SELECT {column} AS id FROM {target}
        WHERE NOT {is_ascii} OR {_ascii_key_sql(column)} IN (SELECT unnest(?::VARCHAR[])) ORDER BY id
    """
    rows = cursor.execute(sql, [sorted(keys)]).fetchall()
    found: dict[str, list[str]] = {}
    for (identifier,) in rows:
        key = spelling_key(identifier)
        if key in keys:
            found.setdefault(key, []).append(identifier)
    return found


def _ascii_key_sql(text: str) -> str:
    """SQL for the `spelling_key` of an ASCII text."""
    plain = f"lower(regexp_replace({text}, '[\\x{{00}}-\\x{{20}}\\x{{7F}}]', '', 'g'))"
    number = "'0*([0-9]+)(\\.0+)?'"
    is_number = f"regexp_full_match({plain}, {number})"
    return f"CASE WHEN {is_number} THEN regexp_extract({plain}, {number}, 1) ELSE {plain} END"


def _build_message(target: str, spelling: str, known: Sequence[str], by_dataset: dict[str, int]) -> str:
    places = ", ".join(
        f"{dataset} ({count} {'row' if count == 1 else 'rows'})" for dataset, count in sorted(by_dataset.items())
    )
    names = " and ".join(f"'{identifier}'" for identifier in known)
    verb = "is" if len(known) == 1 else "are"
    return (
        f"'{spelling}' in {places} is not among the {target}, but {names} {verb}; they differ "
        f"{describe_difference(spelling, known[0])}, so they are not joined."
    )


def store_similar_ids(cursor: duckdb.DuckDBPyConnection, found: Sequence[SimilarId]) -> None:
    """Create the temporary table ``similar_ids`` with ``target, spelling, known, message``."""
    columns = ", ".join(f"{name} VARCHAR" for name in SimilarId._fields)
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE similar_ids ({columns})")
    if found:
        values = ", ".join("unnest(?::VARCHAR[])" for _ in SimilarId._fields)
        cursor.execute(
            f"INSERT INTO similar_ids SELECT {values}", [list(column) for column in zip(*found, strict=True)]
        )


def is_not_similar_sql(target: str, identifier: str) -> str:
    """SQL: whether an unknown ID has no known one that nearly matches it; it reads ``similar_ids``.

    Args:
        target: The set whose key the ID should be.
        identifier: SQL for the ID.
    """
    return f"{identifier} NOT IN (SELECT spelling FROM similar_ids WHERE target = {literal(target)})"
