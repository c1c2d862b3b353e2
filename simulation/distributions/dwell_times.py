"""Clocks: how long until something happens, and what is left of the wait when its hazard changes.

A clock is wound with a unit-exponential amount and runs down by integrated hazard. When a multiplier changes in
mid-flight the amount left is kept, not redrawn (the modified next reaction method, Anderson 2007,
doi:10.1063/1.2799998), so two arms that differ only in a multiplier still share their luck.

Each law is given by its cumulative hazard ``H(t) = -log S(t)`` and the inverse of it, as scalar functions of
``(law, a, b)``:

    law            a              b         H(t)
    EXPONENTIAL    rate (1/day)   -         a t
    WEIBULL        scale (days)   shape     (t / a)^b
    LOG_LOGISTIC   scale (days)   shape     log(1 + (t / a)^b)
    DETERMINISTIC  days           -         t, against an amount of a: a hazard ratio scales the clock's speed
    LOG_NORMAL     median (days)  sigma     -log(1 - Phi(log(t / a) / b))
    GAMMA          scale (days)   shape     -log Q(b, t / a)
    EMPIRICAL      first knot     knots     straight between knots (t, H), and on with the last slope

The knots of all empirical laws stand in one flat sequence ``t, H, t, H, ...``; `a` and `b` count in pairs.
"""

from collections.abc import Sequence
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


def initial_amount(law: int, a: float, age: float, unit_exponential: float) -> float:
    """The amount a clock of this age starts with: the unit-exponential draw, or what is left of a fixed stay.

    A unit-exponential amount on top of the age is the law of the residual wait, given that the wait has lasted until
    this age: customers who are met in mid-stay need no other treatment.
    """
    if law == DETERMINISTIC:
        return max(0.0, a - age)
    return unit_exponential


def hazard_between_knots(first: int, count: int, age: float, knots: Sequence[float]) -> float:
    """``H(age)`` of an empirical law; see the module."""
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
        return float((age / a) ** b)
    return slow_cumulative_hazard(law, a, b, age, knots)


def slow_cumulative_hazard(law: int, a: float, b: float, age: float, knots: Sequence[float]) -> float:
    """`cumulative_hazard` of the laws that take more to compute than a call costs."""
    if law == LOG_LOGISTIC:
        return log1p((age / a) ** b)
    if law == LOG_NORMAL:
        return normal_hazard(log(age / a) / b)
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
        return float(a * amount ** (1.0 / b))
    return slow_inverse_cumulative_hazard(law, a, b, amount, knots)


def slow_inverse_cumulative_hazard(law: int, a: float, b: float, amount: float, knots: Sequence[float]) -> float:
    """`inverse_cumulative_hazard` of the laws that take more to compute than a call costs."""
    if law == LOG_LOGISTIC:
        if amount > 700.0:
            return NEVER
        return float(a * expm1(amount) ** (1.0 / b))
    if law == LOG_NORMAL:
        return a * exp(b * normal_inverse_hazard(amount))
    if law == GAMMA:
        return a * gamma_inverse_hazard(b, amount)
    if law == EMPIRICAL:
        return inverse_hazard_between_knots(int(a), int(b), amount, knots)
    return amount


def wait_until(law: int, a: float, b: float, age: float, amount: float, knots: Sequence[float]) -> float:
    """Days from an age until the cumulative hazard reaches an amount that was not reached before that age."""
    # Going through H and back can lose a few ulps on an old clock: time never runs backwards.
    return max(0.0, inverse_cumulative_hazard(law, a, b, amount, knots) - age)


def due_in(law: int, a: float, b: float, age: float, amount: float, ratio: float, knots: Sequence[float]) -> float:
    """Days until a clock of this age runs out.

    Args:
        law: Which law, with its parameters `a` and `b`.
        a: First parameter.
        b: Second parameter.
        age: Age of the clock, in days.
        amount: Unit-exponential amount still left.
        ratio: Hazard ratio in force; 0 stops the clock.
        knots: The knots of empirical laws.
    """
    if ratio <= 0.0:
        return NEVER
    return wait_until(law, a, b, age, amount / ratio + cumulative_hazard(law, a, b, age, knots), knots)


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
    """The amount left after `elapsed` days at a hazard ratio, and the wait from there at the `next_ratio` one.

    The wait is that of `due_in`; the cumulative hazard at the new age serves both.
    """
    now = age + elapsed
    reached = cumulative_hazard(law, a, b, now, knots)
    remaining = max(0.0, amount - ratio * (reached - cumulative_hazard(law, a, b, age, knots)))
    if next_ratio <= 0.0:
        return remaining, NEVER
    return remaining, wait_until(law, a, b, now, remaining / next_ratio + reached, knots)


def scale_for_mean(law: int, mean_days: float, shape: float) -> tuple[float, float]:
    """Parameters ``(a, b)`` of a law with this mean.

    Args:
        law: Which law.
        mean_days: Mean of the law, in days, more than 0.
        shape: Shape of a Weibull or gamma law (more than 0), of a log-logistic law (more than 1, else it has no mean),
            or standard deviation of the logarithm of a log-normal law (more than 0).
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


class Clock:
    """One running clock of one customer: an amount, a law, and the absolute time at which it runs out."""

    __slots__ = ("a", "age", "amount", "b", "due", "knots", "law", "ratio", "since")

    def __init__(
        self,
        law: int,
        a: float,
        b: float,
        amount: float,
        now: float,
        ratio: float,
        age: float = 0.0,
        knots: Sequence[float] = (),
    ) -> None:
        """Wind a clock at time `now`; see `due_in` for the parameters."""
        self.knots = knots
        self.law = law
        self.a = a
        self.b = b
        self.amount = amount
        self.since = now
        self.ratio = ratio
        self.age = age
        self.due = now + due_in(law, a, b, age, amount, ratio, knots)

    def set_hazard_ratio(self, now: float, ratio: float) -> None:
        """Go on from `now` at another hazard ratio, keeping the amount left.

        A ratio that does not change leaves the clock untouched, to the last bit: a change that changes nothing must
        not show in any trace.
        """
        if ratio == self.ratio:
            return
        elapsed = now - self.since
        self.amount, wait = advance(
            self.law, self.a, self.b, self.age, self.amount, self.ratio, elapsed, ratio, self.knots
        )
        self.age += elapsed
        self.since = now
        self.ratio = ratio
        self.due = now + wait


KERNELS = (
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
)
"""The functions that compiled code uses, callees before callers."""
