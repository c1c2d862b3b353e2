"""The exact posterior of a channel's return per dollar: a gamma, a beta and an inverse gamma variable, multiplied.

The gamma variable divided by that of the inverse gamma is beta prime (Johnson, Kotz and Balakrishnan 1995, chapter 27),
with a distribution function in closed form. Only the beta variable is integrated numerically, by Gauss-Legendre
quadrature over its quantiles.
"""

from collections.abc import Callable
from functools import cache, lru_cache
from math import exp, log
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np

    Column = np.ndarray[Any, np.dtype[np.float64]]

_NODES = 200
# Points of the distribution function between which `midpoints` interpolates.
_GRID = 200
# Beyond this logarithm a return is 0 or infinite as a number.
_MAX_LOG = 700.0
# Of a probability, and of a logarithm.
_PRECISION = 1e-10


class ReturnFactors(NamedTuple):
    """A product ``scale x Gamma(clicks) / Gamma(value) x Beta(successes, failures)``.

    Attributes:
        clicks: Shape of the clicks per dollar.
        successes: First shape of the conversions per click.
        failures: Second shape of the conversions per click.
        value: Shape of the value per conversion, an inverse gamma variable.
        scale: Scale of the product in dollars per dollar, more than 0.
    """

    clicks: float
    successes: float
    failures: float
    value: float
    scale: float

    def cdf(self, values: "Column") -> "Column":
        """Probability that the product is at most each of these values, which are above 0."""
        import numpy as np
        from scipy.special import betainc

        _, weights = _legendre_nodes()
        rates = _beta_quantiles(self.successes, self.failures)
        # y / (1 + y) of the beta prime variable y; a rate of 0 gives 1.
        part = 1.0 / (1.0 + self.scale * rates[:, None] / np.asarray(values)[None, :])
        return np.asarray(weights @ betainc(self.clicks, self.value, part))

    def quantile(self, probability: float, *, start: float, spread: float) -> float:
        """The quantile at a probability strictly between 0 and 1.

        Args:
            probability: The probability.
            start: A logarithm near the median, where the search begins.
            spread: A typical distance of logarithms.
        """
        import numpy as np

        def excess(log_value: float) -> float:
            return float(self.cdf(np.array([exp(log_value)]))[0]) - probability

        low, high, step = start, start, max(spread, 1e-3)
        while excess(low) > 0.0:
            low, step = low - step, 2.0 * step
            if low < -_MAX_LOG:
                return 0.0
        step = max(spread, 1e-3)
        while excess(high) < 0.0:
            high, step = high + step, 2.0 * step
            if high > _MAX_LOG:
                return float("inf")
        return exp(_find_root(excess, low, high))

    def midpoints(self, number: int, *, start: float, spread: float) -> list[float]:
        """Midpoints of equiprobable slices, interpolated between exact values; see `quantile` for the arguments."""
        import numpy as np
        from scipy.special import ndtri

        probabilities = (np.arange(number) + 0.5) / number
        low, high = (self.quantile(float(each), start=start, spread=spread) for each in probabilities[[0, -1]])
        if not low < high:
            return [low] * number
        logs = np.linspace(log(low) if low > 0.0 else -_MAX_LOG, log(high), _GRID)
        # Normal scores make the distribution function almost linear.
        scores = ndtri(np.clip(self.cdf(np.exp(logs)), 1e-300, 1.0 - 1e-16))
        return [float(each) for each in np.exp(np.interp(ndtri(probabilities), scores, logs))]


def _find_root(function: Callable[[float], float], low: float, high: float) -> float:
    """Root of an increasing function between two points, by the Illinois method (Dowell and Jarratt 1971)."""
    at_low, at_high = function(low), function(high)
    side = 0
    while high - low > _PRECISION and at_low < 0.0 < at_high:
        middle = (low * at_high - high * at_low) / (at_high - at_low)
        if not low < middle < high:
            break
        value = function(middle)
        if value >= 0.0:
            high, at_high = middle, value
            at_low *= 0.5 if side > 0 else 1.0
            side = 1
        else:
            low, at_low = middle, value
            at_high *= 0.5 if side < 0 else 1.0
            side = -1
        if abs(value) < _PRECISION:
            return middle
    return low if at_low == 0.0 else high


@lru_cache(maxsize=256)
def _beta_quantiles(successes: float, failures: float) -> "Column":
    """Quantiles of a beta variable at the nodes of the quadrature."""
    import numpy as np
    from scipy.special import betaincinv

    nodes, _ = _legendre_nodes()
    return np.asarray(betaincinv(successes, failures, nodes))


@cache
def _legendre_nodes() -> tuple["Column", "Column"]:
    """Nodes and weights of the quadrature over probabilities from 0 to 1."""
    import numpy as np

    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return (nodes + 1.0) / 2.0, weights / 2.0
