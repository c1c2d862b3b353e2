"""Customer satisfaction over time: the mean score of the customers in a live stage, on the days of the grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

SCORE_UNITS = 500_000_000
"""Units of one point of the score. The sum over the largest population, of 2^31 - 1 customers, fits into 64 bits."""


class SatisfactionDay(NamedTuple):
    """One day of the grid.

    Attributes:
        day: The day.
        mean: Mean score of the customers in a live stage on that day, from 1 to 5; None if there are none.
        customers: Their number.
    """

    day: float
    mean: float | None
    customers: int


def build_satisfaction_rows(
    grid: Sequence[float], satisfaction: Sequence[int], occupancy: Sequence[Sequence[int]], live: Sequence[bool]
) -> list[dict[str, float | None]]:
    """One row per day of the grid, with the fields of `SatisfactionDay`.

    Args:
        grid: The days.
        satisfaction: By day: sum of the scores, in units.
        occupancy: By day and stage: number of customers.
        live: By stage: whether it is live.
    """
    rows: list[dict[str, float | None]] = []
    for day, units, counts in zip(grid, satisfaction, occupancy, strict=True):
        customers = sum(count for count, is_live in zip(counts, live, strict=True) if is_live)
        mean = units / (SCORE_UNITS * customers) if customers else None
        rows.append(SatisfactionDay(day, mean, customers)._asdict())
    return rows
