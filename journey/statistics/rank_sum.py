"""Shift between two samples without an assumption on their shape: Hodges-Lehmann estimate and exact interval."""

from collections.abc import Sequence
from functools import cache
from statistics import median
from typing import NamedTuple

from journey.statistics.means import CONFIDENCE


class Shift(NamedTuple):
    """How far one sample lies above another.

    Attributes:
        estimate: Median of all differences between a value of the first and a value of the second sample.
        low: Lower limit of the interval; None where the samples are too small for one.
        high: Upper limit of the interval.
    """

    estimate: float
    low: float | None
    high: float | None


def estimate_shift(first: Sequence[float], second: Sequence[float], *, confidence: float = CONFIDENCE) -> Shift:
    """Estimate by how much the values of `first` lie above those of `second`.

    The interval inverts the exact rank-sum test (Hollander, Wolfe and Chicken, Nonparametric Statistical Methods,
    section 4.3). If the values are independent and the two distributions differ by a shift only, whatever their shape,
    it covers the shift with at least probability `confidence`. At 95 % two samples of 4 values are enough, and
    so are 3 values with 5, or 2 with 8.

    Args:
        first: At least one value.
        second: At least one value.
        confidence: Smallest probability that the interval covers the shift, between 0 and 1.

    Raises:
        ValueError: A sample is empty.
    """
    if not first or not second:
        raise ValueError("both samples must have a value")
    differences = sorted(one - two for one in first for two in second)
    rank = _find_rank((1.0 - confidence) / 2.0, len(first), len(second))
    if rank == 0:
        return Shift(median(differences), None, None)
    return Shift(median(differences), differences[rank - 1], differences[-rank])


@cache
def _find_rank(tail: float, first: int, second: int) -> int:
    """The largest rank r with P(U < r) of at most `tail`, where U is the rank-sum statistic without a shift."""
    counts = _count_rank_sums(first, second)
    total, below = sum(counts), 0
    for rank, count in enumerate(counts):
        below += count
        if below > tail * total:
            return rank
    return len(counts)


def _count_rank_sums(first: int, second: int) -> list[int]:
    """Number of arrangements of the two samples for each value of U, from 0 to first x second.

    They are the coefficients of the Gaussian binomial: the product of (1 - q^(second + i)) / (1 - q^i) for i from 1 to
    `first`.
    """
    largest = first * second
    counts = [1] + [0] * largest
    for i in range(1, first + 1):
        for u in range(largest, second + i - 1, -1):
            counts[u] -= counts[u - second - i]
        for u in range(i, largest + 1):
            counts[u] += counts[u - i]
    return counts
