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
"""

from math import exp, expm1, inf, lgamma, log1p, pi, sin

EXPONENTIAL = 0
WEIBULL = 1
LOG_LOGISTIC = 2
DETERMINISTIC = 3

NEVER = inf


def wound(law: int, a: float, age: float, unit_exponential: float) -> float:
    """The amount a clock of this age starts with: the unit-exponential draw, or what is left of a fixed stay.

    A unit-exponential amount on top of the age is the law of the residual wait, given that the wait has lasted until
    this age: customers who are met in mid-stay need no other treatment.
    """
    if law == DETERMINISTIC:
        return max(0.0, a - age)
    return unit_exponential


def cumulative_hazard(law: int, a: float, b: float, age: float) -> float:
    """``H(age)``: hazard integrated from 0 to `age` days."""
    if age <= 0.0:
        return 0.0
    if law == EXPONENTIAL:
        return a * age
    if law == WEIBULL:
        return float((age / a) ** b)
    if law == LOG_LOGISTIC:
        return log1p((age / a) ** b)
    return age


def age_at(law: int, a: float, b: float, amount: float) -> float:
    """The age in days at which the cumulative hazard reaches `amount`: the inverse of `cumulative_hazard`."""
    if amount <= 0.0:
        return 0.0
    if law == EXPONENTIAL:
        return amount / a
    if law == WEIBULL:
        return float(a * amount ** (1.0 / b))
    if law == LOG_LOGISTIC:
        if amount > 700.0:
            return NEVER
        return float(a * expm1(amount) ** (1.0 / b))
    return amount


def due_in(law: int, a: float, b: float, age: float, amount: float, ratio: float) -> float:
    """Days until a clock of this age runs out.

    Args:
        law: Which law, with its parameters `a` and `b`.
        a: First parameter.
        b: Second parameter.
        age: Age of the clock, in days.
        amount: Unit-exponential amount still left.
        ratio: Hazard ratio in force; 0 stops the clock.
    """
    if ratio <= 0.0:
        return NEVER
    wait = age_at(law, a, b, amount / ratio + cumulative_hazard(law, a, b, age)) - age
    # Going through H and back can lose a few ulps on an old clock: time never runs backwards.
    return max(0.0, wait)


def amount_after(law: int, a: float, b: float, age: float, amount: float, ratio: float, elapsed: float) -> float:
    """The amount left after `elapsed` days at a hazard ratio."""
    used = ratio * (cumulative_hazard(law, a, b, age + elapsed) - cumulative_hazard(law, a, b, age))
    left = amount - used
    return max(0.0, left)


def scale_for_mean(law: int, mean_days: float, shape: float) -> tuple[float, float]:
    """Parameters ``(a, b)`` of a law with this mean.

    Args:
        law: Which law.
        mean_days: Mean of the law, in days, more than 0.
        shape: Shape of a Weibull (more than 0) or log-logistic law (more than 1, else it has no mean).
    """
    if law == EXPONENTIAL:
        return 1.0 / mean_days, 0.0
    if law == WEIBULL:
        return mean_days / exp(lgamma(1.0 + 1.0 / shape)), shape
    if law == LOG_LOGISTIC:
        return mean_days * sin(pi / shape) / (pi / shape), shape
    return mean_days, 0.0


class Clock:
    """One running clock of one customer: an amount, a law, and the absolute time at which it runs out."""

    __slots__ = ("a", "age", "amount", "b", "due", "law", "ratio", "since")

    def __init__(self, law: int, a: float, b: float, amount: float, now: float, ratio: float, age: float = 0.0) -> None:
        """Wind a clock at time `now`; see `due_in` for the parameters."""
        self.law = law
        self.a = a
        self.b = b
        self.amount = amount
        self.since = now
        self.ratio = ratio
        self.age = age
        self.due = now + due_in(law, a, b, age, amount, ratio)

    def run_at(self, now: float, ratio: float) -> None:
        """Go on from `now` at another hazard ratio, keeping the amount left.

        A ratio that does not change leaves the clock untouched, to the last bit: a change that changes nothing must
        not show in any trace.
        """
        if ratio == self.ratio:
            return
        elapsed = now - self.since
        self.amount = amount_after(self.law, self.a, self.b, self.age, self.amount, self.ratio, elapsed)
        self.age += elapsed
        self.since = now
        self.ratio = ratio
        self.due = now + due_in(self.law, self.a, self.b, self.age, self.amount, ratio)


KERNELS = (wound, cumulative_hazard, age_at, due_in, amount_after)
"""The functions that compiled code uses, callees before callers."""
