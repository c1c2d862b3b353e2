"""Expected numbers of events of a customer, by the clock that causes them: orders of magnitude, before a run.

The rate of a move is one in its mean dwell time, cut off at the end of the run. With these rates the journey is a
Markov chain, whose expected number of moves is exact. So a cycle of short stays that customers hardly ever leave is
recognised, whatever the distributions.
"""

from __future__ import annotations

from math import exp, log
from typing import TYPE_CHECKING, Any, NamedTuple

from simulation.distributions import dwell_times
from simulation.distributions.dwell_times import cumulative_hazard, inverse_cumulative_hazard
from simulation.model.parameters import resolve_dwell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from journey.machine import Journey
    from simulation.model.dwell_spec import Dwell, MoveClock
    from simulation.model.world_spec import World

_STEPS = 64
"""Steps of the integral over a dwell time, in equal ratios of time."""

_SMALL_HAZARD = 1e-3
"""The share of customers that have moved before the first step of that integral."""

_HIGHEST_RATE = 1e12
"""Rates per run above this are not distinguished, so that the equations remain solvable."""


class ExpectedEvents(NamedTuple):
    """The events of one clock.

    Attributes:
        path: Path of the clock's key in a scenario.
        noun: What the events are, in plural.
        number: Expected number of events of one customer in the run.
    """

    path: tuple[str, ...]
    noun: str
    number: float


def expected_events(world: World, journey: Journey, days: float, *, evaluates: bool) -> Iterator[ExpectedEvents]:
    """The expected events of a customer, by clock; where customers differ, those of the customers with most.

    Args:
        world: The world.
        journey: The journey, whose stages and moves the world names.
        days: Length of the run.
        evaluates: Whether an orchestrator evaluates the customers.
    """
    cadence = world.decisions.cadence_days
    if evaluates and cadence > 0.0:
        yield ExpectedEvents(("world", "decisions", "cadence_days"), "regular evaluations", days / cadence)
    for move, number in expected_moves(world, journey, days).items():
        yield ExpectedEvents(("world", "moves", move), "moves", number)
    yield from _rates(world, days)


def _rates(world: World, days: float) -> Iterator[ExpectedEvents]:
    """The events that happen at rates or at regular dates."""
    for name, cause in world.distress.causes.items():
        path = "world", "distress", "causes", name
        ratios = (world.distress.by_segment, world.distress.by_tier)
        onset = max(cause.onset_per_day.values(), default=0.0) * _largest(*ratios)
        onset *= max((phase.onsets.get(name, 1.0) for phase in world.calendar.values()), default=1.0)
        if onset > 0.0:
            yield ExpectedEvents((*path, "mean_days"), "episodes", days / (1.0 / onset + cause.mean_days))
        yield ExpectedEvents((*path, "symptoms"), "signals", sum(cause.symptoms.values()) * days)
    yield ExpectedEvents(
        ("world", "signals", "false_per_day"), "false alarms", sum(world.signals.false_per_day.values()) * days
    )
    for name, change in world.value_changes.items():
        number = max(change.per_day.values(), default=0.0) * max(1.0, change.in_distress) * days
        yield ExpectedEvents(("world", "value_changes", name), "changes of the account value", number)
    if any(world.renewal.churn.values()):
        yield ExpectedEvents(("world", "renewal", "every_days"), "renewals", days / world.renewal.every_days)
    if any(world.payments.failure.values()):
        yield ExpectedEvents(("world", "payments", "every_days"), "charges", days / world.payments.every_days)


def expected_moves(world: World, journey: Journey, days: float) -> dict[str, float]:
    """The expected number of times that a customer makes each move, from the stage and in the segment with most."""
    segments = dict.fromkeys(name for clock in world.moves.values() for name in clock.by_segment)
    numbers: dict[str, float] = {}
    for segment in ("", *segments):
        for move, number in _moves_of_segment(world, journey, days, segment).items():
            numbers[move] = max(number, numbers.get(move, 0.0))
    return numbers


def _moves_of_segment(world: World, journey: Journey, days: float, segment: str) -> dict[str, float]:
    """The expected moves in one segment: a Markov chain that also ends at the rate of one in the length of the run."""
    import numpy as np

    codes = {stage: code for code, stage in enumerate(journey.stages)}
    rates = [
        (codes[source], codes[arc.destination], move, _rate(world, source, move, segment, days))
        for (source, move), arc in journey.arcs.items()
        if move in world.moves
    ]
    totals = np.ones(len(codes))
    for stage, _, _, rate in rates:
        totals[stage] += rate
    shares = np.zeros((len(codes), len(codes)))
    for stage, destination, _, rate in rates:
        shares[stage, destination] += rate / totals[stage]
    visits = np.linalg.inv(np.eye(len(codes)) - shares)
    numbers: dict[str, float] = {}
    for stage, _, move, rate in rates:
        number = float(visits[:, stage].max() * rate / totals[stage])
        numbers[move] = numbers.get(move, 0.0) + number
    return numbers


def _rate(world: World, stage: str, move: str, segment: str, days: float) -> float:
    """The rate of a move out of a stage, per run."""
    clock = world.moves[move]
    stay = mean_stay(clock.dwell_from.get(stage, clock.dwell), _ratio(world, clock, move, segment), days)
    return min(_HIGHEST_RATE, days / stay) if stay > 0.0 else _HIGHEST_RATE


def mean_stay(dwell: Dwell, ratio: float, days: float) -> float:
    """The mean of a dwell time at a hazard ratio, cut off at the end of the run; accurate to about a factor of two.

    Args:
        dwell: The distribution.
        ratio: The hazard ratio.
        days: Length of the run, which is the mean if the hazard is 0.
    """
    knots: list[float] = []
    law, a, b = resolve_dwell(dwell, knots)
    if ratio <= 0.0:
        return days
    if law == dwell_times.DETERMINISTIC:
        return min(days, a / ratio)
    start = max(days * 1e-300, inverse_cumulative_hazard(law, a, b, _SMALL_HAZARD / ratio, knots))
    if start >= days:
        return days
    step, stay, time = exp(log(days / start) / _STEPS), start, start
    for _ in range(_STEPS):
        hazard = ratio * cumulative_hazard(law, a, b, time * step**0.5, knots)
        stay += time * (step - 1.0) * exp(-hazard)
        time *= step
    return min(days, stay)


def _ratio(world: World, clock: MoveClock, move: str, segment: str) -> float:
    """The hazard ratio of a move in one segment, the largest over tiers, tenures, distress and the calendar."""
    ratio = clock.by_segment.get(segment, 1.0) * _largest(clock.by_tier)
    ratio *= max([1.0, *(of_tenure for _, of_tenure in clock.by_tenure)])
    ratio *= max((phase.moves.get(move, 1.0) for phase in world.calendar.values()), default=1.0)
    ratio *= max([1.0, *(effect.moves.get(move, 1.0) for effect in world.effects.values())])
    return ratio * (max(1.0, clock.in_distress) if world.distress.causes else 1.0)


def _largest(*ratios: Mapping[Any, float]) -> float:
    """The largest product of one ratio of each table, in which a missing ratio is 1."""
    product = 1.0
    for table in ratios:
        product *= max([1.0, *table.values()])
    return product
