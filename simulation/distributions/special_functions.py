"""Special functions of the dwell-time distributions, as scalar functions that need only `math`.

SciPy's versions, and `math.lgamma`, do not give the same bits interpreted and compiled. So the functions are written
here once for both engines, and validated against SciPy in `tests/simulation/distributions/test_special_functions.py`.
"""

from collections.abc import Sequence
from math import erfc, exp, expm1, floor, inf, log, log1p, pi, sqrt

_LANCZOS = (
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
)  # fmt: skip
"""Coefficients of Lanczos' approximation with g = 7 and 9 terms, as computed by P. Godfrey (2001)."""

_CENTRAL = (
    2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987,
    13731.69376550946, 1971.5909503065513, 133.14166789178438, 3.3871328727963665,
)  # fmt: skip
_CENTRAL_DENOMINATOR = (
    5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597,
    5394.196021424751, 687.1870074920579, 42.31333070160091, 1.0,
)  # fmt: skip
_MIDDLE = (
    0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684,
    3.6478483247632045, 5.769497221460691, 4.630337846156546, 1.4234371107496835,
)  # fmt: skip
_MIDDLE_DENOMINATOR = (
    1.0507500716444169e-09, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008,
    0.6897673349851, 1.6763848301838038, 2.053191626637759, 1.0,
)  # fmt: skip
_TAIL = (
    2.0103343992922881e-07, 2.7115555687434876e-05, 0.0012426609473880784, 0.026532189526576124,
    0.29656057182850487, 1.7848265399172913, 5.463784911164114, 6.657904643501103,
)  # fmt: skip
_TAIL_DENOMINATOR = (
    2.0442631033899397e-15, 1.421511758316446e-07, 1.8463183175100548e-05, 0.0007868691311456133,
    0.014875361290850615, 0.1369298809227358, 0.599832206555888, 1.0,
)  # fmt: skip
"""Coefficients of algorithm AS 241 (Wichura 1988, doi:10.2307/2347330),
highest power first: of the numerators, then of the denominators."""

_HALF_LOG_TWO_PI = 0.5 * log(2.0 * pi)
_SQRT_2 = sqrt(2.0)
_CENTRAL_LIMIT = 0.425
_ERFC_LIMIT = 25.0
_LARGEST_HAZARD = 700.0
"""At larger cumulative hazards, the survival probability is close to the smallest float."""
_SMALLEST = 1e-300
_RESCALE_ABOVE = 1e150
_MAX_ITERATIONS = 2000
_STIRLING_FROM = 10.0
_ERLANG_UP_TO = 50.0
_ERLANG_WITHIN = 1e4
_SERIES_LIMIT = 0.02
_TOLERANCE = 1e-13


def log_gamma(shape: float) -> float:
    """Logarithm of the gamma function for a positive argument."""
    x = shape - 1.0
    total = _LANCZOS[0]
    for index in range(1, 9):
        total += _LANCZOS[index] / (x + index)
    base = x + 7.5
    return _HALF_LOG_TWO_PI + (x + 0.5) * log(base) - base + log(total)


def stirling_correction(shape: float) -> float:
    """The error of Stirling's formula for `log_gamma`, for a shape of 10 or more (Abramowitz and Stegun 6.1.41)."""
    w = 1.0 / (shape * shape)
    return (1.0 / 12.0 - w * (1.0 / 360.0 - w * (1.0 / 1260.0 - w * (1.0 / 1680.0 - w * (1.0 / 1188.0))))) / shape


def normal_hazard(z: float) -> float:
    """Cumulative hazard of the standard normal distribution: minus the logarithm of its survival function."""
    if z < -0.5:
        return -log1p(-0.5 * erfc(-z / _SQRT_2))
    if z < _ERFC_LIMIT:
        return -log(0.5 * erfc(z / _SQRT_2))
    # For larger z, erfc underflows: use the asymptotic series, whose next term is 945 / z^10 < 1e-11.
    w = 1.0 / (z * z)
    return 0.5 * z * z + log(z) + _HALF_LOG_TWO_PI - log1p(w * (-1.0 + w * (3.0 + w * (-15.0 + w * 105.0))))


