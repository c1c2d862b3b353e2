"""The trace by column, as arrays: what engines hand on and files are written from.

Texts are arrays of Python strings, with None where a row has none. In columns of numbers nothing is NaN, or -1 in
`reviewer`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from simulation.trace.events import COLUMNS, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Columns = dict[str, Any]
"""By name of a column, in the order of `simulation.trace.events.COLUMNS`, an array with a value for each row."""

if TYPE_CHECKING:
    RowSink = Callable[[Columns], None]
    """What takes rows as they come, in order, some at a time."""

_OPTIONAL = ("value", "dated")
_NO_REVIEWER = -1


def rows_to_columns(rows: Sequence[Row]) -> Columns:
    """Rows by column."""
    columns: Columns = {}
    # Without any row there would be no columns either.
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
    """The rows, one by one."""
    plain = {name: values.tolist() for name, values in columns.items()}
    plain["reviewer"] = [None if value == _NO_REVIEWER else value for value in plain["reviewer"]]
    for name in _OPTIONAL:
        plain[name] = [None if value != value else value for value in plain[name]]
    return [Row(*values) for values in zip(*(plain[name] for name in COLUMNS), strict=True)]


def split_into_blocks(rows: Sequence[Row], size: int) -> Iterator[Columns]:
    """Rows by column, so many at a time."""
    for start in range(0, len(rows), size):
        yield rows_to_columns(rows[start : start + size])
