"""A trace on its way to a file: rows come some at a time, and only so many stand in memory.

They come from sources, each in order by itself: every review pod is one, and so is a funnel that customers come
through. Whoever lives a source, in whatever process, writes its rows aside in blocks (`open_source`). At the end the
blocks become one file: those of a single source one after the other, those of several put in order a window of time
at a time. So the memory that a trace takes does not grow with it. The file appears whole or not at all.
"""

from __future__ import annotations

import os
import re
import shutil
from contextlib import contextmanager, suppress
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from journey.core.errors import InputError
from journey.runtime.atomic_files import atomic_file
from journey.runtime.duckdb import connect_in_memory
from simulation.trace.events import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from simulation.trace.columns import Columns, RowSink

FORMATS = {
    ".parquet": "FORMAT parquet, COMPRESSION zstd",
    ".csv": "FORMAT csv, HEADER",
}
"""By ending of the file, how DuckDB is told to write it."""

ROWS_PER_WINDOW = 250_000
"""About so many rows of several sources are put in order in memory."""

_ROW_GROUP_SIZE = 8_192
"""Rows of a block that are read together, so that a window does not have to read much that lies beside it."""

_BLOCK_OPTIONS = f"FORMAT parquet, COMPRESSION lz4, ROW_GROUP_SIZE {_ROW_GROUP_SIZE}"
_COLUMN_SQL = {
    "time": "time",
    "customer": "customer",
    "reviewer": "nullif(reviewer, -1)",
    "value": "nullif(value, 'NaN')",
    "dated": "nullif(dated, 'NaN')",
}
_ALL_COLUMNS = ", ".join(COLUMNS)
_SELECTED = ", ".join(f"{_COLUMN_SQL.get(name, f'{name}::VARCHAR')} AS {name}" for name in COLUMNS)
_COLUMN_TYPES = {"time": "DOUBLE", "customer": "BIGINT", "reviewer": "BIGINT", "value": "DOUBLE", "dated": "DOUBLE"}


@contextmanager
def trace_file(path: Path) -> Iterator[Path]:
    """A folder to write the rows of a trace into, source by source (`open_source`).

    The trace stands at `path` once everything has gone well; whatever happens, the folder does not stay.

    Raises:
        InputError: The ending is none of `FORMATS`, or the file cannot be written.
    """
    if path.suffix not in FORMATS:
        raise InputError(f"{path}: rows are written as {' or '.join(FORMATS)}; give one of these endings")
    with atomic_file(path, "the trace") as part:
        # Absolute, because workers may have begun elsewhere.
        folder = part.parent.absolute() / "sources"
        folder.mkdir()
        try:
            yield folder
            with _database(folder) as connection:
                _copy_to_file(
                    connection,
                    f"SELECT {_ALL_COLUMNS} FROM {_scan_sql(_merge_sources(connection, folder))}",
                    part,
                    FORMATS[path.suffix],
                )
        finally:
            # A worker that was left behind and still writes finds its folder gone, instead of bringing it back.
            with suppress(OSError):
                folder.rename(folder.with_name("closed"))


@contextmanager
def open_source(source: int, folder: Path) -> Iterator[RowSink]:
    """What takes the rows of one source, in order, some at a time, and writes them into a folder of `trace_file`.

    They count once all of them are there, so what a worker leaves that dies is nothing. Done twice, they count once.

    Args:
        source: Its number, 0 or more. Of rows of one moment and one customer those with the lower number come first.
        folder: The folder.

    Raises:
        InputError: The folder is not there.
        OSError: It cannot be written.
    """
    part, whole = folder / f"part-{uuid4().hex}", folder / f"{source:09d}"
    try:
        part.mkdir()
    except FileNotFoundError:
        raise InputError(
            f"{folder}: the folder in which the trace comes to be is not to be found from here; "
            "it has to lie under the same path on every worker"
        ) from None
    with _database(folder) as connection:
        yield _BlockWriter(part, connection).write
    try:
        part.rename(whole)
    except OSError:
        if not whole.is_dir():
            raise
        shutil.rmtree(part)