def normal_cdf(z: float) -> float:
    """Distribution function of the standard normal distribution."""
    return 0.5 * erfc(-z / _SQRT_2)


def horner(coefficients: Sequence[float], x: float) -> float:
    """A polynomial of degree 7; `coefficients` start with the highest power."""
    total = coefficients[0]
    for index in range(1, 8):
        total = total * x + coefficients[index]
    return total


def normal_centre(q: float) -> float:
    """The standard normal quantile of 0.5 + `q`, for `q` from -0.425 to 0.425: algorithm AS 241."""
    r = 0.180625 - q * q
    return horner(_CENTRAL, r) * q / horner(_CENTRAL_DENOMINATOR, r)


def normal_tail(r: float) -> float:
    """The z whose standard normal upper tail is ``exp(-r^2)``, for `r` from 1.6 to 27: algorithm AS 241."""
    if r <= 5.0:
        return horner(_MIDDLE, r - 1.6) / horner(_MIDDLE_DENOMINATOR, r - 1.6)
    return horner(_TAIL, r - 5.0) / horner(_TAIL_DENOMINATOR, r - 5.0)


def normal_quantile(share: float) -> float:
    """The inverse of `normal_cdf` for a share strictly between 0 and 1, to 16 digits: algorithm AS 241."""
    q = share - 0.5
    if -_CENTRAL_LIMIT <= q <= _CENTRAL_LIMIT:
        return normal_centre(q)
    x = normal_tail(sqrt(-log(share if q <= 0.0 else 1.0 - share)))
    return -x if q < 0.0 else x


def normal_inverse_hazard_far(amount: float) -> float:
    """`normal_inverse_hazard` where the survival underflows: Newton steps, with a slope of about ``z + 1 / z``."""
    z = sqrt(2.0 * amount)
    if z == inf:
        return z
    # The first guess is less than 0.13 too large; each step squares the error and divides it by 2 z, with z >= 37.
    for _ in range(3):
        z -= (normal_hazard(z) - amount) / (z + 1.0 / z)
    return z


def normal_inverse_hazard(amount: float) -> float:
    """The z at which the cumulative hazard of the standard normal distribution reaches a positive amount.

    This is the quantile of the survival probability ``exp(-amount)``. Algorithm AS 241 takes the square root of minus
    the logarithm of the tail probability. For the upper tail that is the square root of the amount, without loss of
    precision.
    """
    if amount > _LARGEST_HAZARD:
        return normal_inverse_hazard_far(amount)
    q = 0.5 - exp(-amount)
    if -_CENTRAL_LIMIT <= q <= _CENTRAL_LIMIT:
        return normal_centre(q)
    return normal_tail(sqrt(amount)) if q > 0.0 else -normal_tail(sqrt(-log(-expm1(-amount))))


def gamma_log_prefactor(shape: float, x: float) -> float:
    """Logarithm of ``x^shape e^-x / Gamma(shape)``: of x times the density of the gamma distribution with scale 1."""
    if shape < _STIRLING_FROM:
        return shape * log(x) - x - log_gamma(shape)
    # Expand around the peak at x = shape: the three terms above are large here and would cancel.
    off = (x - shape) / shape
    drop = log1p(off) - off if off > -0.5 else log(x / shape) - off
    return shape * drop + 0.5 * log(shape) - _HALF_LOG_TWO_PI - stirling_correction(shape)


def gamma_hazard_erlang(shape: float, x: float) -> tuple[float, float]:
    """`gamma_hazard_and_slope` for an integer shape: the survival is e^-x times the first terms of e^x."""
    term, total, n = 1.0, 1.0, 1.0
    while n < shape:
        term *= x / n
        total += term
        n += 1.0
    return x - log(total), x * term / total


