"""One set from raw rows into a clean table: typed by column, bad rows set aside with their reason."""

from dataclasses import replace

import duckdb

from journey.core.errors import InputError
from journey.core.findings import Finding
from journey.records.casting import Cast, cast
from journey.records.column_matching import match_columns
from journey.records.columns import columns_of, key_of
from journey.records.database import literal, one_value, quoted
from journey.records.distinct_values import forget_words, note_words
from journey.records.raw_rows import RawSet, first_line


def create_empty(connection: duckdb.DuckDBPyConnection, dataset: str) -> None:
    """The clean table of a set that has no rows."""
    fields = ", ".join(f"{quoted(column.name)} {column.sql_type}" for column in columns_of(dataset))
    connection.execute(f"CREATE OR REPLACE TABLE {dataset} ({fields}, row_number BIGINT, gaps INTEGER)")


def last_row_number(connection: duckdb.DuckDBPyConnection, dataset: str) -> int:
    """Number of the last row that a set holds or has set aside, 0 when there is none."""
    held = f"SELECT max(row_number) FROM {dataset}"
    aside = "SELECT max(row_number) FROM set_aside WHERE dataset = ?"
    return int(one_value(connection, f"SELECT coalesce(greatest(({held}), ({aside})), 0)", [dataset]))


def load(connection: duckdb.DuckDBPyConnection, dataset: str, raw: RawSet) -> None:
    """Fill the clean table of a set (which exists), and set aside the rows that do not fit.

    Rows that the table holds already are kept, and the new ones are numbered after them.

    Raises:
        InputError: The columns of the source do not fit the set at all.
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
            forget_words(connection, dataset)
        else:
            clean = note_words(connection, dataset, raw, matched)
        casts = [cast(column, matched.get(column.name), clean=column.name in clean) for column in columns_of(dataset)]
        connection.execute(f"CREATE OR REPLACE TABLE {dataset} AS {_typed_rows(raw, casts)}")
        _set_bad_rows_aside(connection, dataset, raw, casts)
    except duckdb.Error as error:
        raise InputError(f"{raw.origin}: cannot be read: {first_line(error)}") from None
    finally:
        _drop_after(connection, raw)
    if any(field.reading_zone for field in casts):
        _say_converted(connection, dataset, raw.origin)
        connection.execute(f"ALTER TABLE {dataset} DROP COLUMN zoned")
    connection.execute(f"ALTER TABLE {dataset} DROP COLUMN fits")
    if before:
        connection.execute(f"INSERT INTO {dataset} BY NAME SELECT * FROM earlier_rows")
        connection.execute("DROP TABLE earlier_rows")


def add_findings(connection: duckdb.DuckDBPyConnection, findings: list[Finding]) -> None:
    """Keep findings made in Python beside those made in SQL."""
    for finding in findings:
        row = finding.as_dict()
        connection.execute(
            "INSERT INTO load_findings VALUES (?, ?, ?, ?, ?, ?)",
            [row[name] for name in ("code", "severity", "dataset", "record", "customer_id", "message")],
        )


def _judged(raw: RawSet, casts: list[Cast]) -> str:
    """SQL: the rows as given, typed and judged, in steps that each name what the next one uses."""
    found = ", ".join(f"{field.finding} AS {field.found}" for field in casts)
    given = ", ".join(f"{field.given} AS {field.raw}" for field in casts)
    read = ", ".join(f"{field.reading} AS {field.typed}" for field in casts)
    fits = " AND ".join(["__problem IS NULL", *(field.fits for field in casts)])
    return f"""
        WITH found AS (
            SELECT *, {raw.row_number} AS __place, {raw.problem}::VARCHAR AS __problem, {found} FROM {raw.relation}
        ),
        given AS (SELECT *, {given} FROM found),
        read AS (SELECT *, {read} FROM given),
        judged AS (SELECT *, {fits} AS __fits FROM read)
    """


def _typed_rows(raw: RawSet, casts: list[Cast]) -> str:
    fields = ", ".join(f"{field.filled()} AS {quoted(field.column.name)}" for field in casts)
    gaps = " + ".join(field.left_out for field in casts)
    zones = " OR ".join(f"coalesce({field.reading_zone}, FALSE)" for field in casts if field.reading_zone)
    zoned = f", {zones} AS zoned" if zones else ""
    return f"""
        {_judged(raw, casts)}
        SELECT {fields}, __place AS row_number, {gaps} AS gaps, __fits AS fits{zoned}
        FROM judged
    """


def _set_bad_rows_aside(connection: duckdb.DuckDBPyConnection, dataset: str, raw: RawSet, casts: list[Cast]) -> None:
    """Move what does not fit out of the clean table; only then is it worth asking why."""
    if not one_value(connection, f"SELECT count(*) FROM {dataset} WHERE NOT fits"):
        return
    typed = {field.column.name: field.typed for field in casts}
    customer = typed.get("customer_id", "NULL")
    key = key_of(dataset)
    complaints = f"coalesce(__problem, concat_ws('; ', {', '.join(field.complaint() for field in casts)}))"
    codes = ", ".join(["CASE WHEN __problem IS NOT NULL THEN 'unreadable-row' END", *(f.code() for f in casts)])
    connection.execute(f"""
        INSERT INTO set_aside
        {_judged(raw, casts)}
        SELECT {literal(dataset)}, __place, coalesce({codes}), 'error', {complaints}, {raw.content},
            coalesce({typed[key] if key else customer}, 'row ' || __place), {customer}
        FROM judged WHERE NOT __fits ORDER BY __place
    """)
    connection.execute(f"DELETE FROM {dataset} WHERE NOT fits")


def _say_converted(connection: duckdb.DuckDBPyConnection, dataset: str, origin: str) -> None:
    count = one_value(connection, f"SELECT count(*) FROM {dataset} WHERE zoned")
    if count:
        message = f"{count} rows of {origin} give a time zone; their times were converted to UTC."
        connection.execute(
            "INSERT INTO load_findings VALUES ('time-zone-converted', 'notice', ?, NULL, NULL, ?)", [dataset, message]
        )


def _drop_after(connection: duckdb.DuckDBPyConnection, raw: RawSet) -> None:
    for table in raw.tables:
        connection.execute(f"DROP TABLE IF EXISTS {table}")
