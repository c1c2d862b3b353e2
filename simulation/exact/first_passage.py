"""First passage of a continuous-time Markov chain, its visits, and its long-run shares of time.

Norris (1997), "Markov Chains", chapter 3: hitting probabilities and times are solutions of linear systems, and
probabilities within some days are matrix exponentials of the chain that stops where it arrives. Chains may have several
closed classes, and states from which the destination cannot be reached.

All results are by initial state, shape (n,), for a generator of shape (n, n): rates per day whose rows add up to 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulation.exact import absorbing
from simulation.exact.markov import expected_rewards, state_probabilities

if TYPE_CHECKING:
    import numpy.typing as npt

    FloatArray = npt.NDArray[np.float64]
    States = npt.NDArray[np.bool_]


def reach_probabilities(
    generator: FloatArray, target: States, *, avoid: States | None = None, days: float | None = None
) -> FloatArray:
    """Probability of reaching a target state, at once from a target state itself.

    Args:
        generator: The chain.
        target: Shape (n,): the states to reach.
        avoid: Shape (n,): states that must not be reached before; from them the probability is 0. Default: none.
        days: The target must be reached within this number of days. Default: at any time.
    """
    return _arrivals(generator, target, avoid, days) @ np.ones(int(target.sum()))


def arrival_probabilities(generator: FloatArray, target: States) -> FloatArray:
    """Probability that a target state is the first one reached, at any time; shape (n, target states)."""
    return _arrivals(generator, target, None, None)


def _arrivals(generator: FloatArray, target: States, avoid: States | None, days: float | None) -> FloatArray:
    ends = target if avoid is None else target | avoid
    stopped = _stop(generator, ends)
    if days is not None:
        within: FloatArray = state_probabilities(stopped, np.eye(len(generator)), [days])[0]
        return _as_probabilities(within[:, target])
    stopped = _stop(stopped, ~find_predecessors(stopped, target))
    result = np.eye(len(generator))[:, target]
    transient = np.diag(stopped) < 0.0
    if transient.any():
        result[transient] = absorbing.expected_totals(stopped, stopped[:, target])
    return _as_probabilities(result)


def _as_probabilities(values: FloatArray) -> FloatArray:
    """The values without rounding errors of the last bits beyond 0 and 1."""
    return np.clip(values, 0.0, 1.0)


def passage_days(generator: FloatArray, target: States) -> FloatArray:
    """Expected days to the target, of the histories that reach it: ``E[T; T < infinity]``.

    Divided by the probability of reaching it, this is the expected time if it is reached.
    """
    reached = reach_probabilities(generator, target)
    stopped = _stop(generator, target | ~find_predecessors(generator, target))
    transient = np.diag(stopped) < 0.0
    days = np.zeros(len(generator))
    if transient.any():
        days[transient] = absorbing.expected_totals(stopped, reached)
    return days


def restricted_passage_days(generator: FloatArray, target: States, days: float) -> FloatArray:
    """Expected days to the target or to a horizon, whichever comes first: ``E[min(T, days)]``."""
    return expected_rewards(
        _stop(generator, target), np.eye(len(generator)), (~target)[:, None].astype(np.float64), days
    )[:, 0]


def expected_events(generator: FloatArray, rates: FloatArray, days: float | None = None) -> FloatArray:
    """Expected number of events that happen at a rate that depends on the state.

    Args:
        generator: The chain.
        rates: Shape (n,): events per day in each state.
        days: Count events of the first days only. Default: all events.

    Returns:
        The expected numbers; infinite where the chain may end in a closed class with events.
    """
    if days is not None:
        return expected_rewards(generator, np.eye(len(generator)), rates[:, None], days)[:, 0]
    endless = np.zeros(len(generator), dtype=np.bool_)
    for members in find_closed_classes(generator):
        if rates[members].any():
            endless[members] = True
    infinite = find_predecessors(generator, endless)
    stopped = _stop(generator, infinite | ~find_predecessors(generator, rates > 0.0))
    transient = np.diag(stopped) < 0.0
    counts = np.where(infinite, np.inf, 0.0)
    if transient.any():
        counts[transient] = absorbing.expected_totals(stopped, rates)
    return np.where(infinite, np.inf, counts)


def long_run_shares(generator: FloatArray) -> FloatArray:
    """Share of time that the chain spends in each state in the long run, by initial state; shape (n, n)."""
    shares = np.zeros_like(generator)
    for members in find_closed_classes(generator):
        target = np.zeros(len(generator), dtype=np.bool_)
        target[members] = True
        stationary = stationary_distribution(generator[np.ix_(members, members)])
        shares[:, members] += reach_probabilities(generator, target)[:, None] * stationary
    return shares


def stationary_distribution(generator: FloatArray) -> FloatArray:
    """The distribution that an irreducible chain keeps: ``p Q = 0`` with ``p`` adding up to 1. Shape (n,).

    By elimination without subtractions, so that small probabilities have no cancellation (Grassmann, Taksar and Heyman
    1985, doi:10.1287/opre.33.5.1107).
    """
    rates = generator.copy()
    np.fill_diagonal(rates, 0.0)
    for last in range(len(rates) - 1, 0, -1):
        rates[:last, last] /= rates[last, :last].sum()
        rates[:last, :last] += np.outer(rates[:last, last], rates[last, :last])
    weights = np.ones(len(rates))
    for state in range(1, len(rates)):
        weights[state] = weights[:state] @ rates[:state, state]
    return np.asarray(weights / weights.sum())


def find_predecessors(generator: FloatArray, states: States) -> States:
    """Which states can reach one of these states, the states themselves included."""
    found = states.copy()
    while True:
        more = found | ((generator > 0.0) @ found)
        if np.array_equal(more, found):
            return found
        found = more


def find_closed_classes(generator: FloatArray) -> list[npt.NDArray[np.intp]]:
    """The classes of states that reach each other and are never left, each as the indices of its states."""
    from scipy.sparse.csgraph import connected_components

    count, labels = connected_components(generator > 0.0, directed=True, connection="strong")
    classes = [np.flatnonzero(labels == label) for label in range(count)]
    everywhere = np.arange(len(generator))
    return [m for m in classes if not (generator[np.ix_(m, np.setdiff1d(everywhere, m))] > 0.0).any()]


def _stop(generator: FloatArray, states: States) -> FloatArray:
    """The chain that stays in these states for ever."""
    stopped = generator.copy()
    stopped[states] = 0.0
    return stopped