def gamma_hazard_series(shape: float, x: float) -> tuple[float, float]:
    """`gamma_hazard_and_slope` by the series of the lower incomplete gamma function (Abramowitz and Stegun 6.5.29)."""
    term, total, n = 1.0, 1.0, shape
    for _ in range(_MAX_ITERATIONS):
        n += 1.0
        term *= x / n
        total += term
        if term < total * 1e-17:
            break
    front = exp(gamma_log_prefactor(shape, x))
    share = front * total / shape
    left = 1.0 - share
    # For a large share the subtraction loses no digit, and log is twice as fast as log1p.
    return -log(left) if left < 0.7 else -log1p(-share), front / left


def gamma_hazard_continued_fraction(shape: float, x: float) -> tuple[float, float]:
    """`gamma_hazard_and_slope` by the continued fraction of the upper incomplete gamma function.

    Evaluated forwards with separate numerators and denominators, so that no step needs a division (Numerical Recipes,
    3rd edition, 5.2 and 6.2).
    """
    b, n = x + 1.0 - shape, 0.0
    above_before, above = 0.0, 1.0 / b
    below_before, below = 1.0 / b, 1.0
    for _ in range(_MAX_ITERATIONS):
        n += 1.0
        a = n * (shape - n)
        b += 2.0
        above_before, above = above, b * above + a * above_before
        below_before, below = below, b * below + a * below_before
        if abs(above * below_before - above_before * below) <= 1e-16 * above * below_before:
            break
        if below > _RESCALE_ABOVE:
            above_before, above = above_before / _RESCALE_ABOVE, above / _RESCALE_ABOVE
            below_before, below = below_before / _RESCALE_ABOVE, below / _RESCALE_ABOVE
    pace = below / above
    return log(pace) - gamma_log_prefactor(shape, x), pace


def gamma_hazard_and_slope(shape: float, x: float) -> tuple[float, float]:
    """Cumulative hazard of the gamma distribution with scale 1 at a positive x, and x times the hazard rate there."""
    if shape == 1.0:
        return x, x
    if shape <= _ERLANG_UP_TO and shape == floor(shape):
        # At smaller x the closed form would be a small difference of large numbers.
        lowest = max(0.25 * shape, shape - 1.5 * sqrt(shape))
        if lowest < x < _ERLANG_WITHIN:
            return gamma_hazard_erlang(shape, x)
    return gamma_hazard_series(shape, x) if x < shape + 1.0 else gamma_hazard_continued_fraction(shape, x)


def gamma_hazard(shape: float, x: float) -> float:
    """Cumulative hazard of the gamma distribution with scale 1: -log Q(shape, x), the regularised incomplete gamma."""
    return gamma_hazard_and_slope(shape, x)[0] if x > 0.0 else 0.0


def gamma_inverse_lower_tail(shape: float, amount: float) -> float:
    """First guess in the lower tail: the inverted series of the lower incomplete gamma function.

    Five terms, as in DiDonato and Morris (1986, doi:10.1145/22721.23109).
    """
    a, one = shape, shape + 1.0
    lead = exp((log(-expm1(-amount)) + log_gamma(one)) / shape)
    third = (3.0 * a + 5.0) / (2.0 * one * one * (a + 2.0))
    fourth = (31.0 + a * (33.0 + a * 8.0)) / (3.0 * one * one * one * (a + 2.0) * (a + 3.0))
    fifth = 2888.0 + a * (5661.0 + a * (3971.0 + a * (1179.0 + a * 125.0)))
    fifth /= 24.0 * (one * one * (a + 2.0)) * (one * one * (a + 2.0)) * (a + 3.0) * (a + 4.0)
    return lead * (1.0 + lead * (1.0 / one + lead * (third + lead * (fourth + lead * fifth))))


def gamma_inverse_upper_tail(shape: float, amount: float) -> float:
    """First guess in the upper tail: the asymptotic form of the upper incomplete gamma, solved by iteration."""
    base = amount - log_gamma(shape)
    x = max(base, shape, 0.5)
    for _ in range(3):
        x = max(0.5, base + (shape - 1.0) * log(x) - log1p((1.0 - shape) / (x + 1.0)))
    return x


