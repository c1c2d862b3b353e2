"""Absorbing Markov chains: expected visits, expected time to absorption, and absorption probabilities.

Kemeny and Snell (1960), "Finite Markov Chains", chapter III; Grinstead and Snell (1997), "Introduction to Probability",
chapter 11. Chains with states from which absorption is impossible are refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    FloatArray = npt.NDArray[np.float64]


def transient_states(transitions: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Which states of a discrete-time chain are not absorbing, shape (n,).

    Args:
        transitions: Shape (n, n), transition probabilities; rows add up to 1.
    """
    matrix = np.asarray(transitions, dtype=np.float64)
    return np.asarray(np.diag(matrix) < 1.0)


def fundamental_matrix(transitions: npt.ArrayLike) -> FloatArray:
    """Expected visits ``N = (I - Q)^-1`` to each transient state, from each transient state.

    Args:
        transitions: Shape (n, n), transition probabilities; rows add up to 1.

    Raises:
        ValueError: From some state the chain is never absorbed.
    """
    matrix = np.asarray(transitions, dtype=np.float64)
    transient = transient_states(matrix)
    return _checked_inverse(np.eye(int(transient.sum())) - matrix[np.ix_(transient, transient)])


def expected_steps(transitions: npt.ArrayLike) -> FloatArray:
    """Expected number of steps to absorption from each transient state: ``N 1``."""
    return np.asarray(fundamental_matrix(transitions).sum(axis=1))


def absorption_probabilities(transitions: npt.ArrayLike) -> FloatArray:
    """Probability of each absorbing state (columns) from each transient state (rows): ``N R``."""
    matrix = np.asarray(transitions, dtype=np.float64)
    transient = transient_states(matrix)
    return np.asarray(fundamental_matrix(matrix) @ matrix[np.ix_(transient, ~transient)])


def embedded_chain(generator: npt.ArrayLike) -> FloatArray:
    """The embedded jump chain of a generator; a state without exits is absorbing.

    Args:
        generator: Shape (n, n), rates per day; rows add up to 0.
    """
    rates = np.asarray(generator, dtype=np.float64)
    out = -np.diag(rates)
    steps = np.eye(len(rates))
    moving = out > 0.0
    steps[moving] = rates[moving] / out[moving, None]
    steps[moving, np.flatnonzero(moving)] = 0.0
    return steps


def mean_sojourns(generator: npt.ArrayLike) -> FloatArray:
    """Expected duration of one visit to each state in days, shape (n,); infinite for absorbing states."""
    out = -np.diag(np.asarray(generator, dtype=np.float64))
    return np.asarray(np.divide(1.0, out, out=np.full(len(out), np.inf), where=out > 0.0))


def expected_days(generator: npt.ArrayLike) -> FloatArray:
    """Expected days to absorption from each transient state: ``(-T)^-1 1`` with T the rates among transient states.

    Raises:
        ValueError: From some state the journey is never absorbed.
    """
    return expected_totals(generator, np.ones(len(np.asarray(generator))))


def expected_totals(generator: npt.ArrayLike, rewards: npt.ArrayLike) -> FloatArray:
    """Expected rewards up to absorption from each transient state: ``(-T)^-1 r``.

    By elimination without subtractions, so that rates of very different size cost no digits: each state is removed, and
    the rates and rewards of its visits are passed on to the states that lead to it (O'Cinneide 1993,
    Numerische Mathematik 65).

    Args:
        generator: Shape (n, n), rates per day; rows add up to 0.
        rewards: Shape (n,) or (n, m), amounts per day in each state, 0 or more; those of absorbing states are ignored.

    Returns:
        Shape (transient states,) or (transient states, m).

    Raises:
        ValueError: From some state the journey is never absorbed.
    """
    rates = np.asarray(generator, dtype=np.float64)
    transient = np.diag(rates) < 0.0
    inside, ends = rates[np.ix_(transient, transient)], rates[np.ix_(transient, ~transient)].sum(axis=1)
    amounts = np.array(rewards, dtype=np.float64)[transient]
    out = np.zeros(len(inside))
    for state in range(len(inside) - 1, -1, -1):
        out[state] = inside[state, :state].sum() + ends[state]
        if out[state] <= 0.0:
            raise ValueError("the chain has states from which it never ends")
        passed = inside[:state, state] / out[state]
        inside[:state, :state] += np.outer(passed, inside[state, :state])
        ends[:state] += passed * ends[state]
        amounts[:state] += np.multiply.outer(passed, amounts[state])
    totals = np.zeros_like(amounts)
    for state in range(len(inside)):
        totals[state] = (amounts[state] + inside[state, :state] @ totals[:state]) / out[state]
    return totals


def _checked_inverse(matrix: FloatArray) -> FloatArray:
    try:
        inverse = np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        inverse = np.full_like(matrix, np.nan)
    # A chain with a closed class gives a singular matrix, or by rounding an almost singular one.
    if not (np.all(np.isfinite(inverse)) and np.all(inverse > -1e-9)):
        raise ValueError("the chain has states from which it never ends")
    return np.asarray(inverse)
