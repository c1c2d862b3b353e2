"""A journey with exponential dwells as a continuous-time Markov chain.

Without distress, a state is a stage. With distress, it is a stage and the cause of the current episode. This is a
Markov chain as long as there are no interventions: episodes begin at rates that depend on the stage and end at rates
that depend on the cause. A churned customer is calm, and is calm when won back. Frailty makes the model a mixture of
chains, which is integrated by Gauss-Hermite quadrature.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulation.exact.scipy_distributions import has_constant_hazard, mean_days

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from journey.machine import Journey
    from simulation.model.dwell_spec import MoveClock
    from simulation.model.world_spec import World

    FloatArray = npt.NDArray[np.float64]

CALM = None
"""The cause of a calm customer."""


@dataclass(frozen=True)
class Chain:
    """The Markov chain of one kind of customer, with n states.

    Attributes:
        states: Shape (n,): stage and cause of distress, or None for a calm customer.
        generator: Shape (n, n): rates per day; rows add up to 0.
        move_rates: Shape (n, n): the rates of moves between stages only.
        onset_rates: Shape (n,): rate at which a distress episode begins.
    """

    states: tuple[tuple[str, str | None], ...]
    generator: FloatArray
    move_rates: FloatArray
    onset_rates: FloatArray

    def indicator(self, stages: Sequence[str]) -> FloatArray:
        """Shape (n, stages): 1 if a state belongs to the stage. It converts state probabilities to stage shares."""
        return np.array([[float(stage == column) for column in stages] for stage, _ in self.states])

    @property
    def distressed(self) -> FloatArray:
        """Shape (n,): 1 if the customer is in distress."""
        return np.array([float(cause is not CALM) for _, cause in self.states])


def build_chain(journey: Journey, world: World, *, segment: str, tier: str, frailty: float = 1.0) -> Chain:
    """The chain of a customer of one kind.

    Args:
        journey: The machine, without guards.
        world: The world; every dwell must be exponential.
        segment: The customer's segment.
        tier: The customer's risk tier.
        frailty: The customer's frailty.

    Raises:
        ValueError: A dwell is not exponential or a move has a guard, so the model is not a Markov chain.
    """
    causes = world.distress.causes
    live = journey.non_exit_stages
    states = tuple((stage, cause) for stage in live for cause in (CALM, *causes))
    states += tuple((stage, CALM) for stage in journey.stages if stage not in live)
    index = {state: code for code, state in enumerate(states)}
    moves = np.zeros((len(states), len(states)))
    for move in journey.moves:
        clock = world.moves.get(move.name)
        if clock is None:
            continue
        if move.guard is not None:
            raise ValueError(
                f"{move} has a guard, so its rate depends on more than the current stage: not a Markov chain"
            )
        rate = _exit_rate(clock, move.source) * kind_ratio(clock, segment, tier, frailty)
        is_live, ends = move.source in live, move.destination not in live
        for cause in (CALM, *causes) if is_live else (CALM,):
            to = index[move.destination, CALM if ends else cause]
            moves[index[move.source, cause], to] += rate * distress_ratio(world, clock, cause, ends=ends)
    generator = moves.copy()
    onsets = np.zeros(len(states))
    for stage in live:
        for name in causes:
            rate = onset_rate(world, name, stage=stage, segment=segment, tier=tier)
            generator[index[stage, CALM], index[stage, name]] += rate
            onsets[index[stage, CALM]] += rate
            generator[index[stage, name], index[stage, CALM]] += 1.0 / causes[name].mean_days
    np.fill_diagonal(generator, 0.0)
    np.fill_diagonal(generator, -generator.sum(axis=1))
    return Chain(states, generator, moves, onsets)


def kind_ratio(clock: MoveClock, segment: str, tier: str, frailty: float) -> float:
    """Permanent hazard ratio of a move for a calm customer of this kind."""
    by_tier = {str(name): ratio for name, ratio in clock.by_tier.items()}
    ratio = clock.by_segment.get(segment, 1.0) * by_tier.get(tier, 1.0)
    return ratio * frailty if clock.frailty else ratio


def distress_ratio(world: World, clock: MoveClock, cause: str | None, *, ends: bool) -> float:
    """Hazard ratio of a move during an episode; `ends` is whether the move ends the journey."""
    if cause is CALM:
        return 1.0
    return clock.in_distress * (world.distress.causes[cause].churn_ratio if ends else 1.0)


def onset_rate(world: World, cause: str, *, stage: str, segment: str, tier: str) -> float:
    """Rate per day at which an episode of this cause begins for a calm customer."""
    by_tier = {str(name): ratio for name, ratio in world.distress.by_tier.items()}
    rate = world.distress.causes[cause].onset_per_day.get(stage, 0.0)
    return rate * world.distress.by_segment.get(segment, 1.0) * by_tier.get(tier, 1.0)


def _exit_rate(clock: MoveClock, stage: str) -> float:
    dwell = clock.dwell_from.get(stage, clock.dwell)
    if not has_constant_hazard(dwell):
        raise ValueError(f"a {dwell.law} dwell has no constant rate, so the journey is not a Markov chain")
    return 1.0 / mean_days(dwell)


def state_probabilities(generator: FloatArray, start: FloatArray, days: Sequence[float]) -> FloatArray:
    """Probability of each state over time: ``start expm(Q t)``.

    Args:
        generator: Shape (n, n), rates per day.
        start: Shape (n,) or (k, n), probabilities on day 0.
        days: Increasing days, 0 or more.

    Returns:
        Shape (days, n) or (days, k, n).
    """
    from scipy.linalg import expm

    by_day, now, day = [], np.asarray(start, dtype=np.float64), 0.0
    steps: dict[float, FloatArray] = {}
    for next_day in days:
        # Equally spaced days need one exponential; rounding ignores differences in the last bits.
        step = round(next_day - day, 9)
        if step not in steps:
            steps[step] = np.asarray(expm(generator * step))
        now, day = now @ steps[step], next_day
        by_day.append(now)
    return np.array(by_day)


def expected_rewards(
    generator: FloatArray, start: FloatArray, rewards: FloatArray, days: float, *, discount_rate: float = 0.0
) -> FloatArray:
    """Expected accumulated rewards by a day: the integral of ``exp(-r t) start expm(Q t) rewards``.

    Computed as one block of a larger matrix exponential (Van Loan 1978, doi:10.1109/TAC.1978.1101743).

    Args:
        generator: Shape (n, n), rates per day.
        start: Shape (n,) or (k, n), probabilities on day 0.
        rewards: Shape (n, m), amounts per day in each state.
        days: The horizon in days.
        discount_rate: Continuous rate r per day.

    Returns:
        Shape (m,) or (k, m).
    """
    from scipy.linalg import expm

    n, m = rewards.shape
    block = np.zeros((n + m, n + m))
    block[:n, :n] = generator - discount_rate * np.eye(n)
    block[:n, n:] = rewards
    return np.asarray(start @ expm(block * days)[:n, n:])


def frailty_nodes(spread: float) -> tuple[FloatArray, FloatArray]:
    """Quadrature nodes and weights for a log-normal frailty with mean 1; `spread` is the deviation of its logarithm.

    Gauss-Hermite quadrature. For a survival ``E exp(-frailty H)`` with H up to 3 the error is 1e-6 for a spread up to
    0.5 (eight nodes), 1e-5 up to 1 and 3e-4 up to 1.5 (sixteen nodes).
    """
    if spread <= 0.0:
        return np.array([1.0]), np.array([1.0])
    points, weights = np.polynomial.hermite_e.hermegauss(8 if spread <= 0.5 else 16)
    return np.exp(spread * points - 0.5 * spread * spread), weights / weights.sum()