def gamma_inverse_guess(shape: float, amount: float) -> float:
    """A first guess of `gamma_inverse_hazard`, accurate to a few per cent outside the tails.

    In the middle, the cube root of the age is approximately normal (Wilson and Hilferty 1931,
    doi:10.1073/pnas.17.12.684). Shapes of 2 or more use two further terms, from the Cornish-Fisher expansion.
    """
    if amount > 3.0 + 3.0 * shape:
        return gamma_inverse_upper_tail(shape, amount)
    z, s = normal_inverse_hazard(amount), 1.0 / sqrt(shape)
    root = 1.0 + s * (z / 3.0 - s / 9.0)
    if root < (0.6 if shape >= 2.0 else 0.75):
        return gamma_inverse_lower_tail(shape, amount)
    if shape >= 2.0:
        zz = z * z
        root += s * s * s * (z * (3.0 - zz) / 324.0 + s * (zz * (zz + 4.0) - 7.0) / 1215.0)
    return shape * root * root * root


def gamma_inverse_step(shape: float, x: float, amount: float) -> tuple[float, float]:
    """The step from log x to the logarithm of `gamma_inverse_hazard`, and the size of its last term.

    A series of the logarithm of time in the logarithm of the hazard, to the fifth order. All derivatives follow from
    `pace`, whose logarithmic derivative is ``m = pace + shape - x``. Where the series does not converge, Newton's step.
    """
    reached, pace = gamma_hazard_and_slope(shape, x)
    if reached <= 0.0:
        return 0.0, 0.0
    s = pace / reached
    e = log(amount / reached) / s
    # m, q: logarithmic derivatives of the pace and of s = d log hazard / d log x; then their own derivatives.
    m = pace + shape - x
    m1 = pace * m - x
    m2 = pace * (m * m + m1) - x
    m3 = pace * (m * (m * m + 3.0 * m1) + m2) - x
    q = m - s
    q1 = m1 - s * q
    q2 = m2 - s * (q * q + q1)
    q3 = m3 - s * (q * (q * q + 3.0 * q1) + q2)
    third = (2.0 * q * q - q1) / 6.0
    fourth = (q * (7.0 * q1 - 6.0 * q * q) - q2) / 24.0
    fifth = (q * (q * (24.0 * q * q - 46.0 * q1) + 11.0 * q2) + 7.0 * q1 * q1 - q3) / 120.0
    last = fifth * e * e * e * e
    if not abs(last) < _SERIES_LIMIT:
        return e, abs(e)
    return e * (1.0 + e * (e * (third + e * fourth) - 0.5 * q) + last), abs(e * last)


def gamma_inverse_hazard(shape: float, amount: float) -> float:
    """The age at which the cumulative hazard of the gamma distribution with scale 1 reaches a positive amount.

    One step from `gamma_inverse_guess` is nearly always enough, and iteration always converges: log hazard as a
    function of log time is concave or convex, with slopes between 1 and the shape, so Newton's method needs no bracket.
    """
    if shape == 1.0 or amount == inf:
        return amount
    x = gamma_inverse_guess(shape, amount)
    for _ in range(_MAX_ITERATIONS):
        if x < _SMALLEST:
            return x
        step, last = gamma_inverse_step(shape, x, amount)
        x *= exp(step)
        if last < _TOLERANCE:
            break
    return x


KERNELS = (
    log_gamma,
    stirling_correction,
    normal_hazard,
    normal_cdf,
    horner,
    normal_centre,
    normal_tail,
    normal_quantile,
    normal_inverse_hazard_far,
    normal_inverse_hazard,
    gamma_log_prefactor,
    gamma_hazard_erlang,
    gamma_hazard_series,
    gamma_hazard_continued_fraction,
    gamma_hazard_and_slope,
    gamma_hazard,
    gamma_inverse_lower_tail,
    gamma_inverse_upper_tail,
    gamma_inverse_guess,
    gamma_inverse_step,
    gamma_inverse_hazard,
)
"""Functions to compile, callees before callers."""
