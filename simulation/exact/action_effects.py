"""A journey with exponential dwells in which an action on day 0 multiplies rates and lowers the price for some days.

Until the effect ends, or the customer leaves, the rates are multiplied. The states are therefore the stages of a
customer who has never left, and those of a customer who has. The rates are constant between the ends of the effects, so
probabilities are products of matrix exponentials.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simulation.exact import markov

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from journey.machine import Journey
    from simulation.model.effect_spec import Effect
    from simulation.model.world_spec import World

    FloatArray = npt.NDArray[np.float64]


class TreatedChain(NamedTuple):
    """The chain of one kind of customer who responds to an action on day 0, with n stages.

    Attributes:
        stages: The stages; a state is a stage before the customer has left, or (n further) one after.
        leaves: Shape (n,): whether a customer in the stage has left.
        treated: Shape (2n, 2n): rates per day while the effect on moves lasts.
        untreated: Shape (2n, 2n): rates per day after it.
        treated_moves: Shape (2n,): moves per day in each state while the effect lasts, also to the same stage.
        untreated_moves: Shape (2n,): the same after it.
        moves_end: Day on which the effect on moves ends.
        discount_end: Day on which the discount ends; 0 without one.
        price: Shape (2n,): share of the full price that is paid in each state.
        discounted_price: Shape (2n,): the same while the discount lasts.
    """

    stages: tuple[str, ...]
    leaves: npt.NDArray[np.bool_]
    treated: FloatArray
    untreated: FloatArray
    treated_moves: FloatArray
    untreated_moves: FloatArray
    moves_end: float
    discount_end: float
    price: FloatArray
    discounted_price: FloatArray


class TreatedResult(NamedTuple):
    """What happens to a customer after the action, by stage on day 0 (n stages).

    Attributes:
        occupancy: Shape (days, n, n): probability of a stage (last axis) on each day, by stage on day 0.
        has_left: Shape (days, n): probability of having left by each day, also if won back since.
        paid_days: Shape (n,): days paid by the last day at the full price, in present value.
        moves: Shape (n,): moves by the last day.
    """

    occupancy: FloatArray
    has_left: FloatArray
    paid_days: FloatArray
    moves: FloatArray


def build_treated_chain(
    journey: Journey, world: World, effect: Effect, *, segment: str, tier: str, frailty: float = 1.0
) -> TreatedChain:
    """The chain of a customer of one kind who responds to an action on day 0; see `markov.build_chain`.

    Args:
        journey: The machine, without guards.
        world: The world, without distress; every dwell must be exponential.
        effect: The effect of the action.
        segment: The customer's segment.
        tier: The customer's risk tier.
        frailty: The customer's frailty.

    Raises:
        ValueError: The model is not a Markov chain.
    """
    plain = _rates(journey, world, segment, tier, frailty)
    faster = _rates(journey, _multiply_rates(world, effect.moves), segment, tier, frailty)
    stages = journey.stages
    leaves = np.array([stage in journey.exit_stages for stage in stages])
    price = np.array(journey.pays)
    discount = effect.discount
    shares = np.array([0.0 if discount is None else discount.share_in(stage) for stage in stages])
    return TreatedChain(
        stages=stages,
        leaves=leaves,
        treated=_join_states(faster, plain, leaves),
        untreated=_join_states(plain, plain, leaves),
        treated_moves=np.concatenate([np.where(leaves, 0.0, faster.sum(axis=1)), plain.sum(axis=1)]),
        untreated_moves=np.concatenate([np.where(leaves, 0.0, plain.sum(axis=1)), plain.sum(axis=1)]),
        moves_end=effect.lasts_days,
        discount_end=effect.discount_days,
        price=np.concatenate([price, price]),
        discounted_price=np.concatenate([price * (1.0 - shares), price]),
    )


def _rates(journey: Journey, world: World, segment: str, tier: str, frailty: float) -> FloatArray:
    """Shape (n, n): rates of moves between stages, in the order of the journey's stages."""
    chain = markov.build_chain(journey, world, segment=segment, tier=tier, frailty=frailty)
    order = [chain.states.index((stage, markov.CALM)) for stage in journey.stages]
    return chain.move_rates[np.ix_(order, order)]


