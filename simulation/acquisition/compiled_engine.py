"""The funnel with compiled prospects: the model of `simulation.acquisition.reference_engine`, for large budgets.

The prospects of a period are simulated as soon as its media is bought, so their later steps are recorded ahead of time.
`Observations.counts` therefore takes a day and ignores later sales.
"""

from __future__ import annotations

from functools import cache, partial
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from journey.runtime.nested_arrays import to_arrays
from simulation.acquisition import prospect_kernels, prospects
from simulation.acquisition.results import FunnelResult, ProspectStep
from simulation.acquisition.state import FunnelState
from simulation.distributions import dwell_times, special_functions
from simulation.kernels import named_arrays
from simulation.kernels.named_arrays import pack_arrays
from simulation.kernels.stream_constants import unsigned_stream_constants
from simulation.population import draw as drawing
from simulation.random import streams

if TYPE_CHECKING:
    from collections.abc import Callable

    from journey.runtime.jit import CompiledFunctions
    from simulation.acquisition.budget_control import PendingApproval
    from simulation.acquisition.spec import AcquiredPopulation

BEFORE_MEDIA, MEDIA = range(2)
INITIAL_CAPACITY = 256


@cache
def kernels() -> CompiledFunctions:
    """The functions of prospects, compiled at their first call and cached on disk."""
    from journey.runtime.jit import compile_kernels

    modules = (streams, special_functions, dwell_times, drawing, prospects, prospect_kernels)
    return compile_kernels(
        *modules,
        entries=prospect_kernels.KERNELS,
        constants=unsigned_stream_constants(),
        options={"error_model": "numpy"},
        extensions=(named_arrays,),
    )


class EventList:
    """Events in order of time; at the same time, budget reviews come before purchases of media."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, int, Callable[[float], None]]] = []
        self._order = count()

    def add(self, time: float, priority: int, action: Callable[[float], None]) -> None:
        """Schedule `action`, which is called with the time."""
        heappush(self._heap, (time, priority, next(self._order), action))

    def run(self) -> None:
        """Process all events."""
        while self._heap:
            time, _, _, action = heappop(self._heap)
            action(time)


def simulate_funnel(population: AcquiredPopulation, *, seed: int, replication: int) -> FunnelResult:
    """Simulate an arm's funnel to the end; see `simulation.acquisition.reference_engine.simulate_funnel`."""
    events, state = EventList(), FunnelState(population, seed=seed, replication=replication)
    simulator = _ProspectSimulator(state, seed, replication)
    for name, lines, periods in state.campaigns():
        for period, (start, _) in enumerate(periods):
            for line in lines:
                events.add(start, MEDIA, partial(simulator.show_impressions, line, period))
        for number, day in state.review_days(periods):
            events.add(day, BEFORE_MEDIA, partial(_review_budget, events, state, name, number))
    events.run()
    return state.build_result()


def _review_budget(events: EventList, state: FunnelState, campaign: str, number: int, now: float) -> None:
    for pending in state.controller.review_budget(campaign, number, now):
        events.add(pending.due, BEFORE_MEDIA, partial(_resolve_approval, state, pending))


def _resolve_approval(state: FunnelState, pending: PendingApproval, now: float) -> None:
    assert now == pending.due
    state.controller.resolve_approval(pending)


class _ProspectSimulator:
    """Simulates the prospects of one funnel, period by period."""

    def __init__(self, state: FunnelState, seed: int, replication: int) -> None:
        self._state, self._run_key = state, (seed, replication)
        self._packed_lines = [pack_arrays(to_arrays(line.parameters)) for line in state.lines]

    def show_impressions(self, line_index: int, period: int, now: float) -> None:
        """Show a line's impressions of one period, and record every step of the tracked prospects."""
        state, packed_line = self._state, self._packed_lines[line_index]
        line, bought = state.lines[line_index], state.controller.buy_media(line_index, period)
        bulk_counts, prospect_rows = self._find_prospects(line_index, period, bought)
        state.observed.first_steps[line_index][period] = int(bulk_counts[:, 0].sum())
        for segment, steps in enumerate(bulk_counts.tolist()):
            for step in range(1, line.parameters.bulk):
                state.bulk_counts[line_index][segment][step][period] = steps[step]
        times = np.zeros((len(prospect_rows), line.parameters.steps))
        kernels().compute_step_times(*self._run_key, packed_line, now, line.periods[period][1], prospect_rows, times)
        for (number, segment, last), days in zip(prospect_rows.tolist(), times.tolist(), strict=True):
            for step in range(line.parameters.bulk, last + 1):
                state.record_step(ProspectStep(days[step], number, line_index, period, segment, step))

    def _find_prospects(self, line_index: int, period: int, bought: int) -> tuple[Any, Any]:
        state, packed_line = self._state, self._packed_lines[line_index]
        key, shape = (
            np.uint64(state.period_key(line_index, period)),
            (len(state.bulk_counts[line_index]), state.lines[line_index].parameters.bulk),
        )
        capacity = INITIAL_CAPACITY
        while True:
            bulk_counts, prospect_rows = np.zeros(shape, dtype=np.int64), np.zeros((capacity, 3), dtype=np.int64)
            found = kernels().find_prospects(key, packed_line, period, bought, bulk_counts, prospect_rows)
            if found <= capacity:
                return bulk_counts, prospect_rows[:found]
            capacity = found
