"""The in-memory database for records, and helpers to build SQL."""

import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from journey.core.identifiers import TRIMMED_ENDS_PATTERN
from journey.runtime.duckdb import connect_in_memory, disable_progress_bar, distinguish_memory_failures

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb
    import numpy.typing as npt

Parameters = list[Any] | dict[str, Any] | None
"""Values for a query, by position (``?``) or by name (``$name``)."""

SET_ASIDE_TABLE = """
CREATE TABLE set_aside (
    dataset VARCHAR, row_number BIGINT, code VARCHAR, severity VARCHAR, reason VARCHAR, content VARCHAR,
    record VARCHAR, customer_id VARCHAR
)
"""

FINDINGS_TABLE = """
CREATE TABLE load_findings (
    code VARCHAR, severity VARCHAR, dataset VARCHAR, record VARCHAR, customer_id VARCHAR, message VARCHAR
)
"""

MIXED_ZONES_TABLE = "CREATE TABLE mixed_zones (dataset VARCHAR, name VARCHAR, row_number BIGINT, zoned BOOLEAN)"
"""The times of columns in which some have a zone and some have none."""

ZONED_TIMES_TABLE = "CREATE TABLE zoned_times (dataset VARCHAR, name VARCHAR, zoned BIGINT)"
"""The number of times with a zone, by file and column; columns without any are not in it."""

DISTINCT_VALUES_TABLE = "CREATE TABLE noted_words (dataset VARCHAR, name VARCHAR, word VARCHAR)"


_SET_UTC = "SET TimeZone = 'UTC'"

T = TypeVar("T")
R = TypeVar("R")


def connect() -> "duckdb.DuckDBPyConnection":
    """A private in-memory database without downloads of extensions; it spills to the temporary folder."""
    connection = connect_in_memory(
        autoinstall_known_extensions="false",
        autoload_known_extensions="false",
        temp_directory=str(Path(tempfile.gettempdir()) / "journeylab-spill"),
    )
    connection.execute(_SET_UTC)
    connection.execute(SET_ASIDE_TABLE)
    connection.execute(FINDINGS_TABLE)
    connection.execute(MIXED_ZONES_TABLE)
    connection.execute(ZONED_TIMES_TABLE)
    connection.execute(DISTINCT_VALUES_TABLE)
    return connection


def map_in_parallel(
    connection: "duckdb.DuckDBPyConnection", work: "Callable[[duckdb.DuckDBPyConnection, T], R]", items: Iterable[T]
) -> list[R]:
    """The results of some work on the database for each item, in order; two items run at a time.

    Parts of a query run on one thread (a file with one row group, the end of a sort), so two queries in parallel take
    less time. Each item has its own connection to the same database. The error of the earliest item is raised.
    """
    cursors = []

    def run_one(item: T) -> R:
        cursor = connection.cursor()
        cursors.append(cursor)
        disable_progress_bar(cursor).execute(_SET_UTC)
        return work(cursor, item)

    with ThreadPoolExecutor(2) as executor:
        try:
            return list(executor.map(run_one, items))
        except BaseException:
            for cursor in cursors:
                cursor.interrupt()
            raise


def execute_reading(connection: "duckdb.DuckDBPyConnection", sql: str) -> None:
    """Run a statement that reads a user's file.

    Raises:
        duckdb.Error: It fails, whatever the way in which the database reports this.
        MemoryError: There is not enough memory.
    """
    import duckdb

    try:
        with distinguish_memory_failures():
            connection.execute(sql)
    except (UnicodeDecodeError, RuntimeError) as error:
        # A message that quotes the file may be cut within a character, and is then no text.
        if isinstance(error, duckdb.Error) or "interrupt" in str(error).lower():
            raise
        raise duckdb.InvalidInputException("the file is malformed") from error


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def trim_sql(text: str) -> str:
    """SQL for a text without the ends that `journey.core.identifiers.normalise_identifier` removes."""
    return f"regexp_replace({text}, {literal(TRIMMED_ENDS_PATTERN)}, '', 'g')"


def literal(value: object) -> str:
    """A value as an SQL literal: text, number, flag or null."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return repr(value)
    return "'" + str(value).replace("'", "''") + "'"


def literal_moment(moment: datetime) -> str:
    """A moment as an SQL literal."""
    return f"TIMESTAMP '{moment.isoformat(sep=' ')}'"


def one_row(connection: "duckdb.DuckDBPyConnection", sql: str, parameters: Parameters = None) -> tuple[Any, ...]:
    """The first row of a query that always has one."""
    # Fetch all rows, because an open result blocks some other operations of the connection.
    rows: list[tuple[Any, ...]] = connection.execute(sql, parameters or []).fetchall()
    return rows[0]


def one_value(connection: "duckdb.DuckDBPyConnection", sql: str, parameters: Parameters = None) -> Any:
    """The first value of the first row of a query that always has one."""
    return one_row(connection, sql, parameters)[0]


def find_repeated(connection: "duckdb.DuckDBPyConnection", sql: str) -> "npt.NDArray[Any]":
    """The repeated numbers in a query with one column, sorted.

    Sorting an array takes a fifth of the time of counting distinct values in the database.
    """
    (numbers,) = connection.execute(sql).fetchnumpy().values()
    numbers.sort()
    duplicates: npt.NDArray[Any] = numbers[1:][numbers[1:] == numbers[:-1]]
    return duplicates
