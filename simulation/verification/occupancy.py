"""Where customers are, held to the matrix exponential and to the renewal equations.

Expectations are taken given the customers: the engine draws segment, tier, stage and value of each, and what is
expected of each follows from those. So the chance that customers were drawn one way or another adds no noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log1p
from typing import TYPE_CHECKING

import numpy as np

from simulation.exact import markov, renewal
from simulation.metrics.counters import grid_of
from simulation.model.units import DAYS_PER_YEAR
from simulation.verification import test_results

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    from simulation.model.arm import ArmSetup
    from simulation.verification.event_histories import Lives
    from simulation.verification.test_results import Evidence

    FloatArray = npt.NDArray[np.float64]

POINTS = 12
"""Occupancy is compared on this many days after day 0, at equal distances."""

LEAST_EXPECTED = 25.0
"""A share is compared where at least so many customers are expected in it, and out of it; a mean of what happens to
customers where it is expected to happen so often: below that the normal law is no approximation."""

MOST_STEPS = 1 << 13
"""Steps of the finest grid: fixed stays off the grid converge slowly, and there are many kinds of customers."""

NEGLIGIBLE = 0.1
"""A share is compared where the error of the numerical solution is below this part of the standard error."""


@dataclass
class Outlook:
    """What is expected of each kind of customer, by stage on day 0 (S stages).

    Attributes:
        occupancy: Shape (days, S, S): chance of a stage (last axis) on each day of `grid_of`, by stage on day 0.
        amounts: By name, shape (S,): expected amounts over the horizon.
        error: Largest error of the occupancy that the numerical solution may have.
    """

    occupancy: FloatArray
    amounts: dict[str, FloatArray]
    error: float = 0.0


def markov_outlook(setup: ArmSetup, segment: str, tier: str, days: float) -> Outlook:
    """The outlook of a kind of customer in a world of exponential dwells, with or without distress."""
    world, journey = setup.world, setup.journey
    total = Outlook(np.zeros(()), {})
    for frailty, weight in zip(*markov.frailty_nodes(world.frailty_spread), strict=True):
        chain = markov.chain_of(journey, world, segment=segment, tier=tier, frailty=float(frailty))
        shown = chain.indicator(journey.stages)
        # Everybody begins calm.
        start = np.array([[float(state == (stage, markov.CALM)) for state in chain.states] for stage in journey.stages])
        alive = chain.indicator([stage for stage in journey.live if stage not in world.lost]).sum(axis=1)
        rewards = np.column_stack([chain.move_rates.sum(axis=1), chain.onset_rates, chain.troubled])
        counts = markov.accumulated(chain.generator, start, rewards, days)
        rate = log1p(setup.yearly_discount) / DAYS_PER_YEAR
        paying = markov.accumulated(chain.generator, start, alive[:, None], days, discount_rate=rate)
        amounts = {"moves": counts[:, 0], "episodes": counts[:, 1], "distress": counts[:, 2], "paying": paying[:, 0]}
        found = markov.probabilities(chain.generator, start, grid_of(days)) @ shown
        total = Outlook(
            total.occupancy + weight * found,
            {name: total.amounts.get(name, 0.0) + weight * amount for name, amount in amounts.items()},
        )
    return total


def renewal_outlook(setup: ArmSetup, segment: str, tier: str, days: float) -> Outlook:
    """The outlook of a kind of customer in a world of any dwells without distress, all new in their stage."""
    world, journey = setup.world, setup.journey
    total = Outlook(np.zeros(()), {"moves": np.zeros(len(journey.stages))})
    for frailty, weight in zip(*markov.frailty_nodes(world.frailty_spread), strict=True):
        risks = renewal.risks_of(journey, world, segment=segment, tier=tier, frailty=float(frailty))
        answer = renewal.occupancy(risks, days, POINTS, tolerance=1e-4, steps=16, most_steps=MOST_STEPS)
        total = Outlook(
            total.occupancy + weight * answer.occupancy,
            {"moves": total.amounts["moves"] + weight * answer.entries.sum(axis=1)},
            max(total.error, answer.error),
        )
    return total


def compared(
    title: str, lives: Lives, outlook_of: Callable[[ArmSetup, str, str, float], Outlook]
) -> Iterator[Evidence]:
    """Everything that an outlook says, against what a run's trace says.

    Args:
        title: What was changed in the scenario to have an exact answer.
        lives: The run.
        outlook_of: The exact answer for a kind of customer: `markov_outlook` or `renewal_outlook`.
    """
    setup, days = lives.setup, lives.days
    kinds = lives.kinds()
    outlooks = {kind: outlook_of(setup, *kind, days) for kind in sorted(set(kinds))}
    stage = [person.stage for person in lives.persons]
    chances = np.array([outlooks[kind].occupancy[:, at] for kind, at in zip(kinds, stage, strict=True)])
    yield _occupancy(title, lives, chances, max(outlook.error for outlook in outlooks.values()))
    ended = [code for code, name in enumerate(setup.journey.stages) if name in lives.gone_stages]
    gone = np.clip(chances[:, -1, ended].sum(axis=1), 0.0, 1.0)
    yield test_results.share(f"{title}: churned by day {days:g}", gone, int(lives.gone().sum()))

    def expected(amount: str) -> FloatArray:
        return np.array([outlooks[kind].amounts[amount][at] for kind, at in zip(kinds, stage, strict=True)])

    moves = expected("moves")
    if moves.sum() >= LEAST_EXPECTED:
        yield test_results.mean(f"{title}: moves per customer", moves, lives.moves())
    if "paying" not in next(iter(outlooks.values())).amounts:
        return
    if gone.sum() >= LEAST_EXPECTED:
        yield from _money(title, lives, expected("paying"), gone)
    if expected("episodes").sum() >= LEAST_EXPECTED:
        begun = _episodes(lives)
        yield test_results.mean(f"{title}: episodes of distress per customer", expected("episodes"), begun)
        troubled = lives.days_in(lambda spell: spell.cause is not None)
        yield test_results.mean(f"{title}: days in distress per customer", expected("distress"), troubled)


def _money(title: str, lives: Lives, paying: FloatArray, gone: FloatArray) -> Iterator[Evidence]:
    """Revenue and retained value; `paying` is the expected discounted days and `gone` the chance of being gone."""
    values, rate = lives.values(), log1p(lives.setup.yearly_discount) / DAYS_PER_YEAR
    expected = values / DAYS_PER_YEAR * paying
    yield test_results.mean(f"{title}: discounted revenue per customer", expected, lives.revenue(rate))
    yield test_results.mean(f"{title}: retained value per customer", values * (1.0 - gone), lives.retained())


def _episodes(lives: Lives) -> FloatArray:
    """Shape (n,): episodes begun; an episode goes on through moves, so a spell after a calm one begins it."""
    found = np.zeros(len(lives.persons))
    before = None
    for spell in lives.spells:
        calm_before = before is None or before.customer != spell.customer or before.cause is None
        found[spell.customer] += spell.cause is not None and calm_before
        before = spell
    return found


def _occupancy(title: str, lives: Lives, chances: FloatArray, error: float) -> Evidence:
    """Shares by stage and day; `chances` has shape (n, days, stages)."""
    names, grid = lives.setup.journey.stages, grid_of(lives.days)
    seen = lives.stages_on(grid)
    found = []
    for point in range(1, len(grid)):
        for code, name in enumerate(names):
            chance = np.clip(chances[:, point, code], 0.0, 1.0)
            if not LEAST_EXPECTED <= chance.sum() <= len(chance) - LEAST_EXPECTED:
                continue
            one = test_results.share("", chance, int((seen[point] == code).sum()))
            if error <= NEGLIGIBLE * (one.standard_error or 0.0):
                found.append((f"{name}, day {grid[point]:.0f}", one))
    if not found:
        # Nothing moves: everybody is where they began.
        everybody = float(len(lives.persons))
        unmoved = float((seen[-1] == seen[0]).sum())
        return test_results.Evidence(f"{title}: occupancy (customers that stay where they began)", everybody, unmoved)
    return test_results.largest(f"{title}: occupancy", found)
