"""Raw rows of JSON: an array of objects, or one object per line."""

import json
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
from pydantic import BaseModel

from journey.core.errors import InputError
from journey.records.columns import get_columns, normalise_field_name
from journey.records.database import execute_reading, literal
from journey.records.encoding import check_text, first_character, open_bytes
from journey.records.raw_rows import RawColumn, RawSet, build_empty_set, first_error_line
from journey.records.sources import Source

MAX_REPARSE_BYTES = 64 * 1024 * 1024
"""Up to this size (bytes) a malformed file is parsed again to name line and column."""


def open_json(connection: duckdb.DuckDBPyConnection, source: Source, path: Path) -> RawSet:
    """The rows of a JSON or JSON Lines file; the first character determines which of the two it is.

    Raises:
        InputError: The file is not text, not JSON, or not an array of objects.
    """
    if not check_text(source.path):
        return build_empty_set(source.path.name)
    start = first_character(path)
    if start == "[":
        return _open_array(connection, source, path)
    if source.format == "lines":
        return _open_lines(connection, source, path)
    if start == "{":
        return _open_objects(connection, source, path)
    raise InputError(
        f"{source.path}: line 1: expected a JSON array of objects ([{{...}}, ...]), but it starts with {start!r}"
    )


def open_rows(connection: duckdb.DuckDBPyConnection, dataset: str, rows: Iterable[Any]) -> RawSet:
    """Rows given as mappings or as record objects.

    Raises:
        InputError: A row is neither.
    """
    with tempfile.TemporaryDirectory(prefix="journeylab-") as folder:
        path = Path(folder) / "rows.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for place, row in enumerate(rows, start=1):
                file.write(_format_row(dataset, place, row))
                file.write("\n")
        _read(connection, path, "newline_delimited")
    return _describe_rows(connection, dataset, dataset)


def _format_row(dataset: str, row_number: int, row: Any) -> str:
    if isinstance(row, BaseModel):
        row = row.model_dump(mode="python")
    if not isinstance(row, Mapping):
        raise InputError(f"{dataset}: row {row_number} is {row!r}; expected a mapping of fields or a record")
    return json.dumps(dict(row), default=_to_json_value, ensure_ascii=True, skipkeys=True)


def _to_json_value(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Iterable):
        return list(value)
    return str(value)


def _open_array(connection: duckdb.DuckDBPyConnection, source: Source, path: Path) -> RawSet:
    try:
        _read(connection, path, "array")
    except duckdb.Error as error:
        raise InputError(_locate_error(source.path, error)) from None
    return _describe_rows(connection, source.dataset, source.path.name)


def _open_objects(connection: duckdb.DuckDBPyConnection, source: Source, path: Path) -> RawSet:
    try:
        _read(connection, path, "newline_delimited")
    except duckdb.Error:
        raise InputError(
            f"{source.path}: line 1: expected a JSON array of objects ([{{...}}, ...]) or one object per line; "
            "put the objects between [ and ], separated by commas"
        ) from None
    return _describe_rows(connection, source.dataset, source.path.name)


def _open_lines(connection: duckdb.DuckDBPyConnection, source: Source, path: Path) -> RawSet:
    try:
        _read(connection, path, "newline_delimited")
    except duckdb.Error:
        # Some line is not JSON. Reading line by line is slower, but sets aside only that line.
        with _wrap_lines(path) as wrapped:
            execute_reading(
                connection,
                "CREATE OR REPLACE TEMP TABLE raw_rows AS "
                "SELECT CASE WHEN json_valid(line) THEN line::JSON END AS json, line "
                f"FROM read_json({literal(str(wrapped))}, format = 'newline_delimited', columns = {{line: 'VARCHAR'}})",
            )
    return _describe_rows(connection, source.dataset, source.path.name)


@contextmanager
def _wrap_lines(path: Path) -> Any:
    with tempfile.TemporaryDirectory(prefix="journeylab-") as folder:
        wrapped = Path(folder) / "lines.jsonl"
        with open_bytes(path) as lines, wrapped.open("w", encoding="utf-8") as file:
            for number, line in enumerate(lines):
                text = line.decode("utf-8-sig" if number == 0 else "utf-8").strip()
                if text:
                    file.write(json.dumps({"line": text}) + "\n")
        yield wrapped


def _read(connection: duckdb.DuckDBPyConnection, path: Path, layout: str) -> None:
    execute_reading(
        connection,
        "CREATE OR REPLACE TEMP TABLE raw_rows AS SELECT json, NULL::VARCHAR AS line "
        f"FROM read_json_objects({literal(str(path))}, format = {literal(layout)})",
    )


def _describe_rows(connection: duckdb.DuckDBPyConnection, dataset: str, origin: str) -> RawSet:
    # Rows of one file have few distinct sets of keys, so each set is processed once.
    key_sets = [row[0] or [] for row in connection.execute("SELECT DISTINCT json_keys(json) FROM raw_rows").fetchall()]
    if not key_sets:
        return build_empty_set(origin, tables=("raw_rows",))
    names = sorted({str(name) for keys in key_sets for name in keys})
    repeats = any(len(keys) != len(set(keys)) for keys in key_sets)
    # Only fields are extracted. The other names are reported; there may be thousands of them.
    fields = {column.name for column in get_columns(dataset)}
    wanted = [name for name in names if normalise_field_name(name) in fields]
    paths = [literal(f'$."{name}"') for name in wanted]
    values = f"json_extract_string(json, [{', '.join(paths)}]::VARCHAR[])" if wanted else "NULL"
    columns = [
        RawColumn(name, f"found[{place}]", "VARCHAR", f"json_type(json, {path})")
        for place, (name, path) in enumerate(zip(wanted, paths, strict=True), start=1)
    ]
    extracted = set(wanted)
    columns += [RawColumn(name, "NULL::VARCHAR", "VARCHAR") for name in names if name not in extracted]
    return RawSet(
        origin=origin,
        relation=f"(SELECT json, line, rowid AS place, {values} AS found FROM raw_rows) AS raw",
        columns=tuple(columns),
        row_number="place + 1",
        content="coalesce(line, json::VARCHAR)",
        problem=f"CASE {_PROBLEMS} {_REPEATS if repeats else ''} END",
        self_describing=True,
        tables=("raw_rows",),
    )


_PROBLEMS = """
    WHEN json IS NULL THEN 'the line is not valid JSON'
    WHEN json_type(json) IS DISTINCT FROM 'OBJECT' THEN 'the row is not an object with fields'
"""
_REPEATS = "WHEN len(json_keys(json)) <> len(list_distinct(json_keys(json))) THEN 'a field is given twice'"


def _locate_error(path: Path, error: Exception) -> str:
    """Message for a malformed array; with line and column if the file is not too large."""
    mend = "correct it there, or give one object per line (.jsonl), where only malformed lines are set aside"
    if path.stat().st_size <= MAX_REPARSE_BYTES:
        try:
            with open_bytes(path) as file:
                json.loads(file.read().decode("utf-8-sig"))
        except json.JSONDecodeError as found:
            return f"{path}: line {found.lineno}, column {found.colno}: is not valid JSON ({found.msg}); {mend}"
        except RecursionError:
            return f"{path}: is nested too deeply to be records; {mend}"
    return f"{path}: is not valid JSON: {first_error_line(error)}; {mend}"
