"""Tests of two proportions.

The tests assume independent customers. Customers that share reviewers are only approximately independent; a test over
replications does not need the assumption.
"""

from collections.abc import Sequence
from math import ceil, sqrt
from statistics import NormalDist
from typing import NamedTuple

CONFIDENCE = 0.95
POWER = 0.80
_STANDARD_NORMAL = NormalDist()


def critical_value(confidence: float = CONFIDENCE) -> float:
    """The two-sided critical value of the standard normal: 1.96 for a confidence of 0.95."""
    return _STANDARD_NORMAL.inv_cdf(0.5 + confidence / 2.0)


class ContingencyTable(NamedTuple):
    """A two by two table: customers and customers with the event, in each of two arms."""

    events: int
    customers: int
    other_events: int
    other_customers: int


class TestResult(NamedTuple):
    """The outcome of a test.

    Attributes:
        statistic: A standard normal z, or a chi-square with one degree of freedom; None if undefined.
        p_value: Two-sided p-value; None if the statistic is None.
    """

    statistic: float | None
    p_value: float | None


UNDEFINED = TestResult(None, None)


def pooled_z_test(table: ContingencyTable) -> TestResult:
    """The pooled two-proportion z test; z is positive if the second arm has the larger share.

    ``z = (p1 - p0) / sqrt(p (1 - p) (1 / n0 + 1 / n1))`` with p the share in both arms together. Undefined if an
    arm is empty, or if all customers or no customers had the event.
    """
    events, n, other_events, other_n = table
    if not n or not other_n or events + other_events in (0, n + other_n):
        return UNDEFINED
    pooled = (events + other_events) / (n + other_n)
    z = (other_events / other_n - events / n) / sqrt(pooled * (1.0 - pooled) * (1.0 / n + 1.0 / other_n))
    return TestResult(z, _chi_square_p(z * z))


def mantel_haenszel_test(tables: Sequence[ContingencyTable]) -> TestResult:
    """The Cochran-Mantel-Haenszel test of "no difference in any stratum", without continuity correction.

    The statistic is the squared sum over strata of the second arm's excess over its expectation, divided by the sum of
    the hypergeometric variances (Mantel and Haenszel 1959). Strata without variance contribute nothing; the test is
    undefined if no stratum has variance.
    """
    excess = variance = 0.0
    for events, n, other_events, other_n in tables:
        total, total_events = n + other_n, events + other_events
        if total < 2:
            continue
        excess += other_events - total_events * other_n / total
        variance += total_events * (total - total_events) * n * other_n / (total**2 * (total - 1))
    if variance <= 0.0:
        return UNDEFINED
    statistic = excess * excess / variance
    return TestResult(statistic, _chi_square_p(statistic))


def _chi_square_p(statistic: float, df: int = 1) -> float:
    # The function behind scipy.stats.chi2.sf; importing scipy.special takes a fraction of the time.
    from scipy.special import chdtrc

    return float(chdtrc(df, statistic))


def goodness_of_fit_test(observed: Sequence[int], expected: Sequence[float]) -> TestResult:
    """Pearson's chi-square of counts against expected counts above 0, with one degree of freedom less than counts."""
    statistic = sum((count - mean) ** 2 / mean for count, mean in zip(observed, expected, strict=True))
    return TestResult(statistic, _chi_square_p(statistic, len(observed) - 1))


def customers_needed(p0: float, p1: float, power: float = POWER, confidence: float = CONFIDENCE) -> int | None:
    """Customers per arm that a randomised test needs to detect the difference of two shares.

    Args:
        p0: Share in one arm.
        p1: Share in the other.
        power: Probability of detecting the difference.
        confidence: Confidence level of the two-sided test.

    Returns:
        Customers per arm, rounded up; None if the shares are equal.
    """
    customers = compute_customers_needed(p0, p1, power, confidence)
    return None if customers is None else ceil(customers)


def compute_customers_needed(p0: float, p1: float, power: float, confidence: float) -> float | None:
    """Customers per arm for the pooled z test, not rounded; see `customers_needed`.

    The formula of R's `power.prop.test`: pooled variance under the null hypothesis, separate under the alternative.
    """
    if p0 == p1:
        return None
    alpha = critical_value(confidence)
    pooled = (p0 + p1) / 2.0
    null = alpha * sqrt(2.0 * pooled * (1.0 - pooled))
    alternative = _STANDARD_NORMAL.inv_cdf(power) * sqrt(p0 * (1.0 - p0) + p1 * (1.0 - p1))
    return float(((null + alternative) / (p1 - p0)) ** 2)


def adjust_holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values (1979), in input order; they control the family-wise error under any dependence."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted
