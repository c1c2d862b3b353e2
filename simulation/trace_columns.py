"""The trace by column, as arrays: what engines hand on and files are written from.

Texts are arrays of Python strings, with None where a row has none. In columns of numbers nothing is NaN, or -1 in
`reviewer`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from simulation.trace import COLUMNS, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Columns = dict[str, Any]
"""By name of a column, in the order of `simulation.trace.COLUMNS`, an array with a value for each row."""

if TYPE_CHECKING:
    TakeRows = Callable[[Columns], None]
    """What takes rows as they come, in order, some at a time."""

_OPTIONAL = ("value", "dated")
_NOBODY = -1


def columns_of_rows(rows: Sequence[Row]) -> Columns:
    """Rows by column."""
    columns: Columns = {}
    # Without any row there would be no columns either.
    by_column = zip(*rows, strict=True) if rows else [()] * len(COLUMNS)
    for name, values in zip(COLUMNS, by_column, strict=True):
        if name == "time" or name in _OPTIONAL:
            columns[name] = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
        elif name in ("customer", "reviewer"):
            columns[name] = np.array([_NOBODY if value is None else value for value in values], dtype=np.int64)
        else:
            columns[name] = np.array(values, dtype=object)
    return columns


def rows_of_columns(columns: Columns) -> list[Row]:
    """The rows, one by one."""
    plain = {name: values.tolist() for name, values in columns.items()}
    plain["reviewer"] = [None if value == _NOBODY else value for value in plain["reviewer"]]
    for name in _OPTIONAL:
        plain[name] = [None if value != value else value for value in plain[name]]
    return [Row(*values) for values in zip(*(plain[name] for name in COLUMNS), strict=True)]


class Merged:
    """Rows of another source put among rows that come, where they belong in time."""

    def __init__(self, rows: Sequence[Row], take_rows: TakeRows) -> None:
        """Begin before the first row.

        Args:
            rows: The rows of the other source, in any order.
            take_rows: Takes all rows, in order.
        """
        self._waiting = columns_of_rows(sorted(rows, key=lambda row: (row.time, row.customer)))
        self._take_rows = take_rows

    def take(self, columns: Columns) -> None:
        """Take rows that come, all up to some moment and in order, and hand them on with those that belong there."""
        if len(columns["time"]):
            self._hand_on(columns, int(np.searchsorted(self._waiting["time"], columns["time"][-1], side="right")))

    def finish(self) -> None:
        """Hand on the rows that come after all others."""
        if len(self._waiting["time"]):
            self._take_rows(self._waiting)

    def _hand_on(self, columns: Columns, many: int) -> None:
        both = {name: np.concatenate([self._waiting[name][:many], columns[name]]) for name in COLUMNS}
        order = np.lexsort((both["customer"], both["time"]))
        self._take_rows({name: values[order] for name, values in both.items()})
        self._waiting = {name: values[many:] for name, values in self._waiting.items()}


def blocks_of(rows: Sequence[Row], size: int) -> Iterator[Columns]:
    """Rows by column, so many at a time."""
    for start in range(0, len(rows), size):
        yield columns_of_rows(rows[start : start + size])
