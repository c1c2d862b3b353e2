"""The in-memory database that records are read into, and small helpers to write SQL for it."""

import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from journey.runtime.duckdb import connect_in_memory, disable_progress_bar

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb
    import numpy.typing as npt

Parameters = list[Any] | dict[str, Any] | None
"""Values for a query, by place (``?``) or by name (``$name``)."""

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

DISTINCT_VALUES_TABLE = "CREATE TABLE noted_words (dataset VARCHAR, name VARCHAR, word VARCHAR)"


_SET_UTC = "SET TimeZone = 'UTC'"

T = TypeVar("T")
R = TypeVar("R")


def connect() -> "duckdb.DuckDBPyConnection":
    """A private in-memory database: nothing is fetched from outside, and spills go to the temporary folder."""
    connection = connect_in_memory(
        autoinstall_known_extensions="false",
        autoload_known_extensions="false",
        temp_directory=str(Path(tempfile.gettempdir()) / "journeylab-spill"),
    )
    connection.execute(_SET_UTC)
    connection.execute(SET_ASIDE_TABLE)
    connection.execute(FINDINGS_TABLE)
    connection.execute(DISTINCT_VALUES_TABLE)
    return connection


def map_in_parallel(
    connection: "duckdb.DuckDBPyConnection", work: "Callable[[duckdb.DuckDBPyConnection, T], R]", items: Iterable[T]
) -> list[R]:
    """What some work on the database gives for each item, in order; two of them are under way at any time.

    Much of a query waits for one thread (a file of one group of rows, the end of a sort), so two side by side take
    less time. Each item has a connection of its own to the same database. An error of an earlier item comes first.
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


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


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
    # All rows are fetched: a result that is left open keeps the connection from some other work.
    rows: list[tuple[Any, ...]] = connection.execute(sql, parameters or []).fetchall()
    return rows[0]


def one_value(connection: "duckdb.DuckDBPyConnection", sql: str, parameters: Parameters = None) -> Any:
    """The first value of the first row of a query that always has one."""
    return one_row(connection, sql, parameters)[0]


def find_repeated(connection: "duckdb.DuckDBPyConnection", sql: str) -> "npt.NDArray[Any]":
    """The numbers that a query with one column of them gives again after the first time, in order.

    Sorting an array finds out in a fifth of the time that counting distinct values takes the database.
    """
    (numbers,) = connection.execute(sql).fetchnumpy().values()
    numbers.sort()
    duplicates: npt.NDArray[Any] = numbers[1:][numbers[1:] == numbers[:-1]]
    return duplicates
