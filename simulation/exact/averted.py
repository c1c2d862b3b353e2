"""The probability that a customer leaves within some days, during which an effect on moves lasts for a time.

With exponential dwells it is that of a Markov chain with piecewise constant rates. With other dwells it solves backward
renewal equations on a grid of days: the probability of leaving by the horizon, by stage and day of entry.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simulation.exact.action_effects import build_treated_chain, solve_treated_chain
from simulation.exact.markov import kind_ratio
from simulation.exact.scipy_distributions import cumulative_hazard
from simulation.model.distress_spec import Distress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from journey.machine import Journey
    from simulation.model.dwell_spec import Dwell
    from simulation.model.effect_spec import Effect
    from simulation.model.world_spec import World

    FloatArray = npt.NDArray[np.float64]

CELLS = 240
"""Cells of the grid of days, for dwells that are not exponential."""

_AT_ONCE = 50.0
"""The hazard of a cell in which a move happens with certainty."""

TIER = "medium"
"""The risk tier of the customers of these probabilities; their frailty is 1, and they are not in distress."""


def leaving_probabilities(
    journey: Journey,
    world: World,
    effect: Effect,
    *,
    starts: Sequence[tuple[str, float]],
    horizon: float,
    segment: str,
) -> FloatArray:
    """Probabilities that a customer leaves by a day, by the moves of the world: without distress, seasons and renewals.

    Guards and days of notice are omitted.

    Args:
        journey: The journey.
        world: The world.
        effect: The effect that begins on day 0; only its hazard ratios on moves count.
        starts: Stages on day 0, with the days already spent in them.
        horizon: The day.
        segment: The customer's segment.
    """
    clocks = [(clock.dwell, *clock.dwell_from.values()) for clock in world.moves.values()]
    if all(dwell.law == "exponential" for dwells in clocks for dwell in dwells):
        has_left = _solve_chain(journey, world, effect, horizon, segment)
        return np.array([has_left[journey.stages.index(stage)] for stage, _ in starts])
    step = horizon / CELLS
    exits = {stage: _list_exits(journey, world, effect, stage, segment, step) for stage in journey.non_exit_stages}
    by_entry = {stage: np.zeros(CELLS + 1) for stage in exits}
    for first in range(CELLS - 1, -1, -1):
        for stage, moves in exits.items():
            by_entry[stage][first] = _left(journey, moves, by_entry, first)
    return np.array([_left(journey, [e.aged(days) for e in exits[stage]], by_entry, 0) for stage, days in starts])


def _solve_chain(journey: Journey, world: World, effect: Effect, horizon: float, segment: str) -> FloatArray:
    """Shape (n,): probability of leaving by the horizon, by stage on day 0, with exponential dwells."""
    unguarded = replace(journey, moves=tuple(replace(move, guard=None) for move in journey.moves))
    calm = world.model_copy(update={"distress": Distress()})
    chain = build_treated_chain(unguarded, calm, effect, segment=segment, tier=TIER)
    return np.asarray(solve_treated_chain(chain, [0.0, horizon]).has_left[-1])


class _Exit(NamedTuple):
    """A move out of a stage.

    Attributes:
        to_stage: The stage it leads to.
        dwell: Its dwell.
        ratios: Shape (cells,): hazard ratio in each cell of the grid of days.
        step: Length of a cell, in days.
        hazards: Shape (cells,): integral of its hazard over each cell of a stay, at a ratio of 1.
        age: Days already spent in the stage when the stay is first observed.
    """

    to_stage: str
    dwell: Dwell
    ratios: FloatArray
    step: float
    hazards: FloatArray
    age: float = 0.0

    def aged(self, days: float) -> _Exit:
        """The same move for a stay that has lasted some days."""
        return self._replace(age=days, hazards=_cell_hazards(self.dwell, days, self.step))

    def hazards_from(self, first: int) -> FloatArray:
        """Shape (cells,): integral of the hazard over each cell, of a stay that begins in cell `first`."""
        ratios = self.ratios[first:]
        if self.dwell.law != "deterministic":
            return ratios * self.hazards[: len(ratios)]
        # A ratio scales the speed of a deterministic clock.
        reached = self.age + np.concatenate([[0.0], np.cumsum(ratios * self.step)])
        return np.where((reached[:-1] < self.dwell.mean_days) & (reached[1:] >= self.dwell.mean_days), _AT_ONCE, 0.0)


def _list_exits(journey: Journey, world: World, effect: Effect, stage: str, segment: str, step: float) -> list[_Exit]:
    exits, starts = [], step * np.arange(CELLS)
    shares = np.clip((effect.lasts_days - starts) / step, 0.0, 1.0)
    for move in journey.moves:
        clock = world.moves.get(move.name)
        if move.source != stage or clock is None:
            continue
        dwell = clock.dwell_from.get(stage, clock.dwell)
        ratios = kind_ratio(clock, segment, TIER, 1.0) * (1.0 + shares * (effect.moves.get(move.name, 1.0) - 1.0))
        exits.append(_Exit(move.destination, dwell, ratios, step, _cell_hazards(dwell, 0.0, step)))
    return exits


def _cell_hazards(dwell: Dwell, age: float, step: float) -> FloatArray:
    if dwell.law == "deterministic":
        return np.zeros(CELLS)
    return np.diff(cumulative_hazard(dwell, age + step * np.arange(CELLS + 1)))


def _left(journey: Journey, exits: list[_Exit], by_entry: Mapping[str, FloatArray], first: int) -> float:
    """Probability of leaving for a stay that begins in cell `first`, from those of later entries."""
    if not exits:
        return 0.0
    hazards = np.array([each.hazards_from(first) for each in exits])
    total = hazards.sum(axis=0)
    survival = np.exp(-np.concatenate([[0.0], np.cumsum(total)[:-1]]))
    moved = survival * -np.expm1(-total)
    left = 0.0
    for each, hazard in zip(exits, hazards, strict=True):
        share = np.divide(hazard, total, out=np.zeros_like(total), where=total > 0.0)
        after = 1.0 if each.to_stage in journey.exit_stages else by_entry[each.to_stage][first + 1 :]
        left += float(np.sum(moved * share * after))
    return left
