"""The exact answer from the matrix exponential, and a peer's deviations from it.

Occupancy: ``start expm(Q t)`` (Norris 1997, Markov Chains, section 2.1); counts of independent customers are binomial.
Signals: a Poisson stream that lasts as long as the customer, so with L the live time within the horizon, the mean is
``rate E[L]`` and the variance ``rate E[L] + rate^2 Var[L]`` (a mixed Poisson count), a customer. With S(t) the share
still live, ``E[L]`` is the integral of S and ``E[L^2]`` twice the integral of ``t S(t)``.

A peer that goes by days is held to the chain it claims to be: ``start P^days`` with the matrix P of a day. Its signals
are at most one a day, so with K the days begun live, their number is binomial in K:
``E = p E[K]``, ``Var = p (1 - p) E[K] + p^2 Var[K]``.
"""

from functools import cache
from typing import Literal, NamedTuple

import numpy as np
from scipy.integrate import quad_vec
from scipy.linalg import expm

from benchmarks.peers.model import (
    CHURNED,
    LEAVE_CHANCE,
    LIVE,
    MOVES_FROM,
    RATE_OUT,
    SIGNAL_CHANCE,
    SIGNALS_PER_DAY,
    STAGES,
    START,
    Result,
    shares_of_moves,
)

Clock = Literal["continuous", "daily"]
"""Whether a peer uses continuous time or daily steps."""


class Expected(NamedTuple):
    """Expected values for one customer.

    Attributes:
        share: Probability of each stage at the end of the last day.
        signals: Mean number of signals.
        signals_variance: Its variance.
    """

    share: dict[str, float]
    signals: float
    signals_variance: float


def generator() -> np.ndarray:
    """Shape (stages, stages): rates per day, in the order of `STAGES`; rows add up to 0."""
    rates = np.zeros((len(STAGES), len(STAGES)))
    for stage in LIVE:
        here = STAGES.index(stage)
        for move in MOVES_FROM[stage]:
            rates[here, STAGES.index(move.destination)] += 1.0 / move.mean_days
        rates[here, here] -= RATE_OUT[stage]
    return rates


def matrix_of_a_day() -> np.ndarray:
    """Shape (stages, stages): transition probabilities per day, with at most one move a day."""
    chances = np.eye(len(STAGES))
    for stage in LIVE:
        here = STAGES.index(stage)
        chances[here, here] -= LEAVE_CHANCE[stage]
        for move, share in zip(MOVES_FROM[stage], shares_of_moves(stage), strict=True):
            chances[here, STAGES.index(move.destination)] += LEAVE_CHANCE[stage] * share
    return chances


@cache
def expected(clock: Clock, days: int) -> Expected:
    """Expected values for one customer within a number of days, in the time of the peer."""
    return _continuous(days) if clock == "continuous" else _daily(days)


def _start() -> np.ndarray:
    return np.array([float(stage == START) for stage in STAGES])


def _continuous(days: int) -> Expected:
    rates, start, churned = generator(), _start(), STAGES.index(CHURNED)

    def live(t: float) -> np.ndarray:
        share = 1.0 - (start @ expm(rates * t))[churned]
        return np.array([share, 2.0 * t * share])

    (mean, square), _ = quad_vec(live, 0.0, float(days), epsrel=1e-9)
    rate = SIGNALS_PER_DAY
    share = dict(zip(STAGES, (start @ expm(rates * days)).tolist(), strict=True))
    return Expected(share, float(rate * mean), float(rate * mean + rate**2 * (square - mean**2)))


def _daily(days: int) -> Expected:
    chances, now, churned = matrix_of_a_day(), _start(), STAGES.index(CHURNED)
    mean = square = 0.0
    for day in range(days):
        live = 1.0 - now[churned]
        mean, square = mean + live, square + (2 * day + 1) * live
        now = now @ chances
    p = SIGNAL_CHANCE
    share = dict(zip(STAGES, now.tolist(), strict=True))
    return Expected(share, float(p * mean), float(p * (1.0 - p) * mean + p**2 * (square - mean**2)))


LEAST_EXPECTED = 5.0
"""Fewest customers expected in a stage for its count to be taken as normal, as usual for tests on counts."""


def deviations(found: Result, *, customers: int, days: int, clock: Clock) -> dict[str, float]:
    """Deviations of a peer's result from the expected values, in standard errors, by stage and for signals.

    The rarest stages are taken together until five customers or more are expected in them.
    """
    wanted = expected(clock, days)
    z = {}
    for stages in _pooled(wanted.share, customers):
        p, count = sum(wanted.share[stage] for stage in stages), sum(found.occupancy[stage] for stage in stages)
        z[" and ".join(stages)] = (count - customers * p) / (customers * p * (1.0 - p)) ** 0.5
    z["signals"] = (found.signals - customers * wanted.signals) / (customers * wanted.signals_variance) ** 0.5
    return z


def _pooled(share: dict[str, float], customers: int) -> list[list[str]]:
    rising = sorted(share, key=lambda stage: share[stage])
    rare, expected_in_rare = [], 0.0
    while expected_in_rare < LEAST_EXPECTED and len(rising) > 1:
        rare.append(rising.pop(0))
        expected_in_rare += customers * share[rare[-1]]
    return [rare, *([stage] for stage in rising)]


def worst(found: Result, *, customers: int, days: int, clock: Clock) -> float:
    """The largest absolute value of the `deviations`."""
    return max(abs(z) for z in deviations(found, customers=customers, days=days, clock=clock).values())
