"""Totals by segment and row, added up for all customers and for each segment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulation.metrics.metric_names import format_segment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def sum_by_part(
    totals: Mapping[tuple[int, int], float], segments: Sequence[str], row_count: int
) -> dict[str, list[float]]:
    """The rows of all customers and of each segment, by the end of a metric's name: ``""`` or ``[SMB]``.

    Args:
        totals: Totals by index of the segment and row; missing ones are 0.
        segments: Names of the segments.
        row_count: Number of rows.
    """
    numbers = range(len(segments))
    parts = {"": numbers, **{format_segment(name): (number,) for number, name in enumerate(segments)}}
    return {
        part: [sum(totals.get((number, row), 0.0) for number in members) for row in range(row_count)]
        for part, members in parts.items()
    }
