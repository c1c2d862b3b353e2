"""Special functions of the dwell laws, as scalar functions on `math` alone.

SciPy has them all, but not in a form that gives the same bits interpreted and compiled (`math.lgamma` does not either),
so they are written here, once for both engines, and held against SciPy in `tests/simulation/test_special.py`.
"""

from collections.abc import Sequence
from math import erfc, exp, inf, log, log1p, pi, sqrt

_LANCZOS = (
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
)  # fmt: skip
"""Coefficients of Lanczos' approximation with g = 7 and 9 terms, as computed by P. Godfrey (2001)."""

_CENTRAL = (
    2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987,
    13731.69376550946, 1971.5909503065513, 133.14166789178438, 3.3871328727963665,
)  # fmt: skip
_CENTRAL_BELOW = (
    5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597,
    5394.196021424751, 687.1870074920579, 42.31333070160091, 1.0,
)  # fmt: skip
_MIDDLE = (
    0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684,
    3.6478483247632045, 5.769497221460691, 4.630337846156546, 1.4234371107496835,
)  # fmt: skip
_MIDDLE_BELOW = (
    1.0507500716444169e-09, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008,
    0.6897673349851, 1.6763848301838038, 2.053191626637759, 1.0,
)  # fmt: skip
_TAIL = (
    2.0103343992922881e-07, 2.7115555687434876e-05, 0.0012426609473880784, 0.026532189526576124,
    0.29656057182850487, 1.7848265399172913, 5.463784911164114, 6.657904643501103,
)  # fmt: skip
_TAIL_BELOW = (
    2.0442631033899397e-15, 1.421511758316446e-07, 1.8463183175100548e-05, 0.0007868691311456133,
    0.014875361290850615, 0.1369298809227358, 0.599832206555888, 1.0,
)  # fmt: skip
"""Coefficients of algorithm AS 241 (Wichura 1988, doi:10.2307/2347330),
highest power first: above, then below the line."""

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


def normal_share(z: float) -> float:
    """Distribution function of the standard normal law."""
    return 0.5 * erfc(-z / sqrt(2.0))


def horner(coefficients: Sequence[float], x: float) -> float:
    """A polynomial of degree 7, its coefficients from the highest power down."""
    total = coefficients[0]
    for place in range(1, 8):
        total = total * x + coefficients[place]
    return total


def normal_quantile(share: float) -> float:
    """The inverse of `normal_share` for a share strictly between 0 and 1, to 16 digits: algorithm AS 241."""
    q = share - 0.5
    if -0.425 <= q <= 0.425:
        r = 0.180625 - q * q
        return horner(_CENTRAL, r) * q / horner(_CENTRAL_BELOW, r)
    r = sqrt(-log(share if q <= 0.0 else 1.0 - share))
    if r <= 5.0:
        x = horner(_MIDDLE, r - 1.6) / horner(_MIDDLE_BELOW, r - 1.6)
    else:
        x = horner(_TAIL, r - 5.0) / horner(_TAIL_BELOW, r - 5.0)
    return -x if q < 0.0 else x


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


KERNELS = (log_gamma, normal_hazard, normal_age, normal_share, horner, normal_quantile, gamma_hazard, gamma_age)
"""The functions that compiled code uses, callees before callers."""
