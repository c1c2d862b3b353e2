"""A funnel, checked against exact results: without limits it is a product of binomials.

* Without transfers and with an unlimited audience, the number of impressions is known in advance, and every step of
  every channel and segment is binomial with the product of the conversion rates.
* With limited audiences, it is a sum of independent trials whose probabilities fall by ``exp(-k / A)`` from one
  impression to the next: mean and variance are geometric series.
* The mean day of a purchase is the middle of the period plus the mean of every delay.
* In the arm as it is, every cent of the budget is spent or left, and no transfer is made without approval.
"""

from __future__ import annotations

from collections import Counter
from math import expm1, sqrt
from typing import TYPE_CHECKING, Protocol

import numpy as np

from simulation.acquisition import reference_engine
from simulation.acquisition.parameters import conversion_rate
from simulation.acquisition.spec import MICROS, PURCHASE, AcquiredPopulation, Reallocation
from simulation.exact.scipy_distributions import mean_days
from simulation.verification.evidence import Evidence, compare_mean, largest_deviation
from simulation.verification.random_streams import derive_seed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulation.acquisition.parameters import BudgetLine
    from simulation.acquisition.results import FunnelResult
    from simulation.model.arm import ArmSpec


class FunnelEngine(Protocol):
    """An engine for funnels."""

    def __call__(self, population: AcquiredPopulation, *, seed: int, replication: int) -> FunnelResult:
        """Simulate a funnel to the end."""
        ...


def acquisition_checks(
    arm_spec: ArmSpec, *, seed: int, engine: FunnelEngine = reference_engine.simulate_funnel
) -> Iterator[Evidence]:
    """Check funnels with exact results that are derived from an arm's; nothing if the arm has no acquisition.

    Args:
        arm_spec: The arm.
        seed: Random seed.
        engine: The engine to verify.
    """
    population = arm_spec.population
    if not isinstance(population, AcquiredPopulation):
        return
    title = "unlimited audiences, no transfers, product of binomials"
    unlimited = engine(_without_reallocation(population, limits=False), seed=derive_seed(seed, 4), replication=0)
    yield from _check_steps(title, unlimited)
    yield from _check_dispersion(title, unlimited)
    yield from _check_purchase_days(title, unlimited, population)
    title = "limited audiences, no transfers, sums of unequal trials"
    yield from _check_steps(
        title, engine(_without_reallocation(population, limits=True), seed=derive_seed(seed, 5), replication=0)
    )


def arm_funnel_checks(
    arm_spec: ArmSpec,
    *,
    seed: int,
    engine: FunnelEngine = reference_engine.simulate_funnel,
    other: FunnelEngine | None = None,
) -> Iterator[Evidence]:
    """Check an arm's funnel as it is; nothing if the arm has no acquisition.

    Args:
        arm_spec: The arm.
        seed: Random seed.
        engine: The engine to verify.
        other: Another engine that must simulate the same funnel; None if there is none.
    """
    population = arm_spec.population
    if not isinstance(population, AcquiredPopulation):
        return
    title, result = f"{arm_spec.name}, its campaigns", engine(population, seed=seed, replication=0)
    yield from _check_money(title, result)
    if other is not None:
        same = result == other(population, seed=seed, replication=0)
        yield Evidence(f"{title}: funnels that differ between the engines", 0.0, float(not same))


def _without_reallocation(population: AcquiredPopulation, *, limits: bool) -> AcquiredPopulation:
    """The same campaigns without transfers, and with or without limits of audiences."""
    acquisition = population.acquisition
    campaigns = {
        name: campaign.model_copy(
            update={
                "channels": {
                    channel: spec if limits else spec.model_copy(update={"audience": None})
                    for channel, spec in campaign.channels.items()
                }
            }
        )
        for name, campaign in acquisition.campaigns.items()
    }
    without_transfers = acquisition.model_copy(update={"campaigns": campaigns, "reallocation": Reallocation()})
    return population.model_copy(update={"acquisition": without_transfers})


def _step_probability(result: FunnelResult, line: int, segment: int, step: int) -> float:
    """Probability that an impression of a new person is of this segment and makes this step."""
    budget_line, name = result.lines[line], result.segments[segment]
    share = budget_line.spec.segments.get(name, 0.0) / sum(budget_line.spec.segments.values())
    for passed in budget_line.path[1 : step + 1]:
        share *= conversion_rate(budget_line.spec, name, passed)
    return share


def _reach_series(line: BudgetLine, impressions: int, power: int) -> float:
    """Sum of ``exp(-k / A)^power`` over the impressions of a period; their number if the audience is unlimited."""
    audience = line.spec.audience
    if audience is None:
        return float(impressions)
    return expm1(-power * impressions / audience) / expm1(-power / audience)


