"""The funnel in SimPy: media is bought period by period, prospects go down the path, and budget is reviewed meanwhile.

Nobody can look ahead here: a review sees what has been entered in the books by then, and nothing else is in them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from simulation.acquisition.prospects import (
    NOBODY,
    delay,
    is_new,
    next_place,
    number_of,
    segment_of,
    steps_made,
    touched_at,
)
from simulation.acquisition.results import Lived, Step
from simulation.acquisition.state import Market
from simulation.reference.environment import BEFORE_ALL, ExactEnvironment

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    import simpy

    from simulation.acquisition.parameters import Line
    from simulation.acquisition.spec import AcquiredPopulation

    Events = Generator[simpy.Event, None, None]
    Periods = tuple[tuple[float, float], ...]


def live(population: AcquiredPopulation, *, seed: int, replication: int) -> Lived:
    """Live an arm's funnel to the end.

    Args:
        population: The funnel.
        seed: The scenario's seed, 0 or more.
        replication: Which replication.
    """
    env, market = ExactEnvironment(), Market(population, seed=seed, replication=replication)
    for name, lines, periods in market.campaigns():
        env.process(_media(env, market, lines, periods))
        env.process(_reviews(env, market, name, periods))
    env.run()
    return market.lived()


def _media(env: ExactEnvironment, market: Market, lines: list[int], periods: Periods) -> Events:
    """At the beginning of every period, the campaign's media is bought."""
    for period, (start, _) in enumerate(periods):
        yield env.at(start)
        for line in lines:
            _show(env, market, line, period)


def _reviews(env: ExactEnvironment, market: Market, campaign: str, periods: Periods) -> Events:
    """Before media is bought on a day of review, budget is moved; what needs a person is answered in its own time."""
    for nth, day in market.reviews(periods):
        yield env.at(day, BEFORE_ALL)
        for waiting in market.desk.review(campaign, nth, env.now):
            env.call_at(waiting.due, BEFORE_ALL, partial(market.desk.answer, waiting))


def _show(env: ExactEnvironment, market: Market, place: int, period: int) -> None:
    """Show a line's impressions of one period, and send on their way those prospects who are followed."""
    line, impressions = market.lines[place], market.desk.buy(place, period)
    for who, segment, last in _touched(line, market.luck_of(place, period), impressions):
        market.observed.first_steps[place][period] += 1
        for step in range(1, min(last + 1, line.law.bulk)):
            market.counted[place][segment][step][period] += 1
        if last >= line.law.bulk:
            number = number_of(line.law.campaign, line.law.channel, period, who)
            env.process(_follow(env, market, Step(0.0, number, place, period, segment, last)))


def _touched(line: Line, key: int, impressions: int) -> Iterator[tuple[int, int, int]]:
    """Everybody who makes the first step: place, segment, and the last step made."""
    law, nth, place = line.law, 0, NOBODY
    while (place := next_place(key, nth, place, law.chance, impressions)) != NOBODY:
        if is_new(key, nth, place, law.audience):
            segment = segment_of(key, nth, law.segments)
            yield place, segment, 1 + steps_made(key, nth, law.chances[segment], law.steps - 2)
        nth += 1


def _follow(env: ExactEnvironment, market: Market, prospect: Step) -> Events:
    """One prospect's way down the path; `prospect` says how far it leads."""
    line = market.lines[prospect.line]
    law, key = line.law, market.key_of(prospect.number)
    time = touched_at(key, *line.periods[prospect.period])
    for step in range(law.bulk, prospect.step + 1):
        ratio = law.ratios[prospect.segment]
        time += delay(key, step, law.laws[step], law.a[step], law.b[step], ratio, law.knots)
        yield env.at(time)
        market.made(prospect._replace(time=time, step=step))
