"""The result of a check, and when it passes.

A statistical check compares a mean or a share with its exact value and has a p-value. An exact check compares two
numbers that must agree to rounding. All statistical checks of one verification share a family-wise false-alarm rate
(Bonferroni). A correct engine therefore fails once in a thousand verifications, whatever the number of checks.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum, sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    FloatArray = npt.NDArray[np.float64]

FALSE_ALARM_RATE = 1e-3
"""Probability that a verification of a correct engine fails in any of its checks."""

ROUNDING_TOLERANCE = 1e-9
"""Relative difference that exact checks attribute to the order of additions."""


@dataclass(frozen=True)
class Evidence:
    """The result of one check, before it is judged together with the others.

    Attributes:
        name: The changes to the scenario that give an exact result, and the measured quantity.
        expected: The exact value.
        observed: The engine's value.
        standard_error: Standard error of `observed`; None if the two must agree exactly.
        p_value: Two-sided probability of a difference at least as large by chance, corrected for multiple comparisons
            within this check; None if the two must agree exactly.
    """

    name: str
    expected: float
    observed: float
    standard_error: float | None = None
    p_value: float | None = None


@dataclass(frozen=True)
class Check:
    """One check, judged.

    Attributes:
        name: The changes to the scenario that give an exact result, and the measured quantity.
        expected: The exact value.
        observed: The engine's value.
        standard_error: Standard error of `observed`; None if the two must agree exactly.
        z: ``(observed - expected) / standard_error``; None if the two must agree exactly.
        p_value: See `Evidence`.
        ok: Whether the check passes: the p-value is at least the false-alarm rate divided by the number of statistical
            checks, or the numbers are equal to rounding.
    """

    name: str
    expected: float
    observed: float
    standard_error: float | None
    z: float | None
    p_value: float | None
    ok: bool


def judge_checks(results: Iterable[Evidence], *, false_alarm_rate: float = FALSE_ALARM_RATE) -> list[Check]:
    """Judge the checks of one verification together, at a family-wise false-alarm rate."""
    listed = list(results)
    statistical = sum(evidence.p_value is not None for evidence in listed)
    return [_judge(evidence, false_alarm_rate / max(1, statistical)) for evidence in listed]


def _judge(evidence: Evidence, level: float) -> Check:
    difference = evidence.observed - evidence.expected
    if evidence.p_value is None:
        size = max(abs(evidence.expected), abs(evidence.observed))
        z, ok = None, abs(difference) <= ROUNDING_TOLERANCE * max(1.0, size)
    else:
        error = evidence.standard_error
        z, ok = (difference / error if error else None), evidence.p_value >= level
    return Check(evidence.name, evidence.expected, evidence.observed, evidence.standard_error, z, evidence.p_value, ok)


def compare_share(name: str, chances: FloatArray, happened: int) -> Evidence:
    """Compare a share of customers with the exact probability of each.

    The customers are independent with unequal probabilities. The p-value is that of a binomial with the mean
    probability, whose tails are at least as heavy (Hoeffding 1956, doi:10.1214/aoms/1177728178).

    Args:
        name: Name of the check.
        chances: Shape (n,), the exact probability of each customer.
        happened: Number of customers for which the event happened.
    """
    from scipy import stats

    n, expected = len(chances), float(np.mean(chances))
    error = sqrt(fsum((chances * (1.0 - chances)).tolist())) / n
    binomial = stats.binom(n, min(max(expected, 0.0), 1.0))
    p_value = 2.0 * min(float(binomial.cdf(happened)), float(binomial.sf(happened - 1)))
    return Evidence(name, expected, happened / n, error, min(1.0, p_value))


def compare_mean(name: str, expected: FloatArray, observed: FloatArray) -> Evidence:
    """Compare a mean over independent customers with the exact expectation of each; normal approximation.

    Args:
        name: Name of the check.
        expected: Shape (n,), the exact expectation of each customer.
        observed: Shape (n,), the observed value of each customer.
    """
    from scipy import stats

    n = len(expected)
    error = sqrt(fsum(((observed - expected) ** 2).tolist())) / n
    target, observed_mean = float(np.mean(expected)), float(np.mean(observed))
    if error == 0.0:
        return Evidence(name, target, observed_mean)
    return Evidence(name, target, observed_mean, error, 2.0 * float(stats.norm.sf(abs(observed_mean - target) / error)))


def compare_count(name: str, expected: float, observed: int) -> Evidence:
    """Compare a number of events with its compensator (integrated hazard): Poisson with that mean.

    The difference is a martingale whose variance is the compensator (Andersen, Borgan, Gill and Keiding 1993, section
    II.4).
    """
    from scipy import stats

    poisson = stats.poisson(expected)
    p_value = 2.0 * min(float(poisson.cdf(observed)), float(poisson.sf(observed - 1)))
    return Evidence(name, expected, float(observed), sqrt(expected), min(1.0, p_value))


def compare_batch_means(name: str, expected: float, batches: Sequence[float]) -> Evidence:
    """Compare the mean of a long run with its exact value, by nearly independent batch means; Student's t."""
    from scipy import stats

    n, observed_mean = len(batches), float(np.mean(batches))
    error = float(np.std(batches, ddof=1)) / sqrt(n)
    if error == 0.0:
        return Evidence(name, expected, observed_mean)
    return Evidence(
        name, expected, observed_mean, error, 2.0 * float(stats.t.sf(abs(observed_mean - expected) / error, n - 1))
    )


def largest_deviation(name: str, comparisons: Sequence[tuple[str, Evidence]]) -> Evidence:
    """The most extreme of several comparisons, with its p-value corrected for their number.

    Args:
        name: Name of the check; the label of the most extreme comparison is added to it.
        comparisons: Label and comparison, at least one.
    """
    label, worst = min(comparisons, key=lambda item: 1.0 if item[1].p_value is None else item[1].p_value)
    p_value = None if worst.p_value is None else min(1.0, worst.p_value * len(comparisons))
    title = f"{name}, largest deviation of {len(comparisons)} ({label})"
    return Evidence(title, worst.expected, worst.observed, worst.standard_error, p_value)


def compare_with_uniform(name: str, values: FloatArray) -> Evidence:
    """Test whether values in [0, 1] are uniform: their Kolmogorov-Smirnov distance, and its expectation.

    The distance of n uniform values has mean 0.8687 / sqrt(n) and standard deviation 0.2603 / sqrt(n) (limits of the
    Kolmogorov distribution); the p-value is exact.
    """
    from scipy import stats

    n = len(values)
    test = stats.kstest(values, "uniform")
    return Evidence(
        f"{name} (KS distance)",
        0.8687 / sqrt(n),
        float(test.statistic),
        0.2603 / sqrt(n),
        float(test.pvalue),
    )
