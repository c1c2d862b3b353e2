"""The first difference between two sequences of events."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from operator import eq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from simulation.trace.events import Row


@dataclass(frozen=True, slots=True)
class RowDifference:
    """The first position at which two sequences of rows differ.

    Attributes:
        index: Position of the two rows in their sequences, from 0.
        rows: The row of each sequence; None if that sequence has ended.
    """

    index: int
    rows: tuple[Row | None, Row | None]

    @property
    def time(self) -> float:
        """Time of the earlier of the two rows, in days."""
        return min(row.time for row in self.rows if row is not None)


def find_first_difference(
    first: Sequence[Row], second: Sequence[Row], same: Callable[[Row, Row], object] = eq
) -> RowDifference | None:
    """The first position at which two sequences of rows differ, or None if they do not.

    Args:
        first: Rows of one run or customer, ordered by time.
        second: Rows of the other.
        same: Whether two rows count as equal. Default: all columns are equal.
    """
    for index, (row, other) in enumerate(zip_longest(first, second)):
        if row is None or other is None or not same(row, other):
            return RowDifference(index, (row, other))
    return None
