"""Trace files, written in blocks so that the rows are never all in memory.

Rows come from sources, each of which is ordered: every review pod is a source, and so is an acquisition funnel. The
process that simulates a source writes its rows to temporary blocks (`open_source`). At the end the blocks are merged
into one file: those of a single source are concatenated, those of several are sorted in one time window after another.
So the memory does not grow with the trace. The file is written atomically.
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
from journey.tables.csv_text import disarm_sql
from simulation.trace.events import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import duckdb

    from simulation.trace.columns import Columns, RowSink

FORMATS = {
    ".parquet": "FORMAT parquet, COMPRESSION zstd",
    ".csv": "FORMAT csv, HEADER",
}
"""DuckDB's options for each file name extension."""

ROWS_PER_WINDOW = 250_000
"""Approximate number of rows that are sorted in memory when several sources are merged."""

_ROW_GROUP_SIZE = 8_192
"""Rows per row group, small so that a window reads few rows outside its time range."""

_BLOCK_OPTIONS = f"FORMAT parquet, COMPRESSION lz4, ROW_GROUP_SIZE {_ROW_GROUP_SIZE}"
_COLUMN_SQL = {
    "time": "time",
    "customer": "customer",
    "reviewer": "nullif(reviewer, -1)",
    "value": "nullif(value, 'NaN')",
    "dated": "nullif(dated, 'NaN')",
    "account_value": "nullif(account_value, 'NaN')",
}
_ALL_COLUMNS = ", ".join(COLUMNS)
_SELECTED = ", ".join(f"{_COLUMN_SQL.get(name, f'{name}::VARCHAR')} AS {name}" for name in COLUMNS)
_COLUMN_TYPES = {
    "time": "DOUBLE",
    "customer": "BIGINT",
    "reviewer": "BIGINT",
    "value": "DOUBLE",
    "dated": "DOUBLE",
    "account_value": "DOUBLE",
}


def select_rows(columns: Columns) -> duckdb.DuckDBPyRelation:
    """The rows of a block as a DuckDB relation, with the types of trace files."""
    connection = connect_in_memory()
    connection.register("columns", columns)
    return connection.sql(f"SELECT {_SELECTED} FROM columns")


@contextmanager
def trace_file(path: Path) -> Iterator[Path]:
    """A temporary folder for the rows of a trace, by source (`open_source`).

    On success the trace is written to `path`. The temporary folder is always removed.

    Raises:
        InputError: The extension is none of `FORMATS`, or the file cannot be written.
    """
    if path.suffix not in FORMATS:
        raise InputError(f"{path}: unknown format of trace rows; use one of the extensions {', '.join(FORMATS)}")
    with atomic_file(path, "the trace") as part:
        # Absolute, because workers may have another working directory.
        folder = part.parent.absolute() / "sources"
        folder.mkdir()
        try:
            yield folder
            with _database(folder) as connection:
                _copy_to_file(
                    connection,
                    f"SELECT {_output_columns(path)} FROM {_scan_sql(_merge_sources(connection, folder))}",
                    part,
                    FORMATS[path.suffix],
                )
        finally:
            # A worker that is still writing then fails, instead of creating the folder again.
            with suppress(OSError):
                folder.rename(folder.with_name("closed"))


def _output_columns(path: Path) -> str:
    """SQL of the columns; in CSV, no text is a formula of a spreadsheet."""
    if path.suffix != ".csv":
        return _ALL_COLUMNS
    return ", ".join(f"{disarm_sql(name)} AS {name}" if name not in _COLUMN_SQL else name for name in COLUMNS)


@contextmanager
def open_source(source: int, folder: Path) -> Iterator[RowSink]:
    """A function that takes the rows of one source in order, in blocks, and writes them to a folder of `trace_file`.

    The rows count only when the source is complete, so a worker that fails leaves no rows. A source that is written
    twice counts once.

    Args:
        source: Number of the source, 0 or more. It breaks ties between rows of the same time and customer.
        folder: The folder of `trace_file`.

    Raises:
        InputError: The folder does not exist.
        OSError: The folder cannot be written to.
    """
    part, whole = folder / f"part-{uuid4().hex}", folder / f"{source:09d}"
    try:
        part.mkdir()
    except FileNotFoundError:
        raise InputError(
            f"{folder}: the temporary trace folder is not visible from this worker; use a path that all workers share"
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
    """Writes the blocks of one source."""

    def __init__(self, folder: Path, connection: Any) -> None:
        self._folder, self._connection = folder, connection
        self._number = 0

    def write(self, columns: Columns) -> None:
        """Write a block of rows, which follow those of earlier blocks."""
        if len(columns["time"]):
            # DuckDB looks up the variable `columns` by its name.
            query = (
                f"COPY (SELECT {_SELECTED} FROM columns) TO {_quote_path(self._folder / f'{self._number:09d}.parquet')}"
            )
            self._connection.execute(f"{query} ({_BLOCK_OPTIONS})")
            self._number += 1


@contextmanager
def _database(folder: Path) -> Iterator[Any]:
    """A database connection, whose temporary files are beside `folder`.

    Raises:
        OSError: A file cannot be read or written.
    """
    import duckdb

    with connect_in_memory(temp_directory=str(folder.with_name("database"))) as connection:
        # Several threads would buffer rows to preserve their order, and save only a tenth of the time.
        connection.execute("SET threads = 1")
        try:
            yield connection
        except duckdb.IOException as error:
            raise _to_os_error(str(error)) from None


def _to_os_error(message: str) -> OSError:
    """Convert a DuckDB message to an OSError, with the system's error text if the message contains its number."""
    match = re.search(r'"errno":"(\d+)"', message)
    return OSError(message) if match is None else OSError(int(match[1]), os.strerror(int(match[1])))


def _merge_sources(connection: Any, folder: Path) -> list[Path]:
    """Blocks whose concatenation is the ordered trace."""
    sources = [sorted(source.iterdir()) for source in sorted(folder.glob("[0-9]*"))]
    filled = [blocks for blocks in sources if blocks]
    if len(filled) <= 1:
        return [block for blocks in filled for block in blocks]
    windows = folder.with_name("windows")
    windows.mkdir()
    return list(_write_windows(connection, [block for blocks in filled for block in blocks], windows))


class _Span(NamedTuple):
    """A block with the times of its first and last row."""

    block: Path
    first: float
    last: float


def _write_windows(connection: Any, blocks: Sequence[Path], folder: Path) -> Iterator[Path]:
    """Write one block per time window, with rows ordered by time, customer, source and position in the source."""
    times_by_block = connection.execute(
        f"SELECT min(time), max(time) FROM {_scan_sql(blocks)} GROUP BY filename ORDER BY filename"
    )
    spans = [_Span(block, *times) for block, times in zip(blocks, times_by_block.fetchall(), strict=True)]
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
    """Times that divide the trace into windows of about `ROWS_PER_WINDOW` rows, from one row of every row group."""
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
