"""Intervals of ratios over paired values: the ratio of two means, and that of two variances."""

from collections.abc import Sequence
from math import fsum, isfinite, sqrt

from journey.statistics.means import CONFIDENCE, compute_mean, compute_variance, t_quantile


def mean_ratio_interval(
    numerators: Sequence[float], denominators: Sequence[float], confidence: float = CONFIDENCE
) -> tuple[float, float] | None:
    """Fieller's interval (1954) of the ratio of two means, from independent pairs.

    It contains every ratio r for which a paired t test does not reject "the mean of ``numerator - r denominator`` is
    0". It excludes 0 exactly where the t test rejects "the mean of the numerators is 0".

    Args:
        numerators: One value per pair.
        denominators: The other value of each pair.
        confidence: Confidence level of the interval.

    Returns:
        The bounds; None with fewer than two pairs, or where the mean of the denominators does not differ significantly
        from 0, so that the ratio could be anything.
    """
    n = len(numerators)
    if n < 2:
        return None
    quantile = t_quantile(0.5 + confidence / 2.0, n - 1) ** 2 / n
    numerator, denominator = compute_mean(numerators), compute_mean(denominators)
    # Roots of (numerator - ratio denominator)^2 = quantile Var(numerators - ratio denominators).
    square = denominator * denominator - quantile * compute_variance(denominators)
    if square <= 0.0:
        return None
    middle = denominator * numerator - quantile * _covariance(denominators, numerators)
    level = numerator * numerator - quantile * compute_variance(numerators)
    width = sqrt(max(0.0, middle * middle - square * level))
    return (middle - width) / square, (middle + width) / square


def variance_ratio_interval(
    numerators: Sequence[float], denominators: Sequence[float], confidence: float = CONFIDENCE
) -> tuple[float, float] | None:
    """Interval of ``Var(numerators) / Var(denominators)`` for pairs from a bivariate normal distribution.

    It contains every ratio r for which the Pitman-Morgan test does not reject "the ratio is r": that the sum and the
    difference of numerators and ``sqrt(r) denominators`` are uncorrelated (Pitman 1939, doi:10.1093/biomet/31.1-2.9).
    With F the observed ratio and R the observed correlation, the bounds are ``F (K -+ sqrt(K^2 - 1))``,
    ``K = 1 + 2 (1 - R^2) t^2 / (n - 2)``, with the quantile t of n - 2 degrees of freedom.

    Returns:
        The bounds; None with fewer than three pairs, or where a variance is 0.
    """
    n = len(numerators)
    if n < 3:
        return None
    variance, other_variance = compute_variance(numerators), compute_variance(denominators)
    if variance <= 0.0 or other_variance <= 0.0:
        return None
    covariance = _covariance(numerators, denominators)
    unexplained = max(0.0, 1.0 - covariance * covariance / variance / other_variance)
    excess = 2.0 * unexplained * t_quantile(0.5 + confidence / 2.0, n - 2) ** 2 / (n - 2)
    factor = 1.0 + excess + sqrt(excess * (excess + 2.0))
    observed = variance / other_variance
    # The bounds are reciprocal around the observed ratio, because (K - w)(K + w) = 1.
    low, high = observed / factor, observed * factor
    return (low, high) if isfinite(high) else None


def _covariance(one: Sequence[float], other: Sequence[float]) -> float:
    mean, other_mean = compute_mean(one), compute_mean(other)
    return fsum((a - mean) * (b - other_mean) for a, b in zip(one, other, strict=True)) / (len(one) - 1)
