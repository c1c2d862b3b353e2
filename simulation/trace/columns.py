"""The trace by column, as arrays: the format between the engines and the trace files.

Text columns are arrays of Python strings or None. In numeric columns, a missing value is NaN, or -1 in `reviewer`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from simulation.trace.events import COLUMNS, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Columns = dict[str, Any]
"""One array per column, by name, in the order of `simulation.trace.events.COLUMNS`."""

if TYPE_CHECKING:
    RowSink = Callable[[Columns], None]
    """A function that takes the rows in order, in blocks."""

_OPTIONAL = ("value", "dated", "account_value")
_NO_REVIEWER = -1


def rows_to_columns(rows: Sequence[Row]) -> Columns:
    """Convert rows to columns."""
    columns: Columns = {}
    # `zip` of no rows would give no columns.
    by_column = zip(*rows, strict=True) if rows else [()] * len(COLUMNS)
    for name, values in zip(COLUMNS, by_column, strict=True):
        if name == "time" or name in _OPTIONAL:
            columns[name] = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
        elif name in ("customer", "reviewer"):
            columns[name] = np.array([_NO_REVIEWER if value is None else value for value in values], dtype=np.int64)
        else:
            columns[name] = np.array(values, dtype=object)
    return columns


def columns_to_rows(columns: Columns) -> list[Row]:
    """Convert columns to rows."""
    plain = {name: values.tolist() for name, values in columns.items()}
    plain["reviewer"] = [None if value == _NO_REVIEWER else value for value in plain["reviewer"]]
    for name in _OPTIONAL:
        plain[name] = [None if value != value else value for value in plain[name]]
    return [Row(*values) for values in zip(*(plain[name] for name in COLUMNS), strict=True)]


def split_into_blocks(rows: Sequence[Row], size: int) -> Iterator[Columns]:
    """Rows as blocks of columns, with at most `size` rows each."""
    for start in range(0, len(rows), size):
        yield rows_to_columns(rows[start : start + size])
