"""Guards as tables, so that compiled code can ask them.

A guard stays what it is: a function of columns. It is asked once for every combination of previous stage, segment and
tier, with time enough in the stage; the least days in the stage stand beside the answers.
"""

from __future__ import annotations

from itertools import product
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from journey.core.errors import InputError
from journey.decision.policy import TIERS
from journey.machine.guards import FactColumns, Guard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journey.machine import Journey
    from simulation.model.arm import ArmTable

_LEAST_DAYS = "min_days_in_stage"
_TABULAR = frozenset((_LEAST_DAYS, "came_from", "segment", "risk_tier"))
"""Guards whose answer depends on nothing but what the tables are laid out by."""

UNGUARDED = -1


class GuardTables(NamedTuple):
    """Guards by place.

    Attributes:
        number: By stage and place: which guard, or UNGUARDED.
        least_days: By guard: days in the stage before it lets anybody pass.
        allowed: By guard, previous stage (one up; 0 is none), segment and tier: whether it lets them pass then.
    """

    number: Any
    least_days: Any
    allowed: Any


def guard_tables(table: ArmTable, segments: Sequence[str]) -> GuardTables:
    """The guards of an arm's journey.

    Args:
        table: The arm.
        segments: Names of the population's segments.

    Raises:
        InputError: A guard was registered by a user, and what it looks at is not known here.
    """
    stages = table.machine.stages
    number = np.full((len(table.moves), max((len(row) for row in table.moves), default=0) or 1), UNGUARDED)
    least_days: list[float] = []
    allowed: list[Any] = []
    for stage, row in enumerate(table.moves):
        for place, law in enumerate(row):
            guard = table.journey.arcs[stages[stage], table.machine.moves[law.move]].guard
            if guard is not None:
                number[stage, place] = len(allowed)
                least_days.append(_least_days(guard))
                allowed.append(_answers(guard, stages, segments))
    none = np.zeros((1, len(stages) + 1, len(segments), len(TIERS)), dtype=np.bool_)
    return GuardTables(number, np.array(least_days or [0.0]), np.array(allowed) if allowed else none)


def knows_guards_of(journey: Journey) -> bool:
    """Whether all guards of a journey are of the kinds that compiled code can ask."""
    return all(move.guard is None or not _unknown(move.guard) for move in journey.moves)


def _unknown(guard: Guard) -> list[str]:
    return [name for name, _ in guard.conditions if name not in _TABULAR]


def _least_days(guard: Guard) -> float:
    unknown = _unknown(guard)
    if unknown:
        raise InputError(
            f"the compiled engine does not know the guard {unknown[0]!r}, which is not one of the built-in ones "
            f"({', '.join(sorted(_TABULAR))}); run this journey with --engine reference"
        )
    return max((float(str(value)) for name, value in guard.conditions if name == _LEAST_DAYS), default=0.0)


def _answers(guard: Guard, stages: Sequence[str], segments: Sequence[str]) -> Any:
    facts = list(product((None, *stages), segments, TIERS))
    columns = FactColumns(
        days_in_stage=np.full(len(facts), inf),
        previous_stage=np.array([previous for previous, _, _ in facts], dtype=object),
        segment=np.array([segment for _, segment, _ in facts], dtype=object),
        tier=np.array([tier for _, _, tier in facts], dtype=object),
    )
    return np.asarray(guard.allow(columns), dtype=np.bool_).reshape(len(stages) + 1, len(segments), len(TIERS))
