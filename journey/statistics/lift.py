"""Lift, the difference relative to the baseline, and the power of a single experiment to detect it."""

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist
from typing import Any, NamedTuple

from journey.statistics.means import (
    CONFIDENCE,
    Estimate,
    compute_mean,
    compute_variance,
    paired_differences,
    t_quantile,
)
from journey.statistics.proportions import critical_value

_STANDARD_NORMAL = NormalDist()


class Lift(NamedTuple):
    """A relative change against the baseline.

    Attributes:
        value: Difference divided by the baseline's mean, 0.05 for 5 % more; None if it is undefined.
        low: Lower bound of its interval; None if there is no interval.
        high: Upper bound.
        reason: Why a value is None; empty if no value is.
    """

    value: float | None
    low: float | None
    high: float | None
    reason: str

    def as_dict(self) -> dict[str, Any]:
        """The lift as keys of the command line's JSON."""
        return {
            "lift": self.value,
            "lift_ci_low": self.low,
            "lift_ci_high": self.high,
            "lift_note": self.reason or None,
        }


def compute_lift(baseline: Sequence[float], treated: Sequence[float], confidence: float = CONFIDENCE) -> Lift:
    """The lift over independent pairs, with Fieller's interval.

    The interval contains every ratio that a paired t test does not reject (Fieller 1954). It therefore excludes 0
    exactly when the test rejects "no difference". For a baseline mean of 0 or below the lift is undefined, because its
    sign would depend on the denominator.

    Args:
        baseline: The baseline's means, one per replication.
        treated: The means of the other arm, in the same replications.
        confidence: Confidence level of the interval.
    """
    if not baseline:
        return Lift(None, None, None, "never measured in both arms")
    base = compute_mean(baseline)
    if base <= 0.0:
        of = "0" if base == 0.0 else "below 0"
        return Lift(None, None, None, f"the baseline's mean is {of}, so a relative change is undefined")
    changes = paired_differences(baseline, treated)
    change, n = compute_mean(changes), len(changes)
    if n < 2:
        return Lift(change / base, None, None, "one replication gives no interval")
    bounds = _fieller_bounds(baseline, changes, base, change, t_quantile(0.5 + confidence / 2.0, n - 1) ** 2 / n)
    if bounds is None:
        return Lift(
            change / base,
            None,
            None,
            "the baseline's mean does not differ significantly from 0, so there is no interval",
        )
    return Lift(change / base, *bounds, "")


def _fieller_bounds(
    baseline: Sequence[float], changes: Sequence[float], base: float, change: float, quantile: float
) -> tuple[float, float] | None:
    """Roots of ``(change - ratio base)^2 = quantile Var(changes - ratio baseline)``; None if unbounded."""
    square = base * base - quantile * compute_variance(baseline)
    if square <= 0.0:
        return None
    middle = base * change - quantile * _covariance(baseline, changes)
    level = change * change - quantile * compute_variance(changes)
    width = sqrt(max(0.0, middle * middle - square * level))
    return (middle - width) / square, (middle + width) / square


def _covariance(one: Sequence[float], other: Sequence[float]) -> float:
    mean, other_mean = compute_mean(one), compute_mean(other)
    return sum((a - mean) * (b - other_mean) for a, b in zip(one, other, strict=True)) / (len(one) - 1)


def single_experiment_power(difference: Estimate, confidence: float = CONFIDENCE) -> float | None:
    """Power of one experiment of this size to reject "no difference", if the true difference is the estimated one.

    Normal approximation, with the standard deviation over replications as the experiment's standard error; it includes
    the effect of shared reviewers. None if there is no standard deviation.
    """
    if difference.mean is None or not difference.sd:
        return None
    standardised, critical = abs(difference.mean) / difference.sd, critical_value(confidence)
    return _STANDARD_NORMAL.cdf(standardised - critical) + _STANDARD_NORMAL.cdf(-standardised - critical)
