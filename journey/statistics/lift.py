"""Lift, the difference relative to the baseline, and the power of a single experiment to detect it."""

from collections.abc import Sequence
from statistics import NormalDist
from typing import Any, NamedTuple

from journey.statistics.effect_sizes import standardised_interval
from journey.statistics.means import CONFIDENCE, Estimate, compute_mean, paired_differences
from journey.statistics.proportions import critical_value
from journey.statistics.ratios import mean_ratio_interval

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
    change = compute_mean(changes)
    if len(changes) < 2:
        return Lift(change / base, None, None, "one replication gives no interval")
    bounds = mean_ratio_interval(changes, baseline, confidence)
    if bounds is None:
        return Lift(
            change / base,
            None,
            None,
            "the baseline's mean does not differ significantly from 0, so there is no interval",
        )
    return Lift(change / base, *bounds, "")


class Power(NamedTuple):
    """Power of one experiment to reject "no difference", if the true difference is the estimated one.

    Attributes:
        value: The power, from 0 to 1.
        low: Power at the end of the difference's interval nearest to 0.
        high: Power at the other end.
    """

    value: float
    low: float
    high: float

    def as_dict(self) -> dict[str, Any]:
        """The power as keys of the command line's JSON."""
        return {
            "power_of_one_experiment": self.value,
            "power_of_one_experiment_ci_low": self.low,
            "power_of_one_experiment_ci_high": self.high,
        }


def single_experiment_power(difference: Estimate, confidence: float = CONFIDENCE) -> Power | None:
    """Power of one experiment of this size to reject "no difference", if the true difference is the estimated one.

    Normal approximation, with the standard deviation over replications as the experiment's standard error; it includes
    the effect of shared reviewers. Its interval is that of the standardised difference (`standardised_interval`). None
    if there is no standard deviation.
    """
    interval = standardised_interval(difference, confidence)
    if difference.mean is None or not difference.sd or interval is None:
        return None
    low, high = interval
    ends = sorted(_compute_power(end, confidence) for end in interval)
    return Power(
        _compute_power(difference.mean / difference.sd, confidence),
        _compute_power(0.0, confidence) if low <= 0.0 <= high else ends[0],
        ends[1],
    )


def _compute_power(standardised: float, confidence: float) -> float:
    critical, size = critical_value(confidence), abs(standardised)
    return _STANDARD_NORMAL.cdf(size - critical) + _STANDARD_NORMAL.cdf(-size - critical)
