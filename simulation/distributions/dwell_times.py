"""Clocks: the time until an event, and the remaining time when its hazard ratio changes.

A clock starts with a unit-exponential amount, which decreases by the integrated hazard. When the hazard ratio changes,
the remaining amount is kept, not redrawn (the modified next reaction method, Anderson 2007, doi:10.1063/1.2799998). So
two arms that differ only in a hazard ratio still use common random numbers.

Each distribution is given by its cumulative hazard ``H(t) = -log S(t)`` and the inverse of it, as scalar functions of
``(law, a, b)``:

    law            a              b         H(t)
    EXPONENTIAL    rate (1/day)   -         a t
    WEIBULL        scale (days)   shape     (t / a)^b
    LOG_LOGISTIC   scale (days)   shape     log(1 + (t / a)^b)
    DETERMINISTIC  days           -         t, with an initial amount of a: a hazard ratio scales the clock's speed
    LOG_NORMAL     median (days)  sigma     -log(1 - Phi(log(t / a) / b))
    GAMMA          scale (days)   shape     -log Q(b, t / a)
    EMPIRICAL      first knot     knots     piecewise linear between knots (t, H), extended with the last slope

The knots of all empirical distributions are in one flat sequence ``t, H, t, H, ...``; `a` and `b` count pairs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, expm1, inf, lgamma, log, log1p, pi, sin

from simulation.distributions.special_functions import (
    gamma_hazard,
    gamma_inverse_hazard,
    normal_hazard,
    normal_inverse_hazard,
)

EXPONENTIAL = 0
WEIBULL = 1
LOG_LOGISTIC = 2
DETERMINISTIC = 3
LOG_NORMAL = 4
GAMMA = 5
EMPIRICAL = 6

NEVER = inf

_LARGEST_EXPONENT = 700.0
"""Above this argument an exponential function is infinite in compiled code, and an error in interpreted code."""

_LARGEST_POWER, _LOG_OF_LARGEST_POWER = 1e300, 690.0
_SAFE_BASE, _SAFE_EXPONENT = 1e6, 50.0
"""No power of a smaller base with a smaller exponent overflows; the exponent is the largest shape of a distribution."""


def power(base: float, exponent: float) -> float:
    """``base ** exponent``, at most 1e300: more is infinite in compiled code, and an error in interpreted code.

    A hazard must be finite, because the amounts of running clocks are differences of hazards.

    Args:
        base: At least 0.
        exponent: More than 0.
    """
    if (base > _SAFE_BASE or (exponent > _SAFE_EXPONENT and base > 1.0)) and exponent * log(
        base
    ) > _LOG_OF_LARGEST_POWER:
        return _LARGEST_POWER
    return float(base**exponent)


def initial_amount(law: int, a: float, age: float, unit_exponential: float) -> float:
    """The initial amount of a clock of this age: the unit-exponential draw, or the rest of a deterministic dwell.

    A unit-exponential amount from the current age on gives the distribution of the residual time, given survival to
    that age. So customers who start in the middle of a stay need no special case.
    """
    if law == DETERMINISTIC:
        return max(0.0, a - age)
    return unit_exponential


def hazard_between_knots(first: int, count: int, age: float, knots: Sequence[float]) -> float:
    """``H(age)`` of an empirical distribution; see the module's docstring."""
    index = first
    while index < first + count - 2 and knots[2 * (index + 1)] < age:
        index += 1
    start, reached = knots[2 * index], knots[2 * index + 1]
    slope = (knots[2 * index + 3] - reached) / (knots[2 * index + 2] - start)
    return reached + slope * (age - start)


def inverse_hazard_between_knots(first: int, count: int, amount: float, knots: Sequence[float]) -> float:
    """The inverse of `hazard_between_knots`."""
    index = first
    while index < first + count - 2 and knots[2 * (index + 1) + 1] < amount:
        index += 1
    start, reached = knots[2 * index], knots[2 * index + 1]
    rise = knots[2 * index + 3] - reached
    if rise <= 0.0:
        return NEVER
    return start + (amount - reached) * (knots[2 * index + 2] - start) / rise


def cumulative_hazard(law: int, a: float, b: float, age: float, knots: Sequence[float]) -> float:
    """``H(age)``: hazard integrated from 0 to `age` days."""
    if age <= 0.0:
        return 0.0
    if law == EXPONENTIAL:
        return a * age
    if law == WEIBULL:
        return power(age / a, b)
    return slow_cumulative_hazard(law, a, b, age, knots)


def slow_cumulative_hazard(law: int, a: float, b: float, age: float, knots: Sequence[float]) -> float:
    """`cumulative_hazard` of the distributions whose computation costs more than a function call."""
    if law == LOG_LOGISTIC:
        return log1p(power(age / a, b))
    if law == LOG_NORMAL:
        share = age / a
        # A share that underflows to 0 has no logarithm.
        return normal_hazard(log(share) / b) if share > 0.0 else 0.0
    if law == GAMMA:
        return gamma_hazard(b, age / a)
    if law == EMPIRICAL:
        return hazard_between_knots(int(a), int(b), age, knots)
    return age


def inverse_cumulative_hazard(law: int, a: float, b: float, amount: float, knots: Sequence[float]) -> float:
    """The age in days at which the cumulative hazard reaches `amount`: the inverse of `cumulative_hazard`."""
    if amount <= 0.0:
        return 0.0
    if law == EXPONENTIAL:
        return amount / a
    if law == WEIBULL:
        return a * power(amount, 1.0 / b)
    return slow_inverse_cumulative_hazard(law, a, b, amount, knots)


