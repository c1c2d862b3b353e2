"""Stages of customers, checked against the matrix exponential and the renewal equations.

Expectations are conditional on the customers: the engine draws each customer's segment, tier, stage and value, and the
expectations follow from these. The randomness of the population therefore adds no noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from journey.core.time_units import DAYS_PER_YEAR
from simulation.exact import markov, renewal
from simulation.metrics.counters import build_time_grid
from simulation.verification import evidence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    from simulation.model.arm import ArmSpec
    from simulation.verification.event_histories import EventHistories
    from simulation.verification.evidence import Evidence

    FloatArray = npt.NDArray[np.float64]

POINTS = 12
"""Number of equally spaced days after day 0 on which occupancy is compared."""

MIN_EXPECTED = 25.0
"""Minimum expected number of customers in a share, and outside it, and of events for a mean per customer. Below it the
normal approximation is not valid."""

MAX_STEPS = 1 << 13
"""Steps of the finest grid: deterministic dwells off the grid converge slowly, and there are many kinds of
customers."""

NEGLIGIBLE = 0.1
"""A share is compared if the numerical error is below this fraction of the standard error."""


@dataclass
class Expectation:
    """Expectations for one kind of customer, by stage on day 0 (S stages).

    Attributes:
        occupancy: Shape (days, S, S): probability of a stage (last axis) on each day of `build_time_grid`, by stage on
            day 0.
        amounts: By name, shape (S,): expected amounts over the horizon.
        error: Upper bound of the numerical error of the occupancy.
    """

    occupancy: FloatArray
    amounts: dict[str, FloatArray]
    error: float = 0.0


def markov_expectation(arm_spec: ArmSpec, segment: str, tier: str, days: float) -> Expectation:
    """Expectations for a kind of customer in a world of exponential dwells, with or without distress."""
    world, journey = arm_spec.world, arm_spec.journey
    total = Expectation(np.zeros(()), {})
    for frailty, weight in zip(*markov.frailty_nodes(world.frailty_spread), strict=True):
        chain = markov.build_chain(journey, world, segment=segment, tier=tier, frailty=float(frailty))
        stage_indicator = chain.indicator(journey.stages)
        # All customers are calm on day 0.
        start = np.array([[float(state == (stage, markov.CALM)) for state in chain.states] for stage in journey.stages])
        pays = stage_indicator @ np.array(journey.pays)
        rewards = np.column_stack([chain.move_rates.sum(axis=1), chain.onset_rates, chain.distressed])
        counts = markov.expected_rewards(chain.generator, start, rewards, days)
        rate = arm_spec.daily_discount_rate
        paying = markov.expected_rewards(chain.generator, start, pays[:, None], days, discount_rate=rate)
        amounts = {"moves": counts[:, 0], "episodes": counts[:, 1], "distress": counts[:, 2], "paying": paying[:, 0]}
        occupancy = markov.state_probabilities(chain.generator, start, build_time_grid(days)) @ stage_indicator
        total = Expectation(
            total.occupancy + weight * occupancy,
            {name: total.amounts.get(name, 0.0) + weight * amount for name, amount in amounts.items()},
        )
    return total


def renewal_expectation(arm_spec: ArmSpec, segment: str, tier: str, days: float) -> Expectation:
    """Expectations for a kind of customer in a world of any dwells without distress, all new in their stage."""
    world, journey = arm_spec.world, arm_spec.journey
    total = Expectation(np.zeros(()), {"moves": np.zeros(len(journey.stages))})
    for frailty, weight in zip(*markov.frailty_nodes(world.frailty_spread), strict=True):
        risks = renewal.build_risks(journey, world, segment=segment, tier=tier, frailty=float(frailty))
        answer = renewal.solve_to_tolerance(risks, days, POINTS, tolerance=1e-4, steps=16, max_steps=MAX_STEPS)
        total = Expectation(
            total.occupancy + weight * answer.occupancy,
            {"moves": total.amounts["moves"] + weight * answer.entries.sum(axis=1)},
            max(total.error, answer.error),
        )
    return total


def compare_occupancy(
    title: str, histories: EventHistories, compute_expectation: Callable[[ArmSpec, str, str, float], Expectation]
) -> Iterator[Evidence]:
    """Compare all expectations with a run's trace.

    Args:
        title: The changes to the scenario that give an exact result.
        histories: The run.
        compute_expectation: The exact result for a kind of customer: `markov_expectation` or `renewal_expectation`.
    """
    arm_spec, days = histories.arm_spec, histories.days
    kinds = histories.kinds()
    expectations = {kind: compute_expectation(arm_spec, *kind, days) for kind in sorted(set(kinds))}
    stages = [person.stage for person in histories.customers]
    chances = np.array([expectations[kind].occupancy[:, stage] for kind, stage in zip(kinds, stages, strict=True)])
    yield _occupancy(title, histories, chances, max(expectation.error for expectation in expectations.values()))
    ended = [code for code, name in enumerate(arm_spec.journey.stages) if name in histories.churned_stages]
    gone = np.clip(chances[:, -1, ended].sum(axis=1), 0.0, 1.0)
    yield evidence.compare_share(f"{title}: churned by day {days:g}", gone, int(histories.has_churned().sum()))

    def expected(amount: str) -> FloatArray:
        return np.array([expectations[kind].amounts[amount][stage] for kind, stage in zip(kinds, stages, strict=True)])

    moves = expected("moves")
    if moves.sum() >= MIN_EXPECTED:
        yield evidence.compare_mean(f"{title}: moves per customer", moves, histories.moves())
    if "paying" not in next(iter(expectations.values())).amounts:
        return
    if gone.sum() >= MIN_EXPECTED:
        yield from _money(title, histories, expected("paying"), chances[:, -1] @ np.array(arm_spec.journey.pays))
    if expected("episodes").sum() >= MIN_EXPECTED:
        begun = _episodes(histories)
        yield evidence.compare_mean(f"{title}: distress episodes per customer", expected("episodes"), begun)
        distress_days = histories.days_in(lambda spell: spell.cause is not None)
        yield evidence.compare_mean(f"{title}: days in distress per customer", expected("distress"), distress_days)


def _money(title: str, histories: EventHistories, paying: FloatArray, at_end: FloatArray) -> Iterator[Evidence]:
    """Compare revenue and retained value.

    Args:
        title: The changes to the scenario that give an exact result.
        histories: The run.
        paying: Shape (n,): expected discounted days, each times the share of the account value that is paid.
        at_end: Shape (n,): expected share of the account value that is paid at the end.
    """
    values, rate = histories.values(), histories.arm_spec.daily_discount_rate
    expected = values / DAYS_PER_YEAR * paying
    yield evidence.compare_mean(f"{title}: discounted revenue per customer", expected, histories.revenue(rate))
    yield evidence.compare_mean(f"{title}: retained value per customer", values * at_end, histories.retained_value())


def _episodes(histories: EventHistories) -> FloatArray:
    """Shape (n,): episodes begun. An episode continues through moves, so it begins with a spell after a calm one."""
    episodes = np.zeros(len(histories.customers))
    before = None
    for spell in histories.spells:
        calm_before = before is None or before.customer != spell.customer or before.cause is None
        episodes[spell.customer] += spell.cause is not None and calm_before
        before = spell
    return episodes


def _occupancy(title: str, histories: EventHistories, chances: FloatArray, error: float) -> Evidence:
    """Compare shares by stage and day; `chances` has shape (n, days, stages)."""
    names, grid = histories.arm_spec.journey.stages, build_time_grid(histories.days)
    observed = histories.stages_on(grid)
    comparisons = []
    for point in range(1, len(grid)):
        for code, name in enumerate(names):
            chance = np.clip(chances[:, point, code], 0.0, 1.0)
            if not MIN_EXPECTED <= chance.sum() <= len(chance) - MIN_EXPECTED:
                continue
            comparison = evidence.compare_share("", chance, int((observed[point] == code).sum()))
            if error <= NEGLIGIBLE * (comparison.standard_error or 0.0):
                comparisons.append((f"{name}, day {grid[point]:.0f}", comparison))
    if not comparisons:
        # No stage has enough moves: all customers must stay in their initial stage.
        all_customers = float(len(histories.customers))
        unmoved = float((observed[-1] == observed[0]).sum())
        return evidence.Evidence(
            f"{title}: occupancy (customers that stay in their initial stage)", all_customers, unmoved
        )
    return evidence.largest_deviation(f"{title}: occupancy", comparisons)
