"""Load one set from raw rows into a clean table: typed by column, with invalid rows set aside."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import duckdb

from journey.core.errors import InputError
from journey.core.findings import Finding
from journey.records.casting import Cast, build_cast
from journey.records.column_matching import match_columns
from journey.records.columns import get_columns
from journey.records.database import literal, one_row, quoted
from journey.records.distinct_values import discard_distinct_values, record_distinct_values
from journey.records.model import get_model
from journey.records.number_style import (
    TextNumbers,
    detect_number_styles,
    find_ambiguous_columns,
    is_json_number,
    is_other_style,
)
from journey.records.raw_rows import RawColumn, RawSet, first_error_line
from journey.records.text_forms import examine_small_set
from journey.records.typed_rows import build_checked_rows_sql, build_subject_sql, build_typed_rows_sql
from journey.records.value_notes import report_flattened_identifiers, report_notes, summarise_rows


def create_empty(connection: duckdb.DuckDBPyConnection, dataset: str) -> None:
    """Create the clean table of a set without rows."""
    fields = ", ".join(f"{quoted(column.name)} {column.sql_type}" for column in get_columns(dataset))
    local_day = ", local_day DATE" if get_model(dataset).counted_at else ""
    connection.execute(f"CREATE OR REPLACE TABLE {dataset} ({fields}, row_number BIGINT, gaps INTEGER{local_day})")


def load(connection: duckdb.DuckDBPyConnection, dataset: str, raw: RawSet, before: int = 0) -> int:
    """Fill the existing clean table of a set, set aside invalid rows, and return the number of the last row.

    Existing rows are kept, and the new rows are numbered after them.

    Args:
        connection: The database.
        dataset: The set.
        raw: The new rows.
        before: Number of the last existing row, including rows set aside; 0 if there is none.

    Raises:
        InputError: The columns of the source do not match the set.
    """
    if raw.is_empty:
        _drop_tables(connection, raw)
        return before
    if before:
        connection.execute(f"ALTER TABLE {dataset} RENAME TO earlier_rows")
        raw = replace(raw, row_number=f"{before} + {raw.row_number}")
    matched, given_twice, findings = match_columns(dataset, raw)
    if given_twice:
        raw = replace(raw, problem=f"coalesce({raw.problem}, {given_twice})")
    add_findings(connection, findings)
    try:
        rows = _load_matched(connection, dataset, raw, matched, is_first=not before)
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise InputError(f"{raw.origin}: cannot be read: {first_error_line(error)}") from None
    finally:
        _drop_tables(connection, raw)
    for column in ("fits", "noted"):
        connection.execute(f"ALTER TABLE {dataset} DROP COLUMN {column}")
    if before:
        connection.execute(f"INSERT INTO {dataset} BY NAME SELECT * FROM earlier_rows")
        connection.execute("DROP TABLE earlier_rows")
    return before + rows


def _load_matched(
    connection: duckdb.DuckDBPyConnection,
    dataset: str,
    raw: RawSet,
    matched: Mapping[str, RawColumn],
    *,
    is_first: bool,
) -> int:
    """Fill the table of a set from matched columns, and return the number of rows, including those set aside."""
    if not is_first:
        discard_distinct_values(connection, dataset)
    forms = examine_small_set(connection, dataset, raw, matched)
    if forms is None:
        forms = record_distinct_values(connection, dataset, raw, matched) if is_first else {}
    casts = [
        build_cast(column, matched.get(column.name), form=forms.get(column.name, "any"))
        for column in get_columns(dataset)
    ]
    _create_typed(connection, dataset, raw, casts)
    summary = summarise_rows(connection, dataset)
    restyled = _restyle_numbers(connection, dataset, raw, matched, casts) if summary.unfit else None
    if restyled:
        casts = restyled
        _create_typed(connection, dataset, raw, casts)
        summary = summarise_rows(connection, dataset)
    if summary.unfit:
        _quarantine_bad_rows(connection, dataset, raw, casts)
    numbers = {field.column: matched[field.column.name] for field in casts if _is_number_from_text(field)}
    add_findings(connection, find_ambiguous_columns(connection, dataset, raw, numbers))
    add_findings(connection, report_notes(connection, dataset, raw, casts, summary.noted))
    if summary.is_flattened:
        add_findings(connection, report_flattened_identifiers(connection, dataset))
    _drop_missing_fields(connection, dataset)
    return summary.rows


def _is_number_from_text(field: Cast) -> bool:
    return field.is_text and field.column.kind in ("number", "whole")


def _create_typed(connection: duckdb.DuckDBPyConnection, dataset: str, raw: RawSet, casts: Sequence[Cast]) -> None:
    rows = build_typed_rows_sql(raw, casts, get_model(dataset).counted_at)
    connection.execute(f"CREATE OR REPLACE TABLE {dataset} AS {rows}")


def add_findings(connection: duckdb.DuckDBPyConnection, findings: list[Finding]) -> None:
    """Add findings from Python to those from SQL."""
    for finding in findings:
        row = finding.as_dict()
        connection.execute(
            "INSERT INTO load_findings VALUES (?, ?, ?, ?, ?, ?)",
            [row[name] for name in ("code", "severity", "dataset", "record", "customer_id", "message")],
        )


def _restyle_numbers(
    connection: duckdb.DuckDBPyConnection,
    dataset: str,
    raw: RawSet,
    matched: Mapping[str, RawColumn],
    casts: Sequence[Cast],
) -> list[Cast] | None:
    """The casts with the style of each column of numbers; None if all numbers are plain.

    The style of a column is examined only if a row does not fit because of a number that may have another style.
    """
    fields = list(filter(_is_number_from_text, casts))
    if not fields:
        return None
    rows = build_checked_rows_sql(raw, casts)
    counts = ", ".join(f"count_if({is_other_style(field.raw, field.typed)})" for field in fields)
    suspects = one_row(connection, f"{rows} SELECT {counts} FROM judged")
    columns = [
        TextNumbers(field.column.name, field.raw, is_json_number(field.shape), field.column.kind == "whole")
        for field, count in zip(fields, suspects, strict=True)
        if count
    ]
    styles, findings = detect_number_styles(connection, rows, columns, dataset)
    add_findings(connection, findings)
    if not styles:
        return None
    return [
        build_cast(field.column, matched[field.column.name], style=styles[field.column.name])
        if field.column.name in styles
        else field
        for field in casts
    ]


def _quarantine_bad_rows(
    connection: duckdb.DuckDBPyConnection, dataset: str, raw: RawSet, casts: Sequence[Cast]
) -> None:
    """Move invalid rows out of the clean table; the reasons are computed for these rows only."""
    complaints = f"coalesce(__problem, concat_ws('; ', {', '.join(field.complaint() for field in casts)}))"
    codes = ", ".join(["CASE WHEN __problem IS NOT NULL THEN 'unreadable-row' END", *(f.code() for f in casts)])
    connection.execute(f"""
        INSERT INTO set_aside
        {build_checked_rows_sql(raw, casts)}
        SELECT {literal(dataset)}, __place, coalesce({codes}), 'error', {complaints}, {raw.content},
            {build_subject_sql(dataset, casts)}
        FROM judged WHERE NOT __fits ORDER BY __place
    """)
    connection.execute(f"DELETE FROM {dataset} WHERE NOT fits")


def _drop_missing_fields(connection: duckdb.DuckDBPyConnection, dataset: str) -> None:
    """Remove fields without a value from objects within lists; `casting` removes the others."""
    for column in get_columns(dataset):
        if column.kind != "mapping":
            continue
        name = quoted(column.name)
        where = f"contains({name}::VARCHAR, '[') AND contains({name}::VARCHAR, 'null')"
        found = connection.execute(f"SELECT rowid, {name}::VARCHAR FROM {dataset} WHERE {where}").fetchall()
        if found:
            values = [json.dumps(_without_missing(json.loads(text)), ensure_ascii=False) for _, text in found]
            connection.execute(
                f"UPDATE {dataset} SET {name} = repaired.value "
                "FROM (SELECT unnest(?::BIGINT[]) AS place, unnest(?::VARCHAR[]) AS value) AS repaired "
                f"WHERE {dataset}.rowid = repaired.place",
                [[rowid for rowid, _ in found], values],
            )


def _without_missing(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_missing(part) for name, part in value.items() if part is not None}
    return [_without_missing(part) for part in value] if isinstance(value, list) else value


def _drop_tables(connection: duckdb.DuckDBPyConnection, raw: RawSet) -> None:
    for table in raw.tables:
        connection.execute(f"DROP TABLE IF EXISTS {table}")