def _multiply_rates(world: World, ratios: Mapping[str, float]) -> World:
    """The world in which moves happen at multiples of their rates."""
    moves = {}
    for name, clock in world.moves.items():
        ratio = ratios.get(name, 1.0)
        if ratio > 0.0:
            dwell = clock.dwell.model_copy(update={"mean_days": clock.dwell.mean_days / ratio})
            by_stage = {
                stage: own.model_copy(update={"mean_days": own.mean_days / ratio})
                for stage, own in clock.dwell_from.items()
            }
            moves[name] = clock.model_copy(update={"dwell": dwell, "dwell_from": by_stage})
    return world.model_copy(update={"moves": moves})


def _join_states(first: FloatArray, later: FloatArray, leaves: npt.NDArray[np.bool_]) -> FloatArray:
    """Shape (2n, 2n): a generator with rates `first` until the customer leaves and `later` after that."""
    n = len(first)
    generator = np.zeros((2 * n, 2 * n))
    generator[:n, :n] = np.where(leaves[None, :] | leaves[:, None], 0.0, first)
    generator[:n, n:] = np.where(leaves[None, :] & ~leaves[:, None], first, 0.0)
    generator[n:, n:] = later
    np.fill_diagonal(generator, 0.0)
    np.fill_diagonal(generator, -generator.sum(axis=1))
    return generator


def solve_treated_chain(chain: TreatedChain, days: Sequence[float], *, discount_rate: float = 0.0) -> TreatedResult:
    """Probabilities of stages, days paid and moves after an action on day 0.

    Args:
        chain: The chain.
        days: Increasing days, 0 or more.
        discount_rate: Continuous rate per day at which money is discounted to day 0.
    """
    n, last = len(chain.stages), days[-1]
    ends = [end for end in (chain.moves_end, chain.discount_end) if 0.0 < end < last]
    edges = sorted({0.0, *ends, *days})
    # A customer who begins in a stage where customers have left is one who has left.
    now = np.zeros((n, 2 * n))
    for code in range(n):
        now[code, n + code if chain.leaves[code] else code] = 1.0
    paid, moves = np.zeros(n), np.zeros(n)
    by_day = {0.0: now}
    steps: dict[tuple[bool, bool, float], _Step] = {}
    for start, stop in pairwise(edges):
        # Equally spaced days need one step; rounding ignores differences in the last bits.
        key = (start < chain.moves_end, start < chain.discount_end, round(stop - start, 9))
        if key not in steps:
            rates = (chain.treated, chain.treated_moves) if key[0] else (chain.untreated, chain.untreated_moves)
            price = chain.discounted_price if key[1] else chain.price
            steps[key] = _solve_step(*rates, price, key[2], discount_rate)
        step = steps[key]
        paid += np.exp(-discount_rate * start) * (now @ step.paid)
        moves += now @ step.moves
        now = now @ step.probabilities
        by_day[stop] = now
    occupancy = np.array([by_day[day][:, :n] + by_day[day][:, n:] for day in days])
    has_left = np.array([by_day[day][:, n:].sum(axis=1) for day in days])
    return TreatedResult(occupancy, has_left, paid, moves)


class _Step(NamedTuple):
    """What happens in some days of constant rates, by state at their beginning: probabilities, days paid, moves."""

    probabilities: FloatArray
    paid: FloatArray
    moves: FloatArray


def _solve_step(
    generator: FloatArray, moves: FloatArray, price: FloatArray, days: float, discount_rate: float
) -> _Step:
    start = np.eye(len(generator))
    paid = markov.expected_rewards(generator, start, price[:, None], days, discount_rate=discount_rate)
    made = markov.expected_rewards(generator, start, moves[:, None], days)
    return _Step(markov.state_probabilities(generator, start, [days])[0], paid[:, 0], made[:, 0])
