"""The raw, unvalidated rows of one set: the output of every reader and the input of `journey.records.casting`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from journey.core.errors import InputError
from journey.records.database import literal, quoted
from journey.records.sources import Source
from journey.runtime.duckdb import distinguish_memory_failures


@dataclass(frozen=True, slots=True)
class RawColumn:
    """One column of the source.

    Attributes:
        name: Its name in the file.
        value: SQL for its value in a row.
        sql_type: The DuckDB type of that value.
        shape: SQL for the JSON type of the value (``'OBJECT'``...), for sources whose values may have any type.
    """

    name: str
    value: str
    sql_type: str
    shape: str | None = None


def build_text_sql(column: RawColumn) -> str:
    """SQL for a value as text, the same text as a JSON file has for it."""
    kind = column.sql_type
    if kind == "JSON":
        return f"({column.value} ->> '$')"
    if kind == "BLOB":
        return f"coalesce(try(decode({column.value})), {column.value}::VARCHAR)"
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
        return f"to_json({column.value})::VARCHAR"
    return f"{column.value}::VARCHAR"


@dataclass(frozen=True, slots=True)
class RawSet:
    """Rows before validation.

    Attributes:
        origin: Name of the source in messages, for instance ``signals.csv``.
        relation: SQL for the FROM clause.
        columns: The columns, in the order of the file.
        row_number: SQL for the 1-based position of a row.
        content: SQL for the original row, as text.
        problem: SQL for the reason why the row cannot be read; null if it can.
        self_describing: Whether each row names its own fields (JSON), so that a field may be absent in one row only.
        has_dictionaries: Whether the source has dictionaries of its texts, so that distinct values are found quickly.
        tables: Temporary tables to drop after loading.
    """

    origin: str
    relation: str
    columns: tuple[RawColumn, ...]
    row_number: str
    content: str
    problem: str = "NULL"
    self_describing: bool = False
    has_dictionaries: bool = False
    tables: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether the source is known to have no rows."""
        return self.relation == _NO_ROWS


_NO_ROWS = "(SELECT 1 WHERE FALSE) AS raw"


class _ArrowStream:
    """Presents a user's frame to the database as an Arrow stream only.

    Otherwise the database would recognise the frame's type and import packages that may not be installed.
    """

    def __init__(self, frame: Any) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self._frame.__arrow_c_stream__(requested_schema)


def open_parquet(connection: duckdb.DuckDBPyConnection, source: Source, path: Path) -> RawSet:
    """The rows of a Parquet file, scanned in place.

    Raises:
        InputError: The file is not Parquet, or is cut short.
    """
    if path.stat().st_size == 0:
        return build_empty_set(source.path.name)
    scan = f"read_parquet({literal(str(path))}, file_row_number = true)"
    try:
        with distinguish_memory_failures():
            described = connection.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall()
            # Reading the footer is not enough: a truncated file fails only when its pages are read.
            connection.execute(f"SELECT count(*) FROM {scan}").fetchall()
    except duckdb.Error as error:
        raise unreadable_file_error(source.path, error, "Parquet") from None
    names = [(str(row[0]), str(row[1])) for row in described if row[0] != "file_row_number"]
    spelt = _read_column_names(connection, path, [name for name, _ in names])
    return RawSet(
        origin=source.path.name,
        relation=f"{scan} AS raw",
        columns=tuple(RawColumn(own, quoted(name), kind) for own, (name, kind) in zip(spelt, names, strict=True)),
        row_number="file_row_number + 1",
        content=_as_json(names),
        has_dictionaries=True,
    )


def open_frame(connection: duckdb.DuckDBPyConnection, dataset: str, frame: Any) -> RawSet:
    """The rows of a frame with the Arrow stream interface.

    Raises:
        InputError: The frame cannot be read, for instance because two columns have the same name.
    """
    connection.execute("SELECT 1").fetchall()  # an open earlier statement would block the registration
    connection.register("users_frame", _ArrowStream(frame))
    try:
        with distinguish_memory_failures():
            connection.execute("CREATE TEMP TABLE raw_rows AS SELECT * FROM users_frame").fetchall()
        described = connection.execute("DESCRIBE SELECT * FROM raw_rows").fetchall()
    except (duckdb.Error, TypeError, ValueError, ImportError) as error:
        raise InputError(f"{dataset}: the frame cannot be read as an Arrow stream: {first_error_line(error)}") from None
    finally:
        connection.unregister("users_frame")
    names = [(str(row[0]), str(row[1])) for row in described]
    given = [str(name) for name in getattr(frame, "column_names", getattr(frame, "columns", ()))]
    spelt = given if len(given) == len(names) else [name for name, _ in names]
    return RawSet(
        origin=dataset,
        relation="raw_rows AS raw",
        columns=tuple(RawColumn(own, quoted(name), kind) for own, (name, kind) in zip(spelt, names, strict=True)),
        row_number="rowid + 1",
        content=_as_json(names),
        tables=("raw_rows",),
    )


def _read_column_names(connection: duckdb.DuckDBPyConnection, path: Path, names: list[str]) -> list[str]:
    """The names of the columns in a Parquet file.

    The database renames a column whose name differs from that of an earlier one in capitals only.

    Args:
        connection: The database.
        path: The file.
        names: The names that the database gives, in the order of the file.
    """
    rows = connection.execute(f"SELECT name, num_children FROM parquet_schema({literal(str(path))})").fetchall()
    found, below = [], 0
    for name, children in rows[1:]:
        if below == 0:
            found.append(str(name))
        below = max(below - 1, 0) + (children or 0)
    return found if len(found) == len(names) else names


def build_empty_set(origin: str, tables: tuple[str, ...] = ()) -> RawSet:
    """A set without rows and without columns.

    Args:
        origin: Name of the source in messages.
        tables: Temporary tables to drop after loading.
    """
    return RawSet(
        origin=origin,
        relation=_NO_ROWS,
        columns=(),
        row_number="0::BIGINT",
        content="NULL::VARCHAR",
        self_describing=True,
        tables=tables,
    )


def unreadable_file_error(path: Path, error: Exception, expected: str) -> InputError:
    """The error for a file whose content does not match its extension."""
    return InputError(
        f"{path}: cannot be read as {expected}: {first_error_line(error)}; write the file again, or rename it if "
        "it has another format"
    )


def first_error_line(error: Exception) -> str:
    """The first line of an error's text, without the name of its class."""
    text = (str(error).strip().splitlines() or ["unknown reason"])[0]
    head, colon, rest = text.partition(" Error: ")
    return (rest if colon else head).strip().rstrip(".")


def _as_json(names: list[tuple[str, str]]) -> str:
    if not names:
        return "NULL::VARCHAR"
    fields = ", ".join(f"{quoted(name)} := {quoted(name)}" for name, _ in names)
    return f"to_json(struct_pack({fields}))::VARCHAR"
