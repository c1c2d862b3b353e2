"""A funnel held to exact answers: what a campaign without limits comes to is a product of binomials.

* With nothing moved and no audience that runs out, the number of impressions is known beforehand, and every step of
  every channel and segment is binomial with the product of the conversion rates.
* With audiences as they are, it is a sum of independent trials whose chances fall by ``exp(-k / A)`` from one
  impression to the next: mean and variance are geometric series.
* The day of a purchase is, on average, the middle of the period plus the mean of every delay.
* As the arm is: every cent of the budget is spent or left, and no money moves without an approval.
"""

from __future__ import annotations

from collections import Counter
from math import expm1, sqrt
from typing import TYPE_CHECKING, Protocol

import numpy as np

from simulation.acquisition import reference_engine
from simulation.acquisition.parameters import conversion
from simulation.acquisition.spec import MICROS, PURCHASE, AcquiredPopulation, Reallocation
from simulation.exact.scipy_distributions import mean_days
from simulation.verification.random_streams import other_seed
from simulation.verification.test_results import Evidence, largest, mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulation.acquisition.parameters import Line
    from simulation.acquisition.results import Lived
    from simulation.model.arm import ArmSetup


class Live(Protocol):
    """An engine for funnels."""

    def __call__(self, population: AcquiredPopulation, *, seed: int, replication: int) -> Lived:
        """Live a funnel to the end."""
        ...


def acquisition_checks(setup: ArmSetup, *, seed: int, live: Live = reference_engine.live) -> Iterator[Evidence]:
    """Funnels with exact answers that are derived from an arm's; nothing where customers come by none.

    Args:
        setup: The arm.
        seed: All luck follows from it.
        live: The engine that is held to theory.
    """
    given = setup.population
    if not isinstance(given, AcquiredPopulation):
        return
    title = "no limits, nothing moved, product of binomials"
    free = live(_changed(given, limits=False), seed=other_seed(seed, 4), replication=0)
    yield from _steps(title, free)
    yield from _dispersion(title, free)
    yield from _days(title, free, given)
    title = "audiences run out, nothing moved, sums of unequal trials"
    yield from _steps(title, live(_changed(given, limits=True), seed=other_seed(seed, 5), replication=0))


def arm_funnel_checks(
    setup: ArmSetup, *, seed: int, live: Live = reference_engine.live, other: Live | None = None
) -> Iterator[Evidence]:
    """An arm's funnel as it is; nothing where customers come by none.

    Args:
        setup: The arm.
        seed: All luck follows from it.
        live: The engine that is held to its own books.
        other: Another engine that must live the same funnel; None where there is none.
    """
    given = setup.population
    if not isinstance(given, AcquiredPopulation):
        return
    title, found = f"{setup.name}, its campaigns", live(given, seed=seed, replication=0)
    yield from _money(title, found)
    if other is not None:
        same = found == other(given, seed=seed, replication=0)
        yield Evidence(f"{title}: funnels that differ between the engines", 0.0, float(not same))


def _changed(given: AcquiredPopulation, *, limits: bool) -> AcquiredPopulation:
    """The same campaigns with nothing moved, and with or without audiences that run out."""
    acquisition = given.acquisition
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
    still = acquisition.model_copy(update={"campaigns": campaigns, "reallocation": Reallocation()})
    return given.model_copy(update={"acquisition": still})


def _chance(found: Lived, line: int, segment: int, step: int) -> float:
    """Chance that an impression that reaches somebody new is of this segment and makes this step."""
    there, name = found.lines[line], found.segments[segment]
    share = there.spec.segments.get(name, 0.0) / sum(there.spec.segments.values())
    for passed in there.path[1 : step + 1]:
        share *= conversion(there.spec, name, passed)
    return share


def _series(line: Line, impressions: int, power: int) -> float:
    """Sum of ``exp(-k / A)^power`` over the impressions of a period; their number where there is no limit."""
    audience = line.spec.audience
    if audience is None:
        return float(impressions)
    return expm1(-power * impressions / audience) / expm1(-power / audience)


