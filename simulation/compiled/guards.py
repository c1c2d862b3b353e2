"""Guards as lookup tables for compiled code.

A guard is a function of columns. It is evaluated once for every combination of previous stage, segment and tier, with a
sufficient time in the stage; the minimum days in the stage are stored separately.
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
    from simulation.model.arm import CompiledArm

_MIN_DAYS = "min_days_in_stage"
_TABULATED = frozenset((_MIN_DAYS, "came_from", "segment", "risk_tier"))
"""Conditions that depend only on the dimensions of the tables."""

UNGUARDED = -1


class GuardTables(NamedTuple):
    """Guards as arrays.

    Attributes:
        number: By stage and transition: number of the guard, or UNGUARDED.
        min_days: By guard: minimum days in the stage.
        allowed: By guard, previous stage (plus 1; 0 means none), segment and tier: whether the guard allows the move.
    """

    number: Any
    min_days: Any
    allowed: Any


def build_guard_tables(compiled_arm: CompiledArm, segments: Sequence[str]) -> GuardTables:
    """The guards of an arm's journey.

    Args:
        compiled_arm: The arm.
        segments: Names of the population's segments.

    Raises:
        InputError: A guard was registered by a user, so the columns that it uses are unknown.
    """
    stages, moves = compiled_arm.machine.stages, compiled_arm.parameters.moves
    number = np.full((len(moves), max((len(row) for row in moves), default=0) or 1), UNGUARDED)
    min_days: list[float] = []
    allowed: list[Any] = []
    for stage, row in enumerate(moves):
        for index, transition in enumerate(row):
            guard = compiled_arm.journey.arcs[stages[stage], compiled_arm.machine.moves[transition.move]].guard
            if guard is not None:
                number[stage, index] = len(allowed)
                min_days.append(_min_days(guard))
                allowed.append(_allowed_table(guard, stages, segments))
    none = np.zeros((1, len(stages) + 1, len(segments), len(TIERS)), dtype=np.bool_)
    return GuardTables(number, np.array(min_days or [0.0]), np.array(allowed) if allowed else none)


def supports_guards(journey: Journey) -> bool:
    """Whether compiled code can evaluate all guards of a journey."""
    return all(move.guard is None or not _unsupported_conditions(move.guard) for move in journey.moves)


def _unsupported_conditions(guard: Guard) -> list[str]:
    return [name for name, _ in guard.conditions if name not in _TABULATED]


def _min_days(guard: Guard) -> float:
    unknown = _unsupported_conditions(guard)
    if unknown:
        raise InputError(
            f"the compiled engine does not support the guard {unknown[0]!r}; it supports only the built-in guards "
            f"({', '.join(sorted(_TABULATED))}). Run this journey with --engine reference"
        )
    return max((float(str(value)) for name, value in guard.conditions if name == _MIN_DAYS), default=0.0)


def _allowed_table(guard: Guard, stages: Sequence[str], segments: Sequence[str]) -> Any:
    facts = list(product((None, *stages), segments, TIERS))
    columns = FactColumns(
        days_in_stage=np.full(len(facts), inf),
        previous_stage=np.array([previous for previous, _, _ in facts], dtype=object),
        segment=np.array([segment for _, segment, _ in facts], dtype=object),
        tier=np.array([tier for _, _, tier in facts], dtype=object),
    )
    return np.asarray(guard.evaluate(columns), dtype=np.bool_).reshape(len(stages) + 1, len(segments), len(TIERS))
