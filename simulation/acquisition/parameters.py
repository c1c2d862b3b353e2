"""The campaigns as numbers: names are resolved to codes, and defaults to values."""

from itertools import accumulate
from operator import mul
from typing import NamedTuple

from simulation.acquisition.spec import MICROS, AcquiredPopulation, Campaign, Channel
from simulation.model.parameters import cumulative_shares, resolve_dwell

NO_DELAY = -1
"""The distribution code of a step that is made immediately."""


class LineParameters(NamedTuple):
    """One line of the budget: one channel of one campaign.

    Attributes:
        campaign: Code of the campaign.
        channel: Code of the channel within it.
        steps: Number of steps on the path, including the impression.
        bulk: Number of steps that are counted in bulk.
        chance: Probability that an impression of the channel makes the first step.
        segments: Cumulative shares of the segments among those who make it.
        chances: By segment: the probability of reaching each later step.
        audience: Number of people who can be reached in a period; 0 means unlimited.
        delay_distributions: By step of the path: the distribution of the delay before it; NO_DELAY if there is none.
        a: By step: the first parameter of the distribution.
        b: By step: the second parameter of the distribution.
        ratios: By segment: multiplier of every delay.
        knots: Knots of the empirical distributions.
    """

    campaign: int
    channel: int
    steps: int
    bulk: int
    chance: float
    segments: tuple[float, ...]
    chances: tuple[tuple[float, ...], ...]
    audience: float
    delay_distributions: tuple[int, ...]
    a: tuple[float, ...]
    b: tuple[float, ...]
    ratios: tuple[float, ...]
    knots: tuple[float, ...]


class BudgetLine(NamedTuple):
    """One line of the budget, with its names and prices.

    Attributes:
        key: Names of campaign and channel.
        spec: The channel.
        path: The campaign's steps.
        periods: Start and end of each period, in days.
        price: Price of an impression, in millionths of a dollar.
        budget: Opening budget, in millionths of a dollar.
        parameters: The numbers that determine its prospects.
    """

    key: tuple[str, str]
    spec: Channel
    path: tuple[str, ...]
    periods: tuple[tuple[float, float], ...]
    price: int
    budget: int
    parameters: LineParameters


def build_lines(population: AcquiredPopulation) -> tuple[BudgetLine, ...]:
    """All lines of the budget, in order of campaign and channel."""
    segments = tuple(population.segments)
    return tuple(
        BudgetLine(
            key=(name, channel),
            spec=spec,
            path=campaign.path,
            periods=campaign.periods,
            price=round(spec.cost_per_1000.amount * MICROS / 1000),
            budget=round(spec.budget * MICROS),
            parameters=_line_parameters(campaign, spec, segments, (campaign_index, code)),
        )
        for campaign_index, (name, campaign) in enumerate(population.acquisition.campaigns.items())
        for code, (channel, spec) in enumerate(campaign.channels.items())
    )


def conversion_rate(channel: Channel, segment: str, step: str) -> float:
    """The conversion rate of a step for a segment."""
    return channel.by_segment.get(segment, {}).get(step, channel.conversion.get(step, 0.0))


def _line_parameters(
    campaign: Campaign, channel: Channel, segments: tuple[str, ...], codes: tuple[int, int]
) -> LineParameters:
    first, *later = campaign.path[1:]
    total = sum(channel.segments.values())
    shares = [channel.segments.get(name, 0.0) / total for name in segments]
    made = [share * conversion_rate(channel, name, first) for name, share in zip(segments, shares, strict=True)]
    chance = sum(made)
    knots: list[float] = []
    delays = [_delay(campaign, step, knots) for step in campaign.path]
    return LineParameters(
        campaign=codes[0],
        channel=codes[1],
        steps=len(campaign.path),
        bulk=campaign.bulk,
        chance=min(1.0, chance),
        segments=cumulative_shares(made if chance > 0.0 else shares),
        chances=tuple(tuple(accumulate((conversion_rate(channel, name, s) for s in later), mul)) for name in segments),
        audience=channel.audience or 0.0,
        delay_distributions=tuple(distribution for distribution, _, _ in delays),
        a=tuple(a for _, a, _ in delays),
        b=tuple(b for _, _, b in delays),
        ratios=tuple(campaign.delay_by_segment.get(name, 1.0) for name in segments),
        knots=tuple(knots),
    )


def _delay(campaign: Campaign, step: str, knots: list[float]) -> tuple[int, float, float]:
    dwell = campaign.delays.get(step)
    return (NO_DELAY, 0.0, 0.0) if dwell is None else resolve_dwell(dwell, knots)
