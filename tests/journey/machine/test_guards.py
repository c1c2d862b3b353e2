"""Guards are written once, for columns; one customer is a column of one row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.machine import (
    FactColumns,
    Facts,
    Guard,
    GuardKind,
    Journey,
    JourneyDefinitionError,
    Move,
    MoveResult,
    guard_names,
    parse_days,
    register_guard,
    unregister_guard,
)
from tests.journey.strategies import facts, guards

if TYPE_CHECKING:
    from collections.abc import Iterator

STAGES = ["trial", "active"]


def expected(guard: Guard, known: Facts) -> bool:
    """What the conditions mean, in plain Python."""
    answers = {
        "min_days_in_stage": lambda days: known.days_in_stage >= days,
        "came_from": lambda stages: known.previous_stage in stages,
        "segment": lambda segments: known.segment in segments,
        "risk_tier": lambda tiers: known.tier in tiers,
    }
    return all(answers[name](value) for name, value in guard.conditions)


@given(guards(STAGES), facts(("trial", "active")))
def test_a_guard_lets_pass_who_meets_all_its_conditions(guard: Guard, known: Facts):
    answer = guard.allows(known)
    assert answer is expected(guard, known)  # a real boolean: the machine compares it with True


@given(guards(STAGES))
def test_unknown_facts_never_satisfy_a_guard(guard: Guard):
    unknown = guard.allows(None)
    assert unknown is False


@given(guards(STAGES))
def test_a_guard_is_the_same_after_writing_and_reading(guard: Guard):
    assert Guard.from_dict(guard.to_dict()) == guard


@given(guards(STAGES), st.lists(facts(("trial", "active")), max_size=6))
def test_text_columns_and_object_columns_give_the_same_answer(guard: Guard, rows: list[Facts]):
    def column(name: str, kind: type) -> np.ndarray:
        return np.array([getattr(row, name) or "" for row in rows], dtype=kind)

    days = np.array([row.days_in_stage for row in rows], dtype=np.float64)
    texts, objects = (
        FactColumns(days, column("previous_stage", kind), column("segment", kind), column("tier", kind))
        for kind in (np.str_, object)
    )
    assert guard.evaluate(texts).tolist() == guard.evaluate(objects).tolist() == [expected(guard, row) for row in rows]


def test_a_guard_says_itself_in_words():
    guard = Guard.of(risk_tier="high", came_from=["support", "escalation"], min_days_in_stage=2.5)
    assert str(guard) == ("to have come from escalation or support and at least 2.5 days in stage and risk tier high")


@pytest.fixture
def at_most_days() -> Iterator[GuardKind]:
    yield register_guard(
        GuardKind(
            "max_days_in_stage",
            lambda known, days: known.days_in_stage <= days,
            parse_days,
            "at most {value} days in stage",
        )
    )
    unregister_guard("max_days_in_stage")


def test_a_guard_of_ones_own_works_like_the_others(at_most_days: GuardKind):
    assert at_most_days.name in guard_names()
    journey = Journey.build(
        stages=("a", "b"), initial="a", moves=(Move("go", "a", "b", Guard.of(max_days_in_stage=3)),)
    )
    assert journey.request("a", "go", Facts(days_in_stage=3)) is MoveResult.MOVED
    assert journey.request("a", "go", Facts(days_in_stage=4)) is MoveResult.BLOCKED
    assert Journey.from_dict(journey.to_dict()) == journey


def test_a_guard_cannot_be_registered_over_another(at_most_days: GuardKind):
    with pytest.raises(JourneyDefinitionError, match="a guard named 'max_days_in_stage' already exists"):
        register_guard(at_most_days)


def test_a_guard_that_does_not_exist_is_refused():
    with pytest.raises(JourneyDefinitionError, match="unknown guard 'segmnt'; did you mean 'segment'"):
        Guard.of(segmnt="smb")
    with pytest.raises(JourneyDefinitionError, match="expected a number of days, got True"):
        Guard.of(min_days_in_stage=True)
    with pytest.raises(JourneyDefinitionError, match="expected names"):
        Guard.of(segment=[""])