def _check_steps(title: str, result: FunnelResult) -> Iterator[Evidence]:
    """Check every step by channel and segment against its mean and variance."""
    made = Counter((step.line, step.segment, step.step) for step in result.steps)
    names = {step: index for line in result.lines for index, step in enumerate(line.path)}
    for name in list(names)[1:]:
        cells = []
        for index, line in enumerate(result.lines):
            if name not in line.path:
                continue
            step = line.path.index(name)
            for segment, label in enumerate(result.segments):
                chance = _step_probability(result, index, segment, step)
                bulk = step < line.parameters.bulk
                observed = sum(result.bulk_counts[index][segment][step]) if bulk else made[index, segment, step]
                if chance > 0.0:
                    cells.append((f"{line.key[1]}, {label}", _compare_trials(name, result, index, chance, observed)))
        yield largest_deviation(f"{title}: {name}s by channel and segment", cells)


def _compare_trials(name: str, result: FunnelResult, index: int, chance: float, observed: int) -> Evidence:
    """Compare the count of a step with independent trials; the tails are those of a binomial with the mean probability.

    They are at least as heavy (Hoeffding 1956, doi:10.1214/aoms/1177728178).
    """
    from scipy import stats

    line, bought = result.lines[index], result.impressions[index]
    expected = chance * sum(_reach_series(line, count, 1) for count in bought)
    variance = expected - chance * chance * sum(_reach_series(line, count, 2) for count in bought)
    impressions = sum(bought)
    binomial = stats.binom(impressions, min(1.0, expected / impressions)) if impressions else stats.binom(1, 0.0)
    p_value = min(1.0, 2.0 * min(float(binomial.cdf(observed)), float(binomial.sf(observed - 1))))
    return Evidence(name, expected, float(observed), sqrt(max(0.0, variance)), p_value)


def _check_dispersion(title: str, result: FunnelResult) -> Iterator[Evidence]:
    """Check that first steps vary between periods like binomials: sum of squared z against chi-square."""
    from scipy import stats

    squares, degrees = 0.0, 0
    for index, line in enumerate(result.lines):
        chance = line.parameters.chance
        for period, impressions in enumerate(result.impressions[index]):
            variance = impressions * chance * (1.0 - chance)
            if line.parameters.bulk > 1 and variance >= _MIN_VARIANCE:
                observed = sum(result.bulk_counts[index][segment][1][period] for segment in range(len(result.segments)))
                squares, degrees = squares + (observed - impressions * chance) ** 2 / variance, degrees + 1
    if degrees:
        chi_square = stats.chi2(degrees)
        p_value = min(1.0, 2.0 * min(float(chi_square.cdf(squares)), float(chi_square.sf(squares))))
        yield Evidence(
            f"{title}: squared deviations of the periods' clicks", float(degrees), squares, sqrt(2.0 * degrees), p_value
        )


_MIN_VARIANCE = 25.0
"""Minimum variance of a binomial for the chi-square approximation of its squared deviation."""


def _check_purchase_days(title: str, result: FunnelResult, population: AcquiredPopulation) -> Iterator[Evidence]:
    """Check the days of purchases against the middle of the period plus the means of all delays."""
    expected, observed = [], []
    for purchase in result.purchases:
        line = result.lines[purchase.line]
        campaign = population.acquisition.campaigns[line.key[0]]
        ratio = campaign.delay_by_segment.get(result.segments[purchase.segment], 1.0)
        delays = sum(mean_days(dwell) for dwell in campaign.delays.values())
        expected.append(sum(line.periods[purchase.period]) / 2.0 + ratio * delays)
        observed.append(purchase.time)
    if expected:
        yield compare_mean(f"{title}: day of the {PURCHASE}, mean", np.array(expected), np.array(observed))


def _check_money(title: str, result: FunnelResult) -> Iterator[Evidence]:
    lines = range(len(result.lines))
    budget = sum(line.budget for line in result.lines) / MICROS
    spent = sum(sum(result.spent[line]) for line in lines) / MICROS
    billed = sum(result.lines[line].price * sum(result.impressions[line]) for line in lines) / MICROS
    yield Evidence(f"{title}: dollars of budget, spent or left", budget, spent + sum(result.balances) / MICROS)
    yield Evidence(f"{title}: dollars spent, by impressions and prices", billed, spent)
    below = sum(min(0, balance) for balance in result.balances) / MICROS
    yield Evidence(f"{title}: dollars of negative balances", 0.0, float(below))
    approved = {event.entity_id for event in result.log if event.to_status == "approved"}
    executed = [event.entity_id for event in result.log if event.to_status == "executed"]
    unapproved = sum(transfer not in approved for transfer in executed)
    yield Evidence(f"{title}: transfers executed without approval", 0.0, float(unapproved))
