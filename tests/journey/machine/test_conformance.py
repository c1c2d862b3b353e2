"""Conformance checking by columns agrees with a plain loop over the rows."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.core.errors import InputError
from journey.machine import Journey, Violation, ViolationKind, check_conformance, default_journey
from journeylab.testing import journeys

Row = tuple[object, str | None, str | None, str | None]  # case, from, to, move


def plain_loop(journey: Journey, rows: list[Row], *, with_moves: bool) -> list[tuple[int, int]]:
    """(row, kind of violation) for each row that is not in order."""
    where: dict[object, str | None] = {}
    found = []
    for number, (case, start, end, move) in enumerate(rows):
        first, before = case not in where, where.get(case)
        if start is None and not first:
            start = before
        target = journey.arcs.get((start or "", move or ""))
        if with_moves and end is None and target:
            end = target.destination
        where[case] = end if end is not None else start
        if first and start is None and end in journey.stages:
            continue
        unknown = start not in journey.stages or (
            move not in journey.move_names or (end is not None and end not in journey.stages)
            if with_moves
            else end not in journey.stages
        )
        if unknown:
            found.append((number, ViolationKind.UNKNOWN_STAGE))
        elif before in journey.stages and start != before:
            found.append((number, ViolationKind.DISCONTINUOUS))
        elif with_moves:
            if target is None or target.destination != end:
                found.append((number, ViolationKind.ILLEGAL_MOVE))
        elif not journey.is_legal_step(start or "", end or ""):
            found.append((number, ViolationKind.ILLEGAL_MOVE))
    return found


@st.composite
def logs(draw: st.DrawFn) -> tuple[Journey, list[Row]]:
    """Logs that mostly follow the rules, of cases that are interleaved."""
    journey = draw(journeys(guarded=False))
    stage = st.sampled_from([*journey.stages, "nowhere"]) | st.none()
    rows: list[Row] = []
    where: dict[str, str] = {}
    for _ in range(draw(st.integers(0, 14))):
        case = draw(st.sampled_from("abc"))
        here = where.get(case, journey.initial[0])
        legal = journey.legal_moves(here)
        if legal and draw(st.integers(0, 3)):
            move = draw(st.sampled_from(legal))
            rows.append((case, draw(st.sampled_from([here, here, None])), move.destination, move.name))
            where[case] = move.destination
        else:
            rows.append((case, draw(stage), draw(stage), draw(st.sampled_from([*journey.move_names, "fly"]))))
    return journey, rows


def _column(rows: list[Row], which: int) -> np.ndarray:
    return np.array([row[which] for row in rows], dtype=object)


@given(logs())
def test_steps_of_a_log_are_judged_like_a_plain_loop_would(log: tuple[Journey, list[Row]]):
    journey, rows = log
    replay = check_conformance(journey.compile(), _column(rows, 0), _column(rows, 1), _column(rows, 2))
    assert_same(replay, rows, plain_loop(journey, rows, with_moves=False))


@given(logs())
def test_named_moves_of_a_log_are_judged_like_a_plain_loop_would(log: tuple[Journey, list[Row]]):
    journey, rows = log
    replay = check_conformance(
        journey.compile(), _column(rows, 0), _column(rows, 1), _column(rows, 2), moves=_column(rows, 3)
    )
    assert_same(replay, rows, plain_loop(journey, rows, with_moves=True))


@given(logs())
def test_a_log_of_moves_alone_is_judged_like_a_plain_loop_would(log: tuple[Journey, list[Row]]):
    journey, rows = log
    rows = [(case, start, None, move) for case, start, _, move in rows]
    replay = check_conformance(journey.compile(), _column(rows, 0), _column(rows, 1), moves=_column(rows, 3))
    assert_same(replay, rows, plain_loop(journey, rows, with_moves=True))


def assert_same(replay, rows: list[Row], expected: list[tuple[int, int]]) -> None:
    assert [(int(row), int(replay.kinds[row])) for row in np.flatnonzero(replay.kinds)] == expected
    assert replay.rows == len(rows)
    assert replay.cases == len({row[0] for row in rows})
    assert replay.violations == len(expected)
    first: dict[object, tuple[int, int]] = {}
    for row, kind in expected:
        first.setdefault(rows[row][0], (row, kind))
    named = list(replay)
    assert len(replay) == len(named) == len(first)
    assert {v.case: (v.row, int(v.kind)) for v in named} == first
    for violation in named:
        earlier = [row for row in rows[: violation.row] if row[0] == violation.case]
        assert violation.position == len(earlier)


def test_the_first_violation_of_a_case_names_case_position_stages_and_legal_moves():
    replay = check_conformance(
        default_journey().compile(),
        ["C001", "C009", "C009", "C001", "C009"],
        ["", "support", "engagement", "onboarding", "churned"],
        ["onboarding", "engagement", "churned", "engagement", "support"],
    )
    assert list(replay) == [
        Violation(
            case="C009",
            position=0,
            row=1,
            kind=ViolationKind.ILLEGAL_MOVE,
            from_stage="support",
            to_stage="engagement",
            move=None,
            previous_stage=None,
            legal_moves=("resolve", "escalate", "churn"),
        )
    ]
    assert [str(v) for v in replay] == [
        "case C009, move 1: 'support' -> 'engagement' is illegal; legal from there: resolve, escalate, churn"
    ]
    assert replay.count(ViolationKind.ILLEGAL_MOVE) == 2


def test_a_move_that_leaves_another_stage_than_the_one_before_entered_is_discontinuous():
    replay = check_conformance(
        default_journey().compile(), [7, 7], ["onboarding", "support"], ["engagement", "retention"]
    )
    assert [str(v) for v in replay] == [
        "case 7, move 2: 'support' -> 'retention' leaves 'support', but the move before it entered 'engagement'"
    ]


def test_an_unknown_stage_is_named_as_the_log_spells_it():
    replay = check_conformance(default_journey().compile(), [1], ["Onboarding"], ["engagement"])
    assert [str(v) for v in replay] == [
        "case 1, move 1: 'Onboarding' -> 'engagement' names a stage or move that the journey does not have"
    ]


def test_a_list_of_moves_is_followed_from_where_the_case_begins():
    replay = check_conformance(
        default_journey().compile(),
        [1, 1, 1, 1],
        ["onboarding", None, None, None],
        moves=["activate", "open_ticket", "mature", "resolve"],
    )
    assert [str(v) for v in replay] == [
        "case 1, move 3: 'mature' ('support' -> None) is illegal; legal from there: resolve, escalate, churn"
    ]


def test_codes_and_floating_point_codes_with_gaps_are_taken_like_names():
    compiled = default_journey().compile()
    assert not check_conformance(compiled, [1, 1], [-1, 0], [0, 1]).violations
    assert not check_conformance(compiled, [1, 1], [np.nan, 0.0], [0, 1]).violations
    assert check_conformance(compiled, [1, 1], [0, 1], [1, 99]).count(ViolationKind.UNKNOWN_STAGE) == 1


def test_an_empty_log_is_in_order():
    replay = check_conformance(default_journey().compile(), [], [], [])
    assert (replay.rows, replay.cases, replay.violations, list(replay)) == (0, 0, 0, [])


def test_a_log_without_stages_entered_and_without_moves_is_refused():
    compiled = default_journey().compile()
    with pytest.raises(InputError, match="give `to_stages` or `moves`"):
        check_conformance(compiled, [1], ["onboarding"])
    with pytest.raises(InputError, match=r"the same length, got \[1, 2\]"):
        check_conformance(compiled, [1], ["onboarding"], ["engagement", "support"])


def test_a_million_moves_are_replayed_in_well_under_a_second():
    compiled = default_journey().compile()
    walk = np.array([0, 1, 3, 2, 3, 4, 2, 3, 4, 5], dtype=np.int64)
    cases = np.repeat(np.arange(100_000), 10)
    end = np.tile(walk, 100_000)
    start = np.where(np.arange(1_000_000) % 10 == 0, -1, np.roll(end, 1))
    end[::200] = 99
    spent = []
    for _ in range(3):
        begun = time.perf_counter()
        replay = check_conformance(compiled, cases, start, end)
        spent.append(time.perf_counter() - begun)
    assert replay.cases == 100_000
    assert len(replay) == 5_000
    assert min(spent) < 0.9