def slow_inverse_cumulative_hazard(law: int, a: float, b: float, amount: float, knots: Sequence[float]) -> float:
    """`inverse_cumulative_hazard` of the distributions whose computation costs more than a function call."""
    if law == LOG_LOGISTIC:
        if amount > _LARGEST_EXPONENT:
            return NEVER
        return float(a * expm1(amount) ** (1.0 / b))
    if law == LOG_NORMAL:
        exponent = b * normal_inverse_hazard(amount)
        return NEVER if exponent > _LARGEST_EXPONENT else a * exp(exponent)
    if law == GAMMA:
        return a * gamma_inverse_hazard(b, amount)
    if law == EMPIRICAL:
        return inverse_hazard_between_knots(int(a), int(b), amount, knots)
    return amount


def wait_until(law: int, a: float, b: float, age: float, amount: float, knots: Sequence[float]) -> float:
    """Days from `age` until the cumulative hazard reaches `amount`, which must not be below the hazard at that age."""
    # Applying H and its inverse can lose a few ulps at high ages; the result must not be negative.
    return max(0.0, inverse_cumulative_hazard(law, a, b, amount, knots) - age)


def due_in(law: int, a: float, b: float, age: float, amount: float, ratio: float, knots: Sequence[float]) -> float:
    """Days until a clock of this age runs out.

    Args:
        law: Code of the distribution, with its parameters `a` and `b`.
        a: First parameter.
        b: Second parameter.
        age: Age of the clock, in days.
        amount: The remaining unit-exponential amount.
        ratio: The current hazard ratio; 0 stops the clock.
        knots: The knots of the empirical distributions.
    """
    if ratio <= 0.0:
        return NEVER
    if ratio != 1.0:
        amount /= ratio
    return wait_until(law, a, b, age, amount + cumulative_hazard(law, a, b, age, knots), knots)


def advance(
    law: int,
    a: float,
    b: float,
    age: float,
    amount: float,
    ratio: float,
    elapsed: float,
    next_ratio: float,
    knots: Sequence[float],
) -> tuple[float, float]:
    """The amount that remains after `elapsed` days at `ratio`, and the wait from then on at `next_ratio`.

    The wait is that of `due_in`. Computing both in one function evaluates the hazard at the new age once.
    """
    now = age + elapsed
    reached = cumulative_hazard(law, a, b, now, knots)
    remaining = max(0.0, amount - ratio * (reached - cumulative_hazard(law, a, b, age, knots)))
    if next_ratio <= 0.0:
        return remaining, NEVER
    return remaining, wait_until(law, a, b, now, remaining / next_ratio + reached, knots)


def scale_for_mean(law: int, mean_days: float, shape: float) -> tuple[float, float]:
    """Parameters ``(a, b)`` of a distribution with this mean.

    Args:
        law: Code of the distribution.
        mean_days: Mean, in days, more than 0.
        shape: Shape of a Weibull or gamma distribution (more than 0), of a log-logistic distribution (more than 1, else
            it has no mean), or standard deviation of the logarithm of a log-normal distribution (more than 0).
    """
    if law == EXPONENTIAL:
        return 1.0 / mean_days, 0.0
    if law == WEIBULL:
        return mean_days / exp(lgamma(1.0 + 1.0 / shape)), shape
    if law == LOG_LOGISTIC:
        return mean_days * sin(pi / shape) / (pi / shape), shape
    if law == LOG_NORMAL:
        return mean_days / exp(0.5 * shape * shape), shape
    if law == GAMMA:
        return mean_days / shape, shape
    return mean_days, 0.0


@dataclass(slots=True)
class Clock:
    """A running clock of a customer; its distribution is given at each call.

    Attributes:
        amount: The unit-exponential amount that remained at `since`.
        age: Age of the clock at `since`, in days.
        since: Day on which the hazard ratio last changed.
        ratio: The hazard ratio since then.
        due: Day on which the clock runs out.
    """

    amount: float = 0.0
    age: float = 0.0
    since: float = 0.0
    ratio: float = 0.0
    due: float = NEVER


def start_clock(
    clock: Clock,
    now: float,
    law: int,
    a: float,
    b: float,
    amount: float,
    age: float,
    ratio: float,
    knots: Sequence[float],
) -> float:
    """Start a clock at time `now`, and return its due time; see `due_in` for the parameters."""
    clock.amount = amount
    clock.age = age
    clock.since = now
    clock.ratio = ratio
    due = now + due_in(law, a, b, age, amount, ratio, knots)
    clock.due = due
    return due


def set_hazard_ratio(
    clock: Clock, now: float, law: int, a: float, b: float, ratio: float, knots: Sequence[float]
) -> None:
    """Continue from `now` at another hazard ratio, with the remaining amount.

    An unchanged ratio leaves the clock bit for bit as it is, so that it cannot change the trace.
    """
    if ratio == clock.ratio:
        return
    elapsed = now - clock.since
    amount, wait = advance(law, a, b, clock.age, clock.amount, clock.ratio, elapsed, ratio, knots)
    clock.amount = amount
    clock.age += elapsed
    clock.since = now
    clock.ratio = ratio
    clock.due = now + wait


KERNELS = (
    power,
    initial_amount,
    hazard_between_knots,
    inverse_hazard_between_knots,
    slow_cumulative_hazard,
    cumulative_hazard,
    slow_inverse_cumulative_hazard,
    inverse_cumulative_hazard,
    wait_until,
    due_in,
    advance,
    start_clock,
    set_hazard_ratio,
)
"""Functions to compile, callees before callers."""

INLINED = (
    power,
    initial_amount,
    cumulative_hazard,
    inverse_cumulative_hazard,
    wait_until,
    due_in,
    advance,
    start_clock,
    set_hazard_ratio,
)
"""Functions to inline, because most events call them."""
