"""Statistics of replications: means, variances, intervals and sample sizes.

Intervals are Student's t over independent replications. They measure simulation error, which goes to 0 with more
replications. Sums use `math.fsum`, so results do not depend on the order in which replications finish.
"""

from collections.abc import Sequence
from math import ceil, fsum, inf, isfinite, sqrt
from statistics import NormalDist
from typing import NamedTuple

from journey.statistics import proportions

CONFIDENCE = proportions.CONFIDENCE
POWER = proportions.POWER

# A spread below this share of the values is rounding noise of the subtraction.
_ROUNDING = 1e-12

_STANDARD_NORMAL = NormalDist()


class Estimate(NamedTuple):
    """A mean over replications.

    Attributes:
        mean: The mean; None without values.
        low: Lower bound of the interval; None with fewer than two values.
        high: Upper bound.
        sd: Standard deviation over replications; None with fewer than two values.
        n: Number of values.
        p_value: Two-sided p-value of the null hypothesis "the mean is 0"; None if there is no interval.
    """

    mean: float | None
    low: float | None
    high: float | None
    sd: float | None
    n: int
    p_value: float | None


def compute_mean(values: Sequence[float]) -> float:
    """The mean; of equal values exactly that value."""
    low, high = min(values), max(values)
    # Clamped, because rounding may put the mean outside the values by one unit in the last place.
    return low if low == high else min(high, max(low, fsum(values) / len(values)))


def compute_variance(values: Sequence[float]) -> float:
    """The sample variance (n - 1) of at least two values."""
    mean = compute_mean(values)
    return fsum((value - mean) ** 2 for value in values) / (len(values) - 1)


def t_quantile(p: float, df: float) -> float:
    """Quantile of Student's t distribution."""
    # The function behind scipy.stats.t.ppf; importing scipy.special takes a fraction of the time.
    from scipy.special import stdtrit

    return float(stdtrit(df, p))


def t_two_sided(t: float, df: float) -> float:
    """Two-sided p-value of a t statistic."""
    from scipy.special import stdtr

    return float(2.0 * stdtr(df, -abs(t)))


def estimate_mean(values: Sequence[float], confidence: float = CONFIDENCE) -> Estimate:
    """Mean and t interval of independent values; `Estimate` lists what is None with few values."""
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


def t_interval(found: Estimate, confidence: float) -> tuple[float | None, float | None]:
    """The t interval of an estimate at another confidence level; None for both bounds with fewer than two values."""
    if found.mean is None or found.sd is None:
        return None, None
    half = t_quantile(0.5 + confidence / 2.0, found.n - 1) * (found.sd / sqrt(found.n))
    return found.mean - half, found.mean + half


def _p_value(mean: float, error: float, n: int) -> float:
    if error <= 0.0:
        # Equal differences in all replications are no certainty, although the t statistic is infinite. This is the
        # p-value of the two-sided sign test: the probability that n differences have the same sign by chance.
        return 1.0 if mean == 0.0 else 2.0 ** (1 - n)
    return t_two_sided(mean / error, n - 1)


def paired_differences(baseline: Sequence[float], treated: Sequence[float]) -> list[float]:
    """Paired differences, treated minus baseline, without rounding noise.

    Differences that agree within rounding are made equal, so that a constant difference has variance 0.
    """
    changes = [b - a for a, b in zip(baseline, treated, strict=True)]
    if not changes:
        return changes
    size = max(abs(value) for value in (*baseline, *treated))
    if max(changes) - min(changes) <= _ROUNDING * size:
        level = 0.0 if max(abs(d) for d in changes) <= _ROUNDING * size else compute_mean(changes)
        return [level] * len(changes)
    return changes


def replications_needed(difference: float, sd: float, power: float = POWER, confidence: float = CONFIDENCE) -> int:
    """Replications a paired t test needs to detect a true difference of this size.

    Args:
        difference: The mean difference; not 0.
        sd: Standard deviation of the difference over replications.
        power: Probability of detecting it.
        confidence: Confidence level of the test.

    Returns:
        The smallest n >= 3 with ``n >= ((t_alpha + t_beta) sd / difference)^2``, where t has n - 1 degrees of freedom:
        the usual approximation of the noncentral t, which gives too small values for n = 2.
    """
    standard = abs(difference) / sd if sd > 0.0 else inf
    if not isfinite(standard):
        return 3
    alpha = 0.5 + confidence / 2.0
    # The normal approximation is never too large, and only a few replications too small.
    n = max(3, ceil(((_STANDARD_NORMAL.inv_cdf(alpha) + _STANDARD_NORMAL.inv_cdf(power)) / standard) ** 2))
    while ((t_quantile(alpha, n - 1) + t_quantile(power, n - 1)) / standard) ** 2 > n:
        n += 1
    return n
