"""Dwell-time distributions by SciPy, an independent source for `simulation.distributions.dwell_times`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from simulation.model.dwell_spec import Dwell

    FloatArray = npt.NDArray[np.float64]

_MAX_PROBABILITY = 1.0 - 1e-16
"""A probability of 1 in an empirical distribution would be an infinite hazard."""


def cumulative_hazard(dwell: Dwell, ages: npt.ArrayLike) -> FloatArray:
    """``H(age) = -log S(age)`` of a distribution with a density.

    Args:
        dwell: The distribution; not a deterministic one.
        ages: Days, 0 or more, any shape.

    Raises:
        ValueError: The distribution is deterministic and has no hazard.
    """
    from scipy import special

    at, mean, shape = np.asarray(ages, dtype=np.float64), dwell.mean_days, dwell.shape
    if dwell.law == "exponential":
        return at / mean
    if dwell.law == "weibull":
        return np.asarray((at * special.gamma(1.0 + 1.0 / shape) / mean) ** shape)
    if dwell.law == "log_logistic":
        # The standard distribution has the mean (pi / shape) / sin(pi / shape), which is 1 / sinc(1 / shape) in NumPy.
        return np.asarray(np.log1p((at / (mean * np.sinc(1.0 / shape))) ** shape))
    with np.errstate(divide="ignore"):
        if dwell.law == "log_normal":
            return np.asarray(-special.log_ndtr(-(np.log(at / mean) / shape + 0.5 * shape)))
        if dwell.law == "gamma":
            return np.asarray(-np.log(special.gammaincc(shape, at * shape / mean)))
    if dwell.law == "empirical":
        return _interpolated_hazard(dwell, at)
    raise ValueError(f"a {dwell.law} dwell has no hazard")


def cumulative_distribution(dwell: Dwell) -> Callable[[FloatArray], FloatArray]:
    """The cumulative distribution function of a distribution with a density; for errors see `cumulative_hazard`."""
    return lambda ages: -np.expm1(-cumulative_hazard(dwell, ages))


def mean_days(dwell: Dwell) -> float:
    """Mean of the distribution in days: as specified, or computed from the points of an empirical distribution."""
    if dwell.law != "empirical":
        return dwell.mean_days
    days, hazard = _knots(dwell)
    slopes = np.diff(hazard) / np.diff(days)
    survival = np.exp(-hazard)
    # The integral of the survival function, piece by piece; the last piece is unbounded.
    return float(np.sum(-np.diff(survival) / slopes) + survival[-1] / slopes[-1])


def has_constant_hazard(dwell: Dwell) -> bool:
    """Whether a distribution is exponential, under whatever name."""
    if dwell.law in ("weibull", "gamma"):
        return dwell.shape == 1.0
    return dwell.law == "exponential" or (dwell.law == "empirical" and len(dwell.points) == 1)


def _knots(dwell: Dwell) -> tuple[FloatArray, FloatArray]:
    points = np.array([(0.0, 0.0), *dwell.points])
    return points[:, 0], -np.log1p(-np.minimum(points[:, 1], _MAX_PROBABILITY))


def _interpolated_hazard(dwell: Dwell, at: FloatArray) -> FloatArray:
    days, hazard = _knots(dwell)
    slope = (hazard[-1] - hazard[-2]) / (days[-1] - days[-2])
    return np.asarray(np.interp(at, days, hazard) + slope * np.maximum(at - days[-1], 0.0), dtype=np.float64)
