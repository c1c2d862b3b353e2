"""A trace on its way to a file: rows come in order, some at a time, and only so many stand in memory.

A block of rows is written aside as it comes, and the blocks become one file at the end; so the memory that a trace
takes does not grow with it. The file appears whole or not at all.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from journey.errors import InputError
from journey.quiet_database import in_memory
from simulation.trace import COLUMNS
from simulation.whole import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from simulation.trace_columns import Columns

FORMATS = {
    ".parquet": "FORMAT parquet, COMPRESSION zstd",
    ".csv": "FORMAT csv, HEADER",
}
"""By ending of the file, how DuckDB is told to write it."""

_PLAIN = {
    "time": "time",
    "customer": "customer",
    "reviewer": "nullif(reviewer, -1)",
    "value": "nullif(value, 'NaN')",
    "dated": "nullif(dated, 'NaN')",
}
_SELECTED = ", ".join(f"{_PLAIN.get(name, f'{name}::VARCHAR')} AS {name}" for name in COLUMNS)
_EMPTY = {"time": "DOUBLE", "customer": "BIGINT", "reviewer": "BIGINT", "value": "DOUBLE", "dated": "DOUBLE"}


class TraceFile:
    """The blocks of a trace that have come so far.

    Attributes:
        rows: How many rows they hold.
    """

    def __init__(self, nursery: Path, connection: Any) -> None:
        """Begin without any.

        Args:
            nursery: A folder for the blocks.
            connection: A DuckDB connection.
        """
        self.rows = 0
        self._connection = connection
        self._parts: list[Path] = []
        self._nursery = nursery

    def take(self, columns: Columns) -> None:
        """Write a block of rows that come after those that are here already."""
        if not len(columns["time"]):
            return
        part = self._nursery / f"{len(self._parts):06d}.parquet"
        # DuckDB finds `columns` by its name.
        self._connection.execute(
            f"COPY (SELECT {_SELECTED} FROM columns) TO {_quoted(part)} (FORMAT parquet, COMPRESSION lz4)"
        )
        self._parts.append(part)
        self.rows += len(columns["time"])

    def join(self, path: Path) -> None:
        """Make one file of all blocks."""
        parts = ", ".join(_quoted(part) for part in self._parts)
        source = f"SELECT * FROM read_parquet([{parts}])" if parts else _no_rows()
        self._connection.execute(f"COPY ({source}) TO {_quoted(path)} ({FORMATS[path.suffix]})")


@contextmanager
def trace_file(path: Path) -> Iterator[TraceFile]:
    """A file to hand rows of the trace to; it stands at `path` once everything has gone well.

    Raises:
        InputError: The ending is none of `FORMATS`, or the file cannot be written.
    """
    if path.suffix not in FORMATS:
        raise InputError(f"{path}: rows are written as {' or '.join(FORMATS)}; give one of these endings")
    with whole_file(path, "the trace") as part, in_memory() as connection:
        blocks = part.parent / "blocks"
        blocks.mkdir()
        file = TraceFile(blocks, connection)
        # Several threads would each hold back rows to keep them in order, and gain a tenth of the time.
        connection.execute("SET threads = 1")
        yield file
        file.join(part)


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _no_rows() -> str:
    columns = ", ".join(f"NULL::{_EMPTY.get(name, 'VARCHAR')} AS {name}" for name in COLUMNS)
    return f"SELECT {columns} WHERE false"
