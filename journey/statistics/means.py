"""Statistics of replications: floats in, named tuples out. Nothing here knows what a scenario is.

Intervals are Student's t over independent replications: simulation error, which shrinks to nothing with more of them.
Sums go through `math.fsum`, so a result never depends on the order in which replications were finished.
"""

from collections.abc import Sequence
from math import ceil, fsum, inf, isfinite, sqrt
from statistics import NormalDist
from typing import NamedTuple

from journey.statistics import proportions

CONFIDENCE = proportions.CONFIDENCE
POWER = proportions.POWER

# Below this share of the values' size a spread is rounding noise of the subtraction, not a spread.
_ROUNDING = 1e-12

_STANDARD_NORMAL = NormalDist()


class Estimate(NamedTuple):
    """A mean over replications.

    Attributes:
        mean: The mean; None without any value.
        low: Lower bound of the interval; None with fewer than two values.
        high: Upper bound.
        sd: Standard deviation of the values, from one replication to the next; None with fewer than two.
        n: How many values there were.
        p_value: Two-sided p-value of the null "the mean is 0"; None where there is no interval.
    """

    mean: float | None
    low: float | None
    high: float | None
    sd: float | None
    n: int
    p_value: float | None


class VarianceReduction(NamedTuple):
    """How much variance the pairing removed, or why that cannot be said.

    Attributes:
        ratio: ``(Var A + Var B) / Var(B - A)``; None where it is undefined.
        reason: Why it is undefined; empty where it is not.
    """

    ratio: float | None
    reason: str


def compute_mean(values: Sequence[float]) -> float:
    """The mean; of values that are all the same, exactly that value."""
    low, high = min(values), max(values)
    # Clamped, because a rounded mean may fall outside the values by one unit in the last place.
    return low if low == high else min(high, max(low, fsum(values) / len(values)))


def compute_variance(values: Sequence[float]) -> float:
    """The sample variance (n - 1) of at least two values."""
    mean = compute_mean(values)
    return fsum((value - mean) ** 2 for value in values) / (len(values) - 1)


def t_quantile(p: float, df: float) -> float:
    """Quantile of Student's t distribution."""
    # scipy.special holds what scipy.stats.t.ppf calls, and is imported in a fraction of the time.
    from scipy.special import stdtrit

    return float(stdtrit(df, p))


def t_two_sided(t: float, df: float) -> float:
    """Two-sided p-value of a t statistic."""
    from scipy.special import stdtr

    return float(2.0 * stdtr(df, -abs(t)))


def estimate_mean(values: Sequence[float], confidence: float = CONFIDENCE) -> Estimate:
    """Mean and t interval of independent values; see `Estimate` for what few values leave unknown."""
    n = len(values)
    if n == 0:
        return Estimate(None, None, None, None, 0, None)
    mean = compute_mean(values)
    if n == 1:
        return Estimate(mean, None, None, None, 1, None)
    sd = sqrt(compute_variance(values))
    error = sd / sqrt(n)
    half = t_quantile(0.5 + confidence / 2.0, n - 1) * error
    return Estimate(mean, mean - half, mean + half, sd, n, _p_value(mean, error, n))


def _p_value(mean: float, error: float, n: int) -> float:
    if error <= 0.0:
        # The same difference every time is no certainty: that n differences all have one sign has this probability
        # by chance alone (the two-sided sign test), and the t statistic, infinite here, cannot say less.
        return 1.0 if mean == 0.0 else 2.0 ** (1 - n)
    return t_two_sided(mean / error, n - 1)


def paired_differences(baseline: Sequence[float], treated: Sequence[float]) -> list[float]:
    """Paired differences, treated minus baseline; those that are rounding noise are levelled.

    Differences that agree to within rounding are made equal, so that a constant difference has no variance.
    """
    changes = [b - a for a, b in zip(baseline, treated, strict=True)]
    if not changes:
        return changes
    size = max(abs(value) for value in (*baseline, *treated))
    if max(changes) - min(changes) <= _ROUNDING * size:
        level = 0.0 if max(abs(d) for d in changes) <= _ROUNDING * size else compute_mean(changes)
        return [level] * len(changes)
    return changes


def variance_reduction(baseline: Sequence[float], treated: Sequence[float]) -> VarianceReduction:
    """``(Var A + Var B) / Var(B - A)`` over paired replications."""
    if len(baseline) < 2:
        return VarianceReduction(None, "fewer than two replications")
    paired_variance = compute_variance(paired_differences(baseline, treated))
    unpaired_variance = compute_variance(baseline) + compute_variance(treated)
    if paired_variance <= 0.0:
        what = "neither arm varies" if unpaired_variance <= 0.0 else "the difference is the same in every replication"
        return VarianceReduction(None, f"{what}: there is no variance to divide by")
    ratio = unpaired_variance / paired_variance
    return VarianceReduction(ratio, "") if isfinite(ratio) else VarianceReduction(None, "too large to be told")


def replications_needed(difference: float, sd: float, power: float = POWER, confidence: float = CONFIDENCE) -> int:
    """Replications with which a paired t test shows a true difference of this size.

    Args:
        difference: The mean difference, not 0.
        sd: Standard deviation of the difference between replications.
        power: Probability of showing it.
        confidence: Of the interval.

    Returns:
        The smallest n from 3 on with ``n >= ((t_alpha + t_beta) sd / difference)^2``, t with n - 1 degrees of freedom:
        the usual approximation of the noncentral t, which is too small for n = 2.
    """
    standard = abs(difference) / sd if sd > 0.0 else inf
    if not isfinite(standard):
        return 3
    alpha = 0.5 + confidence / 2.0
    # The normal answer is never larger than the one sought, and only a few replications smaller.
    n = max(3, ceil(((_STANDARD_NORMAL.inv_cdf(alpha) + _STANDARD_NORMAL.inv_cdf(power)) / standard) ** 2))
    while ((t_quantile(alpha, n - 1) + t_quantile(power, n - 1)) / standard) ** 2 > n:
        n += 1
    return n
