"""Variance reduction of a difference by pairing: by common random numbers, as compared with independent samples."""

from collections.abc import Sequence
from math import isfinite
from typing import NamedTuple

from journey.statistics.means import CONFIDENCE, compute_variance, paired_differences
from journey.statistics.ratios import variance_ratio_interval


class VarianceReduction(NamedTuple):
    """Variance reduction by pairing, or why it is undefined.

    Attributes:
        ratio: ``(Var A + Var B) / Var(B - A)``; None if it is undefined.
        low: Lower bound of its interval; None if there is no interval, as with fewer than three replications.
        high: Upper bound.
        reason: Why it is undefined; empty if it is defined.
    """

    ratio: float | None
    low: float | None
    high: float | None
    reason: str


def variance_reduction(
    baseline: Sequence[float], treated: Sequence[float], confidence: float = CONFIDENCE
) -> VarianceReduction:
    """``(Var A + Var B) / Var(B - A)`` over paired replications, with its interval for normal values.

    As ``Var A + Var B = (Var(A + B) + Var(B - A)) / 2``, the reduction is ``(1 + Var(A + B) / Var(B - A)) / 2``, and
    its interval follows from that of a ratio of variances (`variance_ratio_interval`).
    """
    if len(baseline) < 2:
        return _undefined("fewer than two replications")
    changes = paired_differences(baseline, treated)
    paired_variance = compute_variance(changes)
    unpaired_variance = compute_variance(baseline) + compute_variance(treated)
    if paired_variance <= 0.0:
        what = "neither arm varies" if unpaired_variance <= 0.0 else "the difference is the same in every replication"
        return _undefined(f"{what}, so the variance of the difference is 0")
    ratio = unpaired_variance / paired_variance
    if not isfinite(ratio):
        return _undefined("the ratio is too large for a number")
    sums = [a + b for a, b in zip(baseline, treated, strict=True)]
    interval = variance_ratio_interval(sums, changes, confidence)
    low, high = (None, None) if interval is None else ((1.0 + end) / 2.0 for end in interval)
    return VarianceReduction(ratio, low, high, "")


def _undefined(reason: str) -> VarianceReduction:
    return VarianceReduction(None, None, None, reason)