def _steps(title: str, found: Lived) -> Iterator[Evidence]:
    """Every step by channel and segment, against its mean and variance."""
    made = Counter((step.line, step.segment, step.step) for step in found.steps)
    names = {step: place for line in found.lines for place, step in enumerate(line.path)}
    for name in list(names)[1:]:
        cells = []
        for place, line in enumerate(found.lines):
            if name not in line.path:
                continue
            step = line.path.index(name)
            for segment, label in enumerate(found.segments):
                chance = _chance(found, place, segment, step)
                bulk = step < line.law.bulk
                seen = sum(found.counted[place][segment][step]) if bulk else made[place, segment, step]
                if chance > 0.0:
                    cells.append((f"{line.key[1]}, {label}", _trials(name, found, place, chance, seen)))
        yield largest(f"{title}: {name}s by channel and segment", cells)


def _trials(name: str, found: Lived, place: int, chance: float, seen: int) -> Evidence:
    """How many made a step, against independent trials; the tails are those of a binomial with the mean chance.

    They are at least as heavy (Hoeffding 1956, doi:10.1214/aoms/1177728178).
    """
    from scipy import stats

    line, bought = found.lines[place], found.impressions[place]
    expected = chance * sum(_series(line, each, 1) for each in bought)
    variance = expected - chance * chance * sum(_series(line, each, 2) for each in bought)
    many = sum(bought)
    law = stats.binom(many, min(1.0, expected / many)) if many else stats.binom(1, 0.0)
    p_value = min(1.0, 2.0 * min(float(law.cdf(seen)), float(law.sf(seen - 1))))
    return Evidence(name, expected, float(seen), sqrt(max(0.0, variance)), p_value)


def _dispersion(title: str, found: Lived) -> Iterator[Evidence]:
    """First steps vary from period to period as binomials do: sum of squared z against chi-square."""
    from scipy import stats

    squares, degrees = 0.0, 0
    for place, line in enumerate(found.lines):
        chance = line.law.chance
        for period, many in enumerate(found.impressions[place]):
            variance = many * chance * (1.0 - chance)
            if line.law.bulk > 1 and variance >= _ENOUGH:
                seen = sum(found.counted[place][segment][1][period] for segment in range(len(found.segments)))
                squares, degrees = squares + (seen - many * chance) ** 2 / variance, degrees + 1
    if degrees:
        law = stats.chi2(degrees)
        p_value = min(1.0, 2.0 * min(float(law.cdf(squares)), float(law.sf(squares))))
        yield Evidence(
            f"{title}: squared deviations of the periods' clicks", float(degrees), squares, sqrt(2.0 * degrees), p_value
        )


_ENOUGH = 25.0
"""Variance from which a binomial is near enough to a normal for its square to be taken as chi-square."""


def _days(title: str, found: Lived, given: AcquiredPopulation) -> Iterator[Evidence]:
    """Days of purchases against the middle of the period plus the means of all delays."""
    expected, seen = [], []
    for bought in found.purchases:
        line = found.lines[bought.line]
        campaign = given.acquisition.campaigns[line.key[0]]
        ratio = campaign.delay_by_segment.get(found.segments[bought.segment], 1.0)
        delays = sum(mean_days(dwell) for dwell in campaign.delays.values())
        expected.append(sum(line.periods[bought.period]) / 2.0 + ratio * delays)
        seen.append(bought.time)
    if expected:
        yield mean(f"{title}: day of the {PURCHASE}, mean", np.array(expected), np.array(seen))


def _money(title: str, found: Lived) -> Iterator[Evidence]:
    lines = range(len(found.lines))
    budget = sum(line.budget for line in found.lines) / MICROS
    spent = sum(sum(found.spent[line]) for line in lines) / MICROS
    billed = sum(found.lines[line].price * sum(found.impressions[line]) for line in lines) / MICROS
    yield Evidence(f"{title}: dollars of budget, spent or left", budget, spent + sum(found.balances) / MICROS)
    yield Evidence(f"{title}: dollars spent, by impressions and prices", billed, spent)
    below = sum(min(0, balance) for balance in found.balances) / MICROS
    yield Evidence(f"{title}: dollars that balances are below 0", 0.0, float(below))
    approved = {event.entity_id for event in found.log if event.to_status == "approved"}
    executed = [event.entity_id for event in found.log if event.to_status == "executed"]
    unapproved = sum(each not in approved for each in executed)
    yield Evidence(f"{title}: moves of budget made without an approval", 0.0, float(unapproved))
