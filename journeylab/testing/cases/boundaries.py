"""The boundaries of guards: facts just below, at and just above each condition, and what the condition says there."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from journey.machine import Facts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from journeylab.testing.cases.statement import Statement

_FACTS = {"came_from": "previous_stage", "segment": "segment", "risk_tier": "tier"}
"""The fact that each condition with names asks for."""

_MIN_DAYS = "min_days_in_stage"
OTHER_NAME = "some other one"


class Boundary(NamedTuple):
    """Facts at a boundary of one condition; all other conditions are met.

    Attributes:
        name: What is special about the facts.
        facts: The facts.
        allowed: Whether the guard allows the move.
    """

    name: str
    facts: Facts
    allowed: bool


def is_built_in(conditions: Mapping[str, Any]) -> bool:
    """Whether all conditions are built in: the meaning of others is known to their own code alone."""
    return all(name == _MIN_DAYS or name in _FACTS for name in conditions)


def meet(conditions: Mapping[str, Any]) -> Facts:
    """Facts that meet all of these conditions, which are built in."""
    known = Facts()
    for name, value in conditions.items():
        if name == _MIN_DAYS:
            known = replace(known, days_in_stage=float(value))
        else:
            known = _with_name(known, name, _names(value)[0])
    return known


def list_boundaries(conditions: Mapping[str, Any], statement: Statement) -> Iterator[Boundary]:
    """The boundaries of all conditions, which are built in.

    Args:
        conditions: The conditions of one guard, by name.
        statement: The journey, whose other stages, segments and tiers must not meet a condition.
    """
    met = meet(conditions)
    for name, value in conditions.items():
        if name == _MIN_DAYS:
            days = float(value)
            yield Boundary(f"{name}={days:g} at", met, allowed=True)
            above = replace(met, days_in_stage=math.nextafter(days, math.inf))
            yield Boundary(f"{name}={days:g} above", above, allowed=True)
            if days > 0.0:
                below = replace(met, days_in_stage=math.nextafter(days, -math.inf))
                yield Boundary(f"{name}={days:g} below", below, allowed=False)
            yield Boundary(f"{name} unknown", replace(met, days_in_stage=math.nan), allowed=False)
            continue
        names = _names(value)
        others = [other for other in (*_known_names(name, statement), OTHER_NAME) if other not in names]
        for each in names:
            yield Boundary(f"{name}={each}", _with_name(met, name, each), allowed=True)
        for other in others:
            yield Boundary(f"{name}={other} refused", _with_name(met, name, other), allowed=False)
        yield Boundary(f"{name} unknown", _with_name(met, name, None), allowed=False)


def list_samples(statement: Statement) -> list[Facts]:
    """Facts of many kinds, for guards that are not built in."""
    days = (0.0, 0.5, 1.0, 7.0, 14.0, 30.0, 90.0, 365.0, 10_000.0, math.nan)
    choices = product(
        days,
        (None, *statement.stages),
        (None, *_known_names("segment", statement), OTHER_NAME),
        (None, "low", "medium", "high"),
    )
    return [Facts(*each) for each in choices]


def _with_name(facts: Facts, condition: str, name: str | None) -> Facts:
    """The facts with another value of the one that a condition asks for."""
    changed: dict[str, Any] = {_FACTS[condition]: name}
    return replace(facts, **changed)


def _known_names(condition: str, statement: Statement) -> tuple[str, ...]:
    """All names that a fact may have: the stages, or what the guards of the journey name."""
    if condition == "came_from":
        return statement.stages
    named = [name for move in statement.moves.values() for name in _names(move.conditions.get(condition, ()))]
    return tuple(dict.fromkeys((*named, *(("low", "medium", "high") if condition == "risk_tier" else ()))))


def _names(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
