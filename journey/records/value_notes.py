"""Findings about values of rows that are used: words for "missing", values outside a range, and time zones."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from journey.core.findings import Finding, FindingSeverity
from journey.records.casting import Cast
from journey.records.columns import get_columns
from journey.records.database import literal, one_row, one_value, quoted
from journey.records.raw_rows import RawSet
from journey.records.typed_rows import build_checked_rows_sql, build_subject_sql, list_notes

_FLATTENED_SQL = literal(r"\d([.,]\d+)?[eE]\+\d{2,3}")
"""A number as a spreadsheet shows one that is too long for its cell."""


@dataclass(frozen=True, slots=True)
class RowSummary:
    """Facts about the typed rows of a set that decide which further queries are needed.

    Attributes:
        rows: Number of rows.
        unfit: How many of them do not fit.
        noted: The bits of `list_notes` that are set in at least one row that fits.
        is_flattened: Whether a row that fits has an ID that a spreadsheet shortened to a number such as 1.23457E+11.
    """

    rows: int
    unfit: int
    noted: int
    is_flattened: bool


def summarise_rows(connection: duckdb.DuckDBPyConnection, dataset: str) -> RowSummary:
    """Summarise the typed rows of a set in one query, before invalid rows are moved.

    Few sets have anything to report. `report_notes` and `report_flattened_identifiers` count by column if they have.
    """
    flattened = " OR ".join(f"regexp_full_match({quoted(name)}, {_FLATTENED_SQL})" for name in _id_columns(dataset))
    return RowSummary(
        *one_row(
            connection,
            "SELECT count(*), count_if(NOT fits), coalesce(bit_or(noted) FILTER (fits), 0), "
            f"coalesce(bool_or(fits AND ({flattened or 'FALSE'})), FALSE) FROM {dataset}",
        )
    )


def report_notes(
    connection: duckdb.DuckDBPyConnection, dataset: str, raw: RawSet, casts: Sequence[Cast], noted: int
) -> list[Finding]:
    """Findings about the values of the rows that are used.

    Findings about single rows are added to the database; those about columns are returned.

    Args:
        connection: The database.
        dataset: The set, without its invalid rows.
        raw: Its raw rows.
        casts: How each field is read.
        noted: The bits of `list_notes` that are set in at least one row.
    """
    notes = [note for note in list_notes(casts) if note[0] & noted]
    if not notes:
        return []
    counts = one_row(
        connection, f"SELECT {', '.join(f'count_if(noted & {mask} <> 0)' for mask, *_ in notes)} FROM {dataset}"
    )
    findings = []
    zoned: dict[int, tuple[Cast, int]] = {}
    for (mask, field, kind, condition), count in zip(notes, counts, strict=True):
        if kind == "missing-word":
            findings.append(_build_missing_word_finding(dataset, field, count))
        elif kind == "out-of-range":
            _report_out_of_range(connection, dataset, raw, casts, field, condition)
        else:
            zoned[mask] = (field, count)
    if zoned:
        findings.append(_build_zone_finding(connection, dataset, sum(zoned)))
    for mask, (field, count) in zoned.items():
        _note_zones(connection, dataset, field, mask, count)
    return findings


def report_flattened_identifiers(connection: duckdb.DuckDBPyConnection, dataset: str) -> list[Finding]:
    """A warning for each ID column with numbers that a spreadsheet has shortened, such as 1.23457E+11."""
    tests = {name: f"regexp_full_match({quoted(name)}, {_FLATTENED_SQL})" for name in _id_columns(dataset)}
    parts = [f"count_if({test}), min({quoted(name)}) FILTER ({test})" for name, test in tests.items()]
    found = one_row(connection, f"SELECT {', '.join(parts)} FROM {dataset}")
    findings = []
    for name, count, example in zip(tests, found[::2], found[1::2], strict=True):
        if count:
            rows = "1 row" if count == 1 else f"{count} rows"
            message = (
                f"{name} of {dataset} looks like a number shortened by a spreadsheet in {rows} (such as {example}), "
                "so different identifiers may have become equal. Export the column as text."
            )
            findings.append(Finding("flattened-identifier", FindingSeverity.WARNING, dataset, None, None, message))
    return findings


def _id_columns(dataset: str) -> list[str]:
    return [column.name for column in get_columns(dataset) if column.kind == "text" and column.name.endswith("_id")]


def _build_missing_word_finding(dataset: str, field: Cast, count: int) -> Finding:
    rows = "1 row" if count == 1 else f"{count} rows"
    message = (
        f"{field.column.name} of {dataset} is a word for a missing value, such as NA or NULL, in {rows}; "
        "it was read as missing."
    )
    return Finding("missing-word", FindingSeverity.NOTICE, dataset, None, None, message)


def _report_out_of_range(
    connection: duckdb.DuckDBPyConnection, dataset: str, raw: RawSet, casts: Sequence[Cast], field: Cast, condition: str
) -> None:
    connection.execute(f"""
        INSERT INTO load_findings
        {build_checked_rows_sql(raw, casts)}
        SELECT 'out-of-range', 'warning', {literal(dataset)}, {build_subject_sql(dataset, casts)},
            'Row ' || __place || {literal(f" of {dataset}: ")} || {field.range_complaint()}
                || '; the value is not used, the other values of the row are.'
        FROM judged WHERE __fits AND {condition} ORDER BY __place
    """)


def _build_zone_finding(connection: duckdb.DuckDBPyConnection, dataset: str, mask: int) -> Finding:
    count = one_value(connection, f"SELECT count_if(noted & {mask} <> 0) FROM {dataset}")
    message = f"{count} rows of {dataset} give a time zone; their times were converted to UTC."
    return Finding("time-zone-converted", FindingSeverity.NOTICE, dataset, None, None, message)


def _note_zones(connection: duckdb.DuckDBPyConnection, dataset: str, field: Cast, mask: int, zoned: int) -> None:
    """Store how many times in a column have a zone and, if only some do, which ones: the checks of order need them."""
    name = field.column.name
    connection.execute("INSERT INTO zoned_times VALUES (?, ?, ?)", [dataset, name, zoned])
    if zoned != one_value(connection, f"SELECT count({quoted(name)}) FROM {dataset}"):
        connection.execute(f"""
            INSERT INTO mixed_zones SELECT {literal(dataset)}, {literal(name)}, row_number, noted & {mask} <> 0
            FROM {dataset} WHERE {quoted(name)} IS NOT NULL
        """)


def report_mixed_zones(connection: duckdb.DuckDBPyConnection) -> list[Finding]:
    """A warning for each column in which some times have a zone and some have none, over all files of its set."""
    columns = connection.execute(
        "SELECT dataset, name, sum(zoned)::BIGINT FROM zoned_times GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    findings = []
    for dataset, name, zoned in columns:
        bare = one_value(connection, f"SELECT count({quoted(name)}) FROM {dataset}") - zoned
        if bare:
            message = (
                f"{name} of {dataset} has a time zone in {zoned} rows and none in {bare}. The latter count as UTC, so "
                "the order of close times is unknown; give all times a zone, or none."
            )
            findings.append(Finding("mixed-time-zones", FindingSeverity.WARNING, dataset, None, None, message))
    return findings
