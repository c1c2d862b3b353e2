"""Score intervals of one proportion and of two: every value that the score test does not reject.

For "no difference" the score test of two proportions is the pooled z test. An interval therefore excludes 0 (or a ratio
of 1) exactly when the z test rejects it: interval and p-value cannot contradict each other.
"""

from collections.abc import Callable
from math import acos, copysign, cos, inf, pi, sqrt
from typing import NamedTuple

from journey.statistics.proportions import CONFIDENCE, ContingencyTable, critical_value

# Maximum bisections for a root: more than the 53 bits of a double.
_MAX_HALVINGS = 200


class Interval(NamedTuple):
    """A two-sided interval.

    Attributes:
        low: Lower bound.
        high: Upper bound; may be infinite.
    """

    low: float
    high: float


class Proportion(NamedTuple):
    """A share with its interval.

    Attributes:
        value: The share; None if the whole is 0, or the part is larger than the whole.
        low: Lower bound of the interval; None if there is no share.
        high: Upper bound.
    """

    value: float | None
    low: float | None
    high: float | None


def wilson_interval(part: int, whole: int, confidence: float = CONFIDENCE) -> Proportion:
    """The share of a whole and Wilson's score interval (1927), without continuity correction.

    It assumes that the part is a subset of the whole, and that its members are independent with the same probability.
    Counts from two sources are not nested; the interval is computed as if they were.

    Args:
        part: Number that converted, 0 or more.
        whole: Number that could have converted.
        confidence: Confidence level of the two-sided interval.

    Returns:
        All fields None if the whole is 0 or smaller than the part.
    """
    if whole <= 0 or part > whole:
        return Proportion(None, None, None)
    z2 = critical_value(confidence) ** 2
    share = part / whole
    centre = (share + z2 / (2.0 * whole)) / (1.0 + z2 / whole)
    half = sqrt(z2 * (share * (1.0 - share) / whole + z2 / (4.0 * whole * whole))) / (1.0 + z2 / whole)
    # For shares of 0 and 1 the bound is the share itself; subtraction would add rounding errors.
    low = 0.0 if part == 0 else centre - half
    high = 1.0 if part == whole else centre + half
    return Proportion(share, low, high)


def ratio_interval(table: ContingencyTable, confidence: float = CONFIDENCE) -> Interval | None:
    """Score interval of the ratio of the second arm's share to the first's (Koopman 1984), 1.05 for 5 % more.

    Args:
        table: Events and customers of the two arms.
        confidence: Confidence level of the interval.

    Returns:
        None if the ratio is undefined: an arm is empty, or the first had no event.
    """
    events, n, other_events, other_n = table
    if not n or not other_n or not events:
        return None
    level = critical_value(confidence) ** 2
    estimate = (other_events / other_n) / (events / n)

    def score_excess(ratio: float) -> float:
        return _ratio_statistic(table, ratio) - level

    low = 0.0 if not other_events else _find_root(score_excess, outside=0.0, inside=estimate)
    outside = 2.0 * max(estimate, 1.0 / other_n)
    while score_excess(outside) < 0.0:
        outside *= 2.0
    return Interval(low, _find_root(score_excess, outside=outside, inside=estimate))


def _ratio_statistic(table: ContingencyTable, ratio: float) -> float:
    events, n, other_events, other_n = table
    if ratio <= 0.0:
        return inf if other_events else 0.0
    total_events = events + other_events
    b = ratio * (other_n + events) + other_events + n
    # Maximum-likelihood share of the second arm under this ratio, in the form that avoids cancellation.
    other_share = 2.0 * ratio * total_events / (b + sqrt(max(0.0, b * b - 4.0 * ratio * (n + other_n) * total_events)))
    return _pearson_chi_square(other_events, other_n, other_share) + _pearson_chi_square(events, n, other_share / ratio)


def _pearson_chi_square(events: int, customers: int, share: float) -> float:
    """Pearson's chi-square of one arm against a share; 0 if the count equals its expectation."""
    expected = customers * share
    if events == expected:
        return 0.0
    variance = expected * (1.0 - share)
    return inf if variance <= 0.0 else (events - expected) ** 2 / variance


def difference_interval(table: ContingencyTable, confidence: float = CONFIDENCE) -> Interval | None:
    """Score interval of the second arm's share minus the first's (Mee 1984).

    Args:
        table: Events and customers of the two arms.
        confidence: Confidence level of the interval.

    Returns:
        None if an arm is empty.
    """
    events, n, other_events, other_n = table
    if not n or not other_n:
        return None
    level = critical_value(confidence) ** 2
    estimate = other_events / other_n - events / n

    def score_excess(difference: float) -> float:
        return _difference_statistic(table, estimate, difference) - level

    return Interval(
        _find_root(score_excess, outside=-1.0, inside=estimate), _find_root(score_excess, outside=1.0, inside=estimate)
    )


def _difference_statistic(table: ContingencyTable, estimate: float, difference: float) -> float:
    if difference == estimate:
        return 0.0
    share, other_share = _constrained_shares(table, difference)
    variance = other_share * (1.0 - other_share) / table.other_customers + share * (1.0 - share) / table.customers
    return inf if variance <= 0.0 else (estimate - difference) ** 2 / variance


def _constrained_shares(table: ContingencyTable, difference: float) -> tuple[float, float]:
    """Maximum-likelihood shares of both arms under this difference: Miettinen and Nurminen (1985), eq. 27, 28."""
    events, n, other_events, other_n = table
    total = n + other_n
    l2 = (other_n + 2.0 * n) * difference - total - (events + other_events)
    l1 = (n * difference - total - 2.0 * events) * difference + events + other_events
    l0 = events * difference * (1.0 - difference)
    third = l2 / (3.0 * total)
    q = third**3 - l1 * l2 / (6.0 * total**2) + l0 / (2.0 * total)
    p = copysign(sqrt(max(0.0, third**2 - l1 / (3.0 * total))), q)
    if p == 0.0:
        root = -third
    else:
        angle = (pi + acos(max(-1.0, min(1.0, q / p**3)))) / 3.0
        root = 2.0 * p * cos(angle) - third
    share = min(1.0, max(0.0, root))
    return share, min(1.0, max(0.0, share + difference))


def _find_root(function: Callable[[float], float], *, outside: float, inside: float) -> float:
    """Root of a function that is below 0 at `inside` and increases towards `outside`; `outside` if there is no root."""
    if function(outside) < 0.0:
        return outside
    for _ in range(_MAX_HALVINGS):
        middle = (outside + inside) / 2.0
        if middle in (outside, inside):
            break
        if function(middle) < 0.0:
            inside = middle
        else:
            outside = middle
    return inside
