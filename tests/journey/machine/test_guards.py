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
from journeylab.testing import facts, guards

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


@pytest.fixture
def answering():
    """Registers guards that return a given answer, whatever the facts are; removes them after the test."""
    names = []

    def register(name: str, answer: object) -> None:
        register_guard(GuardKind(name, lambda _facts, _value: answer, parse_days, name + " {value}"))
        names.append(name)

    yield register
    for name in names:
        unregister_guard(name)


@pytest.mark.parametrize(
    ("answer", "allowed"),
    [
        (np.array([2]), True),
        (np.array([0]), False),
        (np.array([0.5]), True),
        (np.array([np.nan]), False),
        (np.array([None], dtype=object), False),
        (np.array([True], dtype=object), True),
        (np.array([float("nan")], dtype=object), False),
        ([1], True),
        ([False], False),
    ],
)
def test_the_answer_of_a_registered_guard_counts_by_its_truth_value(answering, answer, allowed):
    answering("registered", answer)
    assert Guard.of(registered=1).allows() is allowed


def test_two_registered_guards_that_each_let_pass_let_pass_together(answering):
    answering("first", np.array([1]))
    answering("second", np.array([2]))
    guard = Guard.of(first=1, second=1, min_days_in_stage=1)
    assert guard.allows(Facts(days_in_stage=5.0)) is True
    assert guard.allows(Facts(days_in_stage=0.0)) is False


def test_an_error_within_a_guard_names_the_guard():
    def fail(*_: object) -> None:
        raise KeyError("visits")

    register_guard(GuardKind("failing", fail, int, "{value}"))
    register_guard(GuardKind("unparsed", lambda facts, _: facts.days_in_stage > 0, fail, "{value}"))
    try:
        with pytest.raises(JourneyDefinitionError, match="guard 'failing' raised KeyError: 'visits'; correct its test"):
            Guard.of(failing=1).allows()
        with pytest.raises(JourneyDefinitionError, match="guard 'unparsed' raised KeyError: 'visits', got 1; correct"):
            Guard.of(unparsed=1)
    finally:
        unregister_guard("failing")
        unregister_guard("unparsed")


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (np.array([True, True]), "guard 'registered' returned 2 values for 1 rows; return one boolean per row"),
        (True, "guard 'registered' returned one value for 1 rows"),
        (None, "guard 'registered' returned one value for 1 rows"),
        (np.array([[True]]), "guard 'registered' returned an array of several dimensions for 1 rows"),
        (np.array(["yes"]), "guard 'registered' returned values of type str"),
        (np.array(["yes"], dtype=object), "guard 'registered' returned values of type str"),
    ],
)
def test_another_answer_is_refused_with_the_name_of_the_guard(answering, answer, problem):
    answering("registered", answer)
    with pytest.raises(JourneyDefinitionError) as refused:
        Guard.of(registered=1).allows()
    assert problem in str(refused.value)


@given(st.lists(st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=True), min_size=1, max_size=8))
def test_any_column_of_numbers_becomes_booleans(answers):
    register_guard(GuardKind("registered", lambda _facts, _value: answers, parse_days, "{value}"))
    try:
        unknown = np.array([""] * len(answers), dtype=object)
        columns = FactColumns(np.zeros(len(answers)), unknown, unknown, unknown)
        found = Guard.of(registered=1).evaluate(columns)
    finally:
        unregister_guard("registered")
    assert found.dtype == np.bool_
    assert found.tolist() == [bool(one) and one == one for one in answers]
