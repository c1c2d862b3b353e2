"""Special functions of the dwell laws, as scalar functions on `math` alone.

SciPy has them all, but not in a form that gives the same bits interpreted and compiled (`math.lgamma` does not either),
so they are written here, once for both engines, and held against SciPy in `tests/simulation/test_special.py`.
"""

from math import erfc, exp, inf, log, log1p, pi, sqrt

_LANCZOS = (
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
)  # fmt: skip
"""Coefficients of Lanczos' approximation with g = 7 and 9 terms, as computed by P. Godfrey (2001)."""

_HALF_LOG_TWO_PI = 0.5 * log(2.0 * pi)
_FAR = 25.0
_TINY = 1e-300
_ENOUGH = 500


def log_gamma(shape: float) -> float:
    """Logarithm of the gamma function for a positive argument."""
    x = shape - 1.0
    total = _LANCZOS[0]
    for place in range(1, 9):
        total += _LANCZOS[place] / (x + place)
    base = x + 7.5
    return _HALF_LOG_TWO_PI + (x + 0.5) * log(base) - base + log(total)


def normal_hazard(z: float) -> float:
    """Cumulative hazard of the standard normal law: minus the logarithm of its survival function."""
    if z < 0.0:
        return -log1p(-0.5 * erfc(-z / sqrt(2.0)))
    if z < _FAR:
        return -log(0.5 * erfc(z / sqrt(2.0)))
    # Beyond, erfc leaves the range of floats: the asymptotic series, whose next term is 945 / z^10 < 1e-11.
    w = 1.0 / (z * z)
    return 0.5 * z * z + log(z) + _HALF_LOG_TWO_PI - log1p(w * (-1.0 + w * (3.0 + w * (-15.0 + w * 105.0))))


def normal_age(amount: float) -> float:
    """Where the cumulative hazard of the standard normal law reaches a positive amount."""
    low, high = -38.0, sqrt(2.0 * amount) + 1.0
    z = 0.0 if amount < 1.0 else sqrt(2.0 * amount) - 0.5
    for _ in range(_ENOUGH):
        reached = normal_hazard(z)
        if reached < amount:
            low = z
        else:
            high = z
        # The density is survival times hazard rate; a Newton step on the logarithm of the hazard, which is nearly
        # straight in the lower tail, kept inside the bracket.
        rate = exp(reached - 0.5 * z * z - _HALF_LOG_TWO_PI)
        step = reached / rate * log(reached / amount) if rate > _TINY and reached > _TINY else inf
        following = z - step
        if not low < following < high:
            following = 0.5 * (low + high)
        if abs(following - z) <= 1e-15 * max(1.0, abs(z)):
            return following
        z = following
    return z


def gamma_hazard(shape: float, x: float) -> float:
    """Cumulative hazard of the gamma law with scale 1: minus log Q(shape, x) of the regularised incomplete gamma.

    By the series for x < shape + 1 and by Lentz' continued fraction beyond (Numerical Recipes, 3rd edition, 6.2).
    """
    if x <= 0.0:
        return 0.0
    front = shape * log(x) - x - log_gamma(shape)
    if x < shape + 1.0:
        term = 1.0 / shape
        total = term
        n = shape
        for _ in range(_ENOUGH):
            n += 1.0
            term *= x / n
            total += term
            if term < total * 1e-17:
                break
        return -log1p(-min(exp(front + log(total)), 1.0 - 1e-16))
    b = x + 1.0 - shape
    c = 1.0 / _TINY
    d = 1.0 / b
    h = d
    for i in range(1, _ENOUGH):
        a = -i * (i - shape)
        b += 2.0
        d = a * d + b
        d = _TINY if abs(d) < _TINY else d
        c = b + a / c
        c = _TINY if abs(c) < _TINY else c
        d = 1.0 / d
        change = d * c
        h *= change
        if abs(change - 1.0) < 1e-16:
            break
    return -(front + log(h))


def gamma_age(shape: float, amount: float) -> float:
    """Where the cumulative hazard of the gamma law with scale 1 reaches a positive amount."""
    low, high = 0.0, max(1.0, shape)
    while gamma_hazard(shape, high) < amount:
        low, high = high, 2.0 * high
    x = 0.5 * (low + high)
    for _ in range(_ENOUGH):
        reached = gamma_hazard(shape, x)
        if reached < amount:
            low = x
        else:
            high = x
        log_rate = (shape - 1.0) * log(x) - x - log_gamma(shape) + reached
        # Newton on log hazard against log time: straight near zero, where the hazard is a power of time.
        step = log(reached / amount) * reached / (x * exp(log_rate)) if reached > _TINY else inf
        following = x * exp(-step) if abs(step) < 50.0 else 0.0
        if not low < following < high:
            following = 0.5 * (low + high)
        if abs(following - x) <= 1e-15 * x:
            return following
        x = following
    return x


KERNELS = (log_gamma, normal_hazard, normal_age, gamma_hazard, gamma_age)
"""The functions that compiled code uses, callees before callers."""
