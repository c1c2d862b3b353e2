"""Load one set from raw rows into a clean table: typed by column, with invalid rows set aside."""

from dataclasses import replace

import duckdb

from journey.core.errors import InputError
from journey.core.findings import Finding
from journey.records.casting import Cast, build_cast
from journey.records.column_matching import match_columns
from journey.records.columns import get_columns, get_key
from journey.records.database import literal, one_value, quoted
from journey.records.distinct_values import discard_distinct_values, record_distinct_values
from journey.records.raw_rows import RawSet, first_error_line


def create_empty(connection: duckdb.DuckDBPyConnection, dataset: str) -> None:
    """Create the clean table of a set without rows."""
    fields = ", ".join(f"{quoted(column.name)} {column.sql_type}" for column in get_columns(dataset))
    connection.execute(f"CREATE OR REPLACE TABLE {dataset} ({fields}, row_number BIGINT, gaps INTEGER)")


def last_row_number(connection: duckdb.DuckDBPyConnection, dataset: str) -> int:
    """Number of the last row of a set, including rows set aside; 0 if there is none."""
    loaded = f"SELECT max(row_number) FROM {dataset}"
    quarantined = "SELECT max(row_number) FROM set_aside WHERE dataset = ?"
    return int(one_value(connection, f"SELECT coalesce(greatest(({loaded}), ({quarantined})), 0)", [dataset]))


def load(connection: duckdb.DuckDBPyConnection, dataset: str, raw: RawSet) -> None:
    """Fill the existing clean table of a set, and set aside invalid rows.

    Existing rows are kept, and the new rows are numbered after them.

    Raises:
        InputError: The columns of the source do not match the set.
    """
    before = last_row_number(connection, dataset)
    if before:
        connection.execute(f"ALTER TABLE {dataset} RENAME TO earlier_rows")
        raw = replace(raw, row_number=f"{before} + {raw.row_number}")
    matched, findings = match_columns(dataset, raw)
    add_findings(connection, findings)
    try:
        clean: frozenset[str] = frozenset()
        if before:
            discard_distinct_values(connection, dataset)
        else:
            clean = record_distinct_values(connection, dataset, raw, matched)
        casts = [
            build_cast(column, matched.get(column.name), clean=column.name in clean) for column in get_columns(dataset)
        ]
        connection.execute(f"CREATE OR REPLACE TABLE {dataset} AS {_build_typed_rows_sql(raw, casts)}")
        _quarantine_bad_rows(connection, dataset, raw, casts)
    except duckdb.Error as error:
        raise InputError(f"{raw.origin}: cannot be read: {first_error_line(error)}") from None
    finally:
        _drop_tables(connection, raw)
    if any(field.zone_sql for field in casts):
        _report_time_zones(connection, dataset, raw.origin)
        connection.execute(f"ALTER TABLE {dataset} DROP COLUMN zoned")
    connection.execute(f"ALTER TABLE {dataset} DROP COLUMN fits")
    if before:
        connection.execute(f"INSERT INTO {dataset} BY NAME SELECT * FROM earlier_rows")
        connection.execute("DROP TABLE earlier_rows")


def add_findings(connection: duckdb.DuckDBPyConnection, findings: list[Finding]) -> None:
    """Add findings from Python to those from SQL."""
    for finding in findings:
        row = finding.as_dict()
        connection.execute(
            "INSERT INTO load_findings VALUES (?, ?, ?, ?, ?, ?)",
            [row[name] for name in ("code", "severity", "dataset", "record", "customer_id", "message")],
        )


def _build_checked_rows_sql(raw: RawSet, casts: list[Cast]) -> str:
    """SQL: the rows, typed and validated, as a sequence of common table expressions."""
    found = ", ".join(f"{field.found_sql} AS {field.found}" for field in casts)
    given = ", ".join(f"{field.raw_sql} AS {field.raw}" for field in casts)
    read = ", ".join(f"{field.typed_sql} AS {field.typed}" for field in casts)
    fits = " AND ".join(["__problem IS NULL", *(field.fits for field in casts)])
    return f"""
        WITH found AS (
            SELECT *, {raw.row_number} AS __place, {raw.problem}::VARCHAR AS __problem, {found} FROM {raw.relation}
        ),
        given AS (SELECT *, {given} FROM found),
        read AS (SELECT *, {read} FROM given),
        judged AS (SELECT *, {fits} AS __fits FROM read)
    """


def _build_typed_rows_sql(raw: RawSet, casts: list[Cast]) -> str:
    fields = ", ".join(f"{field.value_or_default()} AS {quoted(field.column.name)}" for field in casts)
    gaps = " + ".join(field.default_used for field in casts)
    zones = " OR ".join(f"coalesce({field.zone_sql}, FALSE)" for field in casts if field.zone_sql)
    zoned = f", {zones} AS zoned" if zones else ""
    return f"""
        {_build_checked_rows_sql(raw, casts)}
        SELECT {fields}, __place AS row_number, {gaps} AS gaps, __fits AS fits{zoned}
        FROM judged
    """


def _quarantine_bad_rows(connection: duckdb.DuckDBPyConnection, dataset: str, raw: RawSet, casts: list[Cast]) -> None:
    """Move invalid rows out of the clean table; the reasons are computed for these rows only."""
    if not one_value(connection, f"SELECT count(*) FROM {dataset} WHERE NOT fits"):
        return
    typed = {field.column.name: field.typed for field in casts}
    customer = typed.get("customer_id", "NULL")
    key = get_key(dataset)
    complaints = f"coalesce(__problem, concat_ws('; ', {', '.join(field.complaint() for field in casts)}))"
    codes = ", ".join(["CASE WHEN __problem IS NOT NULL THEN 'unreadable-row' END", *(f.code() for f in casts)])
    connection.execute(f"""
        INSERT INTO set_aside
        {_build_checked_rows_sql(raw, casts)}
        SELECT {literal(dataset)}, __place, coalesce({codes}), 'error', {complaints}, {raw.content},
            coalesce({typed[key] if key else customer}, 'row ' || __place), {customer}
        FROM judged WHERE NOT __fits ORDER BY __place
    """)
    connection.execute(f"DELETE FROM {dataset} WHERE NOT fits")


def _report_time_zones(connection: duckdb.DuckDBPyConnection, dataset: str, origin: str) -> None:
    count = one_value(connection, f"SELECT count(*) FROM {dataset} WHERE zoned")
    if count:
        message = f"{count} rows of {origin} give a time zone; their times were converted to UTC."
        connection.execute(
            "INSERT INTO load_findings VALUES ('time-zone-converted', 'notice', ?, NULL, NULL, ?)", [dataset, message]
        )


def _drop_tables(connection: duckdb.DuckDBPyConnection, raw: RawSet) -> None:
    for table in raw.tables:
        connection.execute(f"DROP TABLE IF EXISTS {table}")
