"""The funnel with compiled prospects: the model of `simulation.acquisition.reference_engine`, for large budgets.

A period's prospects are lived as soon as its media is bought, so their later steps stand in the books ahead of their
time; whoever reads the books asks for a day and is told of nothing later (`Observed.counts`).
"""

from __future__ import annotations

from functools import cache, partial
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from simulation.acquisition import prospect_kernels, prospects
from simulation.acquisition.results import Lived, Step
from simulation.acquisition.state import Market
from simulation.distributions import dwell_times, special_functions
from simulation.kernels.named_arrays import boxed
from simulation.kernels.nested_arrays import arrays_of
from simulation.population import draw as drawing
from simulation.random import streams

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

    from simulation.acquisition.budget_control import Waiting
    from simulation.acquisition.spec import AcquiredPopulation

BEFORE_MEDIA, MEDIA = range(2)
FIRST_ROOM = 256


@cache
def kernels() -> SimpleNamespace:
    """The functions of prospects, compiled at their first call and kept on disk."""
    from journey.runtime.jit import compiled

    unsigned: dict[str, Any] = {name: np.uint64(getattr(streams, name)) for name in streams.UNSIGNED}
    modules = (streams, special_functions, dwell_times, drawing, prospects, prospect_kernels)
    return compiled(*modules, constants={**unsigned, "word64": np.uint64}, options={"error_model": "numpy"})


class Agenda:
    """What is to be done, in order of time; at the same time first what comes before media is bought."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, int, Callable[[float], None]]] = []
        self._order = count()

    def add(self, time: float, priority: int, action: Callable[[float], None]) -> None:
        """Have `action` called with the time, when it has come."""
        heappush(self._heap, (time, priority, next(self._order), action))

    def run(self) -> None:
        """Do everything."""
        while self._heap:
            time, _, _, action = heappop(self._heap)
            action(time)


def live(population: AcquiredPopulation, *, seed: int, replication: int) -> Lived:
    """Live an arm's funnel to the end; see `simulation.acquisition.reference_engine.live`."""
    agenda, market = Agenda(), Market(population, seed=seed, replication=replication)
    crowd = _Crowd(market, seed, replication)
    for name, lines, periods in market.campaigns():
        for period, (start, _) in enumerate(periods):
            for line in lines:
                agenda.add(start, MEDIA, partial(crowd.show, line, period))
        for nth, day in market.reviews(periods):
            agenda.add(day, BEFORE_MEDIA, partial(_review, agenda, market, name, nth))
    agenda.run()
    return market.lived()


def _review(agenda: Agenda, market: Market, campaign: str, nth: int, now: float) -> None:
    for waiting in market.desk.review(campaign, nth, now):
        agenda.add(waiting.due, BEFORE_MEDIA, partial(_answer, market, waiting))


def _answer(market: Market, waiting: Waiting, now: float) -> None:
    assert now == waiting.due
    market.desk.answer(waiting)


class _Crowd:
    """The prospects of one funnel, period by period."""

    def __init__(self, market: Market, seed: int, replication: int) -> None:
        self._market, self._luck = market, (seed, replication)
        self._laws = [boxed(arrays_of(line.law)) for line in market.lines]

    def show(self, place: int, period: int, now: float) -> None:
        """Show a line's impressions of one period, and enter every step of those who are followed."""
        market, law = self._market, self._laws[place]
        line, bought = market.lines[place], market.desk.buy(place, period)
        counted, ints = self._walked(place, period, bought)
        market.observed.first_steps[place][period] = int(counted[:, 0].sum())
        for segment, steps in enumerate(counted.tolist()):
            for step in range(1, line.law.bulk):
                market.counted[place][segment][step][period] = steps[step]
        times = np.zeros((len(ints), line.law.steps))
        kernels().follow(*self._luck, law, now, line.periods[period][1], ints, times)
        for (number, segment, last), days in zip(ints.tolist(), times.tolist(), strict=True):
            for step in range(line.law.bulk, last + 1):
                market.made(Step(days[step], number, place, period, segment, step))

    def _walked(self, place: int, period: int, bought: int) -> tuple[Any, Any]:
        market, law = self._market, self._laws[place]
        key, shape = (
            np.uint64(market.luck_of(place, period)),
            (len(market.counted[place]), market.lines[place].law.bulk),
        )
        room = FIRST_ROOM
        while True:
            counted, ints = np.zeros(shape, dtype=np.int64), np.zeros((room, 3), dtype=np.int64)
            found = kernels().walk(key, law, period, bought, counted, ints)
            if found <= room:
                return counted, ints[:found]
            room = found
