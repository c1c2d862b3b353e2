"""Customer satisfaction over time: the mean score of the customers with an account, on the days of the grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SCORE_UNITS = 500_000_000
"""Units of one point of the score. The sum over the largest population, of 2^31 - 1 customers, fits into 64 bits."""


def build_satisfaction_rows(
    grid: Sequence[float], satisfaction: Sequence[int], occupancy: Sequence[Sequence[int]], live: Sequence[bool]
) -> list[dict[str, float | None]]:
    """One row per day of the grid.

    Args:
        grid: The days.
        satisfaction: By day: sum of the scores, in units.
        occupancy: By day and stage: number of customers.
        live: By stage: whether its customers have an account.

    Returns:
        Rows of ``day``, ``mean`` (the mean score, from 1 to 5; None without a customer) and ``customers``, the number
        of customers with an account on that day.
    """
    rows: list[dict[str, float | None]] = []
    for day, units, counts in zip(grid, satisfaction, occupancy, strict=True):
        customers = sum(count for count, is_live in zip(counts, live, strict=True) if is_live)
        mean = units / (SCORE_UNITS * customers) if customers else None
        rows.append({"day": day, "mean": mean, "customers": customers})
    return rows
