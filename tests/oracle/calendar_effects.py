"""Hazard ratios that depend on the date and on a customer's tenure: seasons, incidents, tenure bands.

Calendar phases may overlap. Time is divided at all starts and ends of phases; within an interval the active phases are
constant, and their ratios multiply. Tenure is divided into bands in the same way.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from simulation.model.world_spec import Phase, World
from tests.oracle.parameters import cumulative_shares

MAX_CALENDAR_DAYS = 36_525.0
"""The calendar covers a hundred years, more than any run."""


class CalendarEffects(NamedTuple):
    """Ratios by period of the calendar and band of tenure.

    Attributes:
        starts: Day on which each period begins; the first is 0.
        state: The combination of active phases in each period: the row index of the tables below.
        move_ratios: Hazard ratio by state and move.
        onset_rates: Total onset rate by state and stage, per day.
        onset_cumulative: By state and stage: cumulative share of each cause.
        tenures: Tenure at which each band begins, in days; the first is 0.
        tenure_ratios: Hazard ratio by band and move.
    """

    starts: tuple[float, ...]
    state: tuple[int, ...]
    move_ratios: tuple[tuple[float, ...], ...]
    onset_rates: tuple[tuple[float, ...], ...]
    onset_cumulative: tuple[tuple[tuple[float, ...], ...], ...]
    tenures: tuple[float, ...]
    tenure_ratios: tuple[tuple[float, ...], ...]


def build_calendar_effects(world: World, stages: tuple[str, ...], moves: tuple[str, ...]) -> CalendarEffects:
    """The calendar of a world, for the stages and moves of its journey in code order."""
    phases = tuple(world.calendar.values())
    edges = [_edges(phase) for phase in phases]
    starts = sorted({0.0, *(edge for of_phase in edges for edge in of_phase)})
    active_phases = [
        tuple(index for index, of_phase in enumerate(edges) if _is_on(of_phase, start)) for start in starts
    ]
    states = tuple(dict.fromkeys(active_phases))
    tenures = sorted({0.0, *(days for clock in world.moves.values() for days, _ in clock.by_tenure)})
    onsets = [[_onset_rates(world, stage, phases, state) for stage in stages] for state in states]
    return CalendarEffects(
        starts=tuple(starts),
        state=tuple(states.index(state) for state in active_phases),
        move_ratios=tuple(tuple(_ratio(move, phases, state) for move in moves) for state in states),
        onset_rates=tuple(tuple(sum(rates) for rates in row) for row in onsets),
        onset_cumulative=tuple(tuple(cumulative_shares(rates) for rates in row) for row in onsets),
        tenures=tuple(tenures),
        tenure_ratios=tuple(tuple(_tenure_ratio(world, move, days) for move in moves) for days in tenures),
    )


def _edges(phase: Phase) -> list[float]:
    """The days on which a phase begins and ends, alternating."""
    if phase.every_days is None:
        return [phase.from_day, phase.until_day]
    times = int(MAX_CALENDAR_DAYS / phase.every_days) + 1
    return [day + time * phase.every_days for time in range(times) for day in (phase.from_day, phase.until_day)]


def _is_on(edges: Sequence[float], start: float) -> bool:
    """Whether a phase with these edges is active at `start`: it is after an odd number of edges."""
    return bisect_right(edges, start) % 2 == 1


def _ratio(move: str, phases: Sequence[Phase], state: Sequence[int]) -> float:
    ratio = 1.0
    for index in state:
        ratio *= phases[index].moves.get(move, 1.0)
    return ratio


def _onset_rates(world: World, stage: str, phases: Sequence[Phase], state: Sequence[int]) -> list[float]:
    rates = []
    for name, cause in world.distress.causes.items():
        rate = cause.onset_per_day.get(stage, 0.0)
        for index in state:
            rate *= phases[index].onsets.get(name, 1.0)
        rates.append(rate)
    return rates


def _tenure_ratio(world: World, move: str, days: float) -> float:
    clock = world.moves.get(move)
    ratio = 1.0
    for start, ratio_from_start in clock.by_tenure if clock is not None else ():
        if start <= days:
            ratio = ratio_from_start
    return ratio


def interval_index(edges: Sequence[float], position: float) -> int:
    """The index of the last of the increasing `edges` that is not above `position`; 0 if all are above it."""
    index = 0
    while index + 1 < len(edges) and edges[index + 1] <= position:
        index += 1
    return index
