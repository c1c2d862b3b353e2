"""Intervals of a share: plain numbers in, a named tuple out."""

from math import sqrt
from statistics import NormalDist
from typing import NamedTuple


class Proportion(NamedTuple):
    """A share with its interval.

    Attributes:
        value: The share; None where the whole is 0, or where the part is larger than the whole.
        low: Lower bound of the interval; None where there is no share.
        high: Upper bound.
    """

    value: float | None
    low: float | None
    high: float | None


def wilson_interval(part: int, whole: int, confidence: float = 0.95) -> Proportion:
    """The share of a whole and Wilson's score interval (1927), without continuity correction.

    It assumes that the part is counted among the whole, and that each one of the whole goes on by itself with the same
    probability. Counts of two sources are not nested: then the interval is what it would be if they were.

    Args:
        part: How many went on, 0 or more.
        whole: How many could have.
        confidence: Of the two-sided interval.

    Returns:
        Nothing but None where the whole is 0 or smaller than its part: that is no share.
    """
    if whole <= 0 or part > whole:
        return Proportion(None, None, None)
    z2 = NormalDist().inv_cdf(0.5 + confidence / 2.0) ** 2
    share = part / whole
    centre = (share + z2 / (2.0 * whole)) / (1.0 + z2 / whole)
    half = sqrt(z2 * (share * (1.0 - share) / whole + z2 / (4.0 * whole * whole))) / (1.0 + z2 / whole)
    # At the ends the bound is the share itself; subtraction would leave a trace of rounding.
    low = 0.0 if part == 0 else centre - half
    high = 1.0 if part == whole else centre + half
    return Proportion(share, low, high)
