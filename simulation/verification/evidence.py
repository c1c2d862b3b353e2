"""What a check found, and when it counts as held.

A statistical check compares a mean or a share with its exact value and has a p-value. An exact check compares two
numbers that must agree to rounding. All statistical checks of one verification share a family-wise false-alarm rate
(Bonferroni), so that a sound engine is called wrong once in a thousand verifications, however many checks there are.
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
"""Chance that a verification of a sound engine fails in any of its checks."""

ROUNDING_TOLERANCE = 1e-9
"""Relative difference that exact checks put down to the order in which numbers were added."""


@dataclass(frozen=True)
class Evidence:
    """What one check found, before it is judged among the others.

    Attributes:
        name: What was changed in the scenario to have an exact answer, and what was measured.
        expected: The exact value.
        observed: What the engine gave.
        standard_error: Standard error of `observed`; None where the two must agree exactly.
        p_value: Chance of a difference at least as large by luck, two-sided, already corrected for what was looked at
            within this check; None where the two must agree exactly.
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
        name: What was changed in the scenario to have an exact answer, and what was measured.
        expected: The exact value.
        observed: What the engine gave.
        standard_error: Standard error of `observed`; None where the two must agree exactly.
        z: ``(observed - expected) / standard_error``; None where the two must agree exactly.
        p_value: See `Evidence`.
        ok: Whether it holds: p-value at least the false-alarm rate divided by the number of statistical checks, or
            equal to rounding.
    """

    name: str
    expected: float
    observed: float
    standard_error: float | None
    z: float | None
    p_value: float | None
    ok: bool


def judge_checks(found: Iterable[Evidence], *, false_alarm_rate: float = FALSE_ALARM_RATE) -> list[Check]:
    """The checks of one verification, judged together at a family-wise false-alarm rate."""
    listed = list(found)
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
    """How many of some customers something happened to, against the chance of each.

    The customers are independent with unequal chances; the p-value is that of a binomial with the mean chance, whose
    tails are at least as heavy (Hoeffding 1956, doi:10.1214/aoms/1177728178).

    Args:
        name: Name of the check.
        chances: Shape (n,), the exact chance of each customer.
        happened: To how many it happened.
    """
    from scipy import stats

    n, expected = len(chances), float(np.mean(chances))
    error = sqrt(fsum((chances * (1.0 - chances)).tolist())) / n
    binomial = stats.binom(n, min(max(expected, 0.0), 1.0))
    p_value = 2.0 * min(float(binomial.cdf(happened)), float(binomial.sf(happened - 1)))
    return Evidence(name, expected, happened / n, error, min(1.0, p_value))


def compare_mean(name: str, expected: FloatArray, observed: FloatArray) -> Evidence:
    """A mean over independent customers against the exact expectation of each; normal approximation.

    Args:
        name: Name of the check.
        expected: Shape (n,), the exact expectation of each customer.
        observed: Shape (n,), what happened to each.
    """
    from scipy import stats

    n = len(expected)
    error = sqrt(fsum(((observed - expected) ** 2).tolist())) / n
    target, observed_mean = float(np.mean(expected)), float(np.mean(observed))
    if error == 0.0:
        return Evidence(name, target, observed_mean)
    return Evidence(name, target, observed_mean, error, 2.0 * float(stats.norm.sf(abs(observed_mean - target) / error)))


def compare_count(name: str, expected: float, observed: int) -> Evidence:
    """A number of events against its compensator (integrated hazard): Poisson with that mean.

    The difference is a martingale whose variance is the compensator (Andersen, Borgan, Gill and Keiding 1993, section
    II.4).
    """
    from scipy import stats

    poisson = stats.poisson(expected)
    p_value = 2.0 * min(float(poisson.cdf(observed)), float(poisson.sf(observed - 1)))
    return Evidence(name, expected, float(observed), sqrt(expected), min(1.0, p_value))


def compare_batch_means(name: str, expected: float, batches: Sequence[float]) -> Evidence:
    """A long run's mean against its exact value, by means of batches that are nearly independent; Student's t."""
    from scipy import stats

    n, observed_mean = len(batches), float(np.mean(batches))
    error = float(np.std(batches, ddof=1)) / sqrt(n)
    if error == 0.0:
        return Evidence(name, expected, observed_mean)
    return Evidence(
        name, expected, observed_mean, error, 2.0 * float(stats.t.sf(abs(observed_mean - expected) / error, n - 1))
    )


def largest_deviation(name: str, found: Sequence[tuple[str, Evidence]]) -> Evidence:
    """The comparison that stands out most of several, its p-value corrected for their number.

    Args:
        name: Name of the check; the place of the comparison shown is added to it.
        found: Place and comparison, at least one.
    """
    label, worst = min(found, key=lambda item: 1.0 if item[1].p_value is None else item[1].p_value)
    p_value = None if worst.p_value is None else min(1.0, worst.p_value * len(found))
    title = f"{name}, largest deviation of {len(found)} ({label})"
    return Evidence(title, worst.expected, worst.observed, worst.standard_error, p_value)


def compare_with_uniform(name: str, values: FloatArray) -> Evidence:
    """Whether values in [0, 1] are uniform: their Kolmogorov-Smirnov distance, and what it is on average by luck.

    The distance of n uniform values has mean 0.8687 / sqrt(n) and standard deviation 0.2603 / sqrt(n) (limits of
    Kolmogorov's law); the p-value is exact.
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
