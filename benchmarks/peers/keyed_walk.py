"""A plain walk in Numba with keyed random numbers, one customer after another: the practical limit of one core.

Every draw is one of `simulation.random.streams`, keyed by customer, kind and occurrence, as in our engines, and events
happen in order of time. Nothing is here that this journey does not need: a dwell is one exponential with the total
rate of its stage, and a second draw is the destination. What an engine for any journey takes beyond this time is the
price of what else it can do.
"""

import sys
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from benchmarks.peers.model import (
    CHURNED,
    LIVE,
    MOVES_FROM,
    RATE_OUT,
    SIGNALS_PER_DAY,
    STAGES,
    START,
    Result,
    result,
    shares_of_moves,
)
from simulation.population import draw
from simulation.population.draw import pick
from simulation.random import streams
from simulation.random.streams import customer_key, exponential, mix, uniform

DWELL, DESTINATION = 0, 1
"""Contexts of the two draws of a move."""


class Journey(NamedTuple):
    """The journey as arrays, by stage.

    Attributes:
        start: Code of the first stage.
        churned: Code of the last one.
        mean_dwell: Mean dwell in days.
        shares: Cumulative shares of the destinations.
        destinations: Their codes.
        mean_gap: Mean days between two signals.
    """

    start: int
    churned: int
    mean_dwell: Any
    shares: Any
    destinations: Any
    mean_gap: float


def _journey() -> Journey:
    most = max(map(len, MOVES_FROM.values()))
    shares, destinations = np.ones((len(LIVE), most)), np.zeros((len(LIVE), most), dtype=int)
    for stage, name in enumerate(LIVE):
        moves = MOVES_FROM[name]
        # The last share stays 1, not a sum that rounding may leave below the largest draw.
        shares[stage, : len(moves) - 1] = np.cumsum(shares_of_moves(name))[:-1]
        destinations[stage, : len(moves)] = [STAGES.index(move.destination) for move in moves]
    # A customer who has churned has a next move too, which never comes.
    mean_dwell = np.array([*(1.0 / RATE_OUT[stage] for stage in LIVE), np.inf])
    return Journey(STAGES.index(START), STAGES.index(CHURNED), mean_dwell, shares, destinations, 1.0 / SIGNALS_PER_DAY)


def walk(journey: Journey, seed: int, customers: int, days: float, occupancy: Any) -> tuple[int, int]:
    """Simulate all customers.

    Args:
        journey: The journey.
        seed: Of the random streams.
        customers: Number of customers.
        days: The horizon.
        occupancy: Receives the number of customers by stage at the end.

    Returns:
        The numbers of moves and of signals.
    """
    moves, signals = 0, 0
    for customer in range(customers):
        key = customer_key(seed, 0, customer)
        stage, visit, heard = journey.start, 0, 0
        move_at = journey.mean_dwell[stage] * exponential(key, streams.MOVE, DWELL, visit)
        signal_at = journey.mean_gap * exponential(key, streams.NOISE, 0, heard)
        while stage != journey.churned and min(move_at, signal_at) < days:
            if signal_at < move_at:
                heard += 1
                signal_at += journey.mean_gap * exponential(key, streams.NOISE, 0, heard)
            else:
                choice = pick(journey.shares[stage], uniform(key, streams.MOVE, DESTINATION, visit))
                stage = journey.destinations[stage, choice]
                visit += 1
                move_at += journey.mean_dwell[stage] * exponential(key, streams.MOVE, DWELL, visit)
        occupancy[stage] += 1
        moves += visit
        signals += heard
    return moves, signals


KERNELS = (walk,)
"""The function that compiled code begins with."""
INLINED = (mix, customer_key, uniform, exponential, pick)
"""The functions that compiled code inlines."""


@cache
def _compiled_walk() -> Any:
    from journey.runtime.jit import NO_REFCOUNT_OPTIONS, compile_kernels
    from simulation.kernels.stream_constants import unsigned_stream_constants

    return compile_kernels(
        streams,
        draw,
        sys.modules[__name__],
        entries=(walk,),
        constants=unsigned_stream_constants(),
        options=NO_REFCOUNT_OPTIONS,
        non_negative_indices=True,
    ).walk


def run(customers: int, days: int, seed: int) -> Result:
    """Simulate a cohort."""
    occupancy = np.zeros(len(STAGES), dtype=int)
    moves, signals = _compiled_walk()(_journey(), seed, customers, float(days), occupancy)
    return result(moves, signals, dict(zip(STAGES, occupancy.tolist(), strict=True)))