class _BlockWriter:
    """The blocks of one source that have come so far."""

    def __init__(self, folder: Path, connection: Any) -> None:
        self._folder, self._connection = folder, connection
        self._number = 0

    def write(self, columns: Columns) -> None:
        """Write a block of rows that come after those that are here already."""
        if len(columns["time"]):
            # DuckDB finds `columns` by its name.
            query = (
                f"COPY (SELECT {_SELECTED} FROM columns) TO {_quote_path(self._folder / f'{self._number:09d}.parquet')}"
            )
            self._connection.execute(f"{query} ({_BLOCK_OPTIONS})")
            self._number += 1


@contextmanager
def _database(folder: Path) -> Iterator[Any]:
    """A database to read and write with; should it need files of its own, they lie beside a folder.

    Raises:
        OSError: A file cannot be read or written.
    """
    import duckdb

    with connect_in_memory(temp_directory=str(folder.with_name("database"))) as connection:
        # Several threads would each hold back rows to keep them in order, and gain a tenth of the time.
        connection.execute("SET threads = 1")
        try:
            yield connection
        except duckdb.IOException as error:
            raise _to_os_error(str(error)) from None


def _to_os_error(message: str) -> OSError:
    """The error within a message of DuckDB's, in few words where it bears the system's number."""
    found = re.search(r'"errno":"(\d+)"', message)
    return OSError(message) if found is None else OSError(int(found[1]), os.strerror(int(found[1])))


def _merge_sources(connection: Any, folder: Path) -> list[Path]:
    """Blocks of which each holds what comes after the one before it."""
    sources = [sorted(source.iterdir()) for source in sorted(folder.glob("[0-9]*"))]
    filled = [blocks for blocks in sources if blocks]
    if len(filled) <= 1:
        return [block for blocks in filled for block in blocks]
    windows = folder.with_name("windows")
    windows.mkdir()
    return list(_write_windows(connection, [block for blocks in filled for block in blocks], windows))


class _Span(NamedTuple):
    """A block, and the times of its first and last row."""

    block: Path
    first: float
    last: float


def _write_windows(connection: Any, blocks: Sequence[Path], folder: Path) -> Iterator[Path]:
    """The rows of all blocks, ordered by time, customer, and as they stand in their source; a block for each window."""
    found = connection.execute(
        f"SELECT min(time), max(time) FROM {_scan_sql(blocks)} GROUP BY filename ORDER BY filename"
    )
    spans = [_Span(block, *times) for block, times in zip(blocks, found.fetchall(), strict=True)]
    for number, (start, end) in enumerate(pairwise(_window_bounds(connection, blocks))):
        inside = [span.block for span in spans if span.first < end and span.last >= start]
        window = folder / f"{number:09d}.parquet"
        rows = (
            f"SELECT {_ALL_COLUMNS} FROM {_scan_sql(inside)} WHERE time >= '{start!r}'::DOUBLE AND time < "
            f"'{end!r}'::DOUBLE"
        )
        _copy_to_file(connection, f"{rows} ORDER BY time, customer, filename, file_row_number", window, _BLOCK_OPTIONS)
        yield window
        for span in spans:
            if start <= span.last < end:
                span.block.unlink()


def _window_bounds(connection: Any, blocks: Sequence[Path]) -> list[float]:
    """Times that divide the trace into about `ROWS_PER_BATCH` rows each, from one row's time in every row group."""
    sample = f"SELECT time FROM {_scan_sql(blocks)} WHERE file_row_number % {_ROW_GROUP_SIZE} = 0 ORDER BY time"
    times = [time for (time,) in connection.execute(sample).fetchall()]
    each = max(1, ROWS_PER_WINDOW // _ROW_GROUP_SIZE)
    inner = sorted(set(times[each::each]))
    return [-inf, *inner, inf]


def _scan_sql(blocks: Sequence[Path]) -> str:
    if not blocks:
        columns = ", ".join(f"NULL::{_COLUMN_TYPES.get(name, 'VARCHAR')} AS {name}" for name in COLUMNS)
        return f"(SELECT {columns} WHERE false)"
    return f"read_parquet([{', '.join(map(_quote_path, blocks))}], filename = true, file_row_number = true)"


def _copy_to_file(connection: Any, rows: str, path: Path, options: str) -> None:
    connection.execute(f"COPY ({rows}) TO {_quote_path(path)} ({options})")


def _quote_path(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
