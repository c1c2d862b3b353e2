"""The funnel in SimPy: media is bought each period, prospects move along the path, and budgets are reviewed.

Events happen in order of time, so a review can only use what has been observed by then.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from simulation.acquisition.prospects import (
    NO_POSITION,
    draw_delay,
    draw_segment,
    draw_step_count,
    impression_time,
    next_position,
    prospect_number,
    reaches_new_person,
)
from simulation.acquisition.results import FunnelResult, ProspectStep
from simulation.acquisition.state import FunnelState
from simulation.reference.environment import BEFORE_ALL, ExactEnvironment

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    import simpy

    from simulation.acquisition.parameters import BudgetLine
    from simulation.acquisition.spec import AcquiredPopulation

    Events = Generator[simpy.Event, None, None]
    Periods = tuple[tuple[float, float], ...]


def simulate_funnel(population: AcquiredPopulation, *, seed: int, replication: int) -> FunnelResult:
    """Simulate an arm's funnel to the end.

    Args:
        population: The funnel.
        seed: The scenario's seed, 0 or more.
        replication: Number of the replication.
    """
    env, state = ExactEnvironment(), FunnelState(population, seed=seed, replication=replication)
    for name, lines, periods in state.campaigns():
        env.process(_buy_media(env, state, lines, periods))
        env.process(_review_budget(env, state, name, periods))
    env.run()
    return state.build_result()


def _buy_media(env: ExactEnvironment, state: FunnelState, lines: list[int], periods: Periods) -> Events:
    """Buy the campaign's media at the start of every period."""
    for period, (start, _) in enumerate(periods):
        yield env.at(start)
        for line in lines:
            _show_impressions(env, state, line, period)


def _review_budget(env: ExactEnvironment, state: FunnelState, campaign: str, periods: Periods) -> Events:
    """Review the budget before media is bought on that day. Transfers that need approval are decided later."""
    for number, day in state.review_days(periods):
        yield env.at(day, BEFORE_ALL)
        for pending in state.controller.review_budget(campaign, number, env.now):
            env.call_at(pending.due, BEFORE_ALL, partial(state.controller.resolve_approval, pending))


def _show_impressions(env: ExactEnvironment, state: FunnelState, line_index: int, period: int) -> None:
    """Show a line's impressions of one period, and start the tracked prospects."""
    line, impressions = state.lines[line_index], state.controller.buy_media(line_index, period)
    for position, segment, last in _find_prospects(line, state.period_key(line_index, period), impressions):
        state.observed.first_steps[line_index][period] += 1
        for step in range(1, min(last + 1, line.parameters.bulk)):
            state.bulk_counts[line_index][segment][step][period] += 1
        if last >= line.parameters.bulk:
            number = prospect_number(line.parameters.campaign, line.parameters.channel, period, position)
            env.process(_follow_prospect(env, state, ProspectStep(0.0, number, line_index, period, segment, last)))


def _find_prospects(line: BudgetLine, key: int, impressions: int) -> Iterator[tuple[int, int, int]]:
    """All prospects that make the first step: position, segment, and the last step made."""
    parameters, occurrence, position = line.parameters, 0, NO_POSITION
    while (position := next_position(key, occurrence, position, parameters.chance, impressions)) != NO_POSITION:
        if reaches_new_person(key, occurrence, position, parameters.audience):
            segment = draw_segment(key, occurrence, parameters.segments)
            yield (
                position,
                segment,
                1 + draw_step_count(key, occurrence, parameters.chances[segment], parameters.steps - 2),
            )
        occurrence += 1


def _follow_prospect(env: ExactEnvironment, state: FunnelState, prospect: ProspectStep) -> Events:
    """Record the steps of one prospect; `prospect.step` is the last one."""
    line = state.lines[prospect.line]
    parameters, key = line.parameters, state.prospect_key(prospect.number)
    time = impression_time(key, *line.periods[prospect.period])
    for step in range(parameters.bulk, prospect.step + 1):
        ratio = parameters.ratios[prospect.segment]
        time += draw_delay(
            key,
            step,
            parameters.delay_distributions[step],
            parameters.a[step],
            parameters.b[step],
            ratio,
            parameters.knots,
        )
        yield env.at(time)
        state.record_step(prospect._replace(time=time, step=step))
