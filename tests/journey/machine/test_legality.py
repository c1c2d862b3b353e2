"""Legality has one source of truth: machine, table and plain dictionary agree on every move of every journey."""

from __future__ import annotations

import pickle
from itertools import product
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from transitions import MachineError

from journey.machine import (
    BlockedMoveError,
    Facts,
    Guard,
    IllegalMoveError,
    Journey,
    Move,
    MoveResult,
    MoveRule,
    Position,
    default_journey,
)
from journey.machine.guards import FactColumns
from journey.machine.requests import build_machine
from journeylab.testing import facts, journeys
from tests.levels import examples


def oracle(journey: Journey) -> dict[tuple[str, str], tuple[str, Guard | None]]:
    """The rules as a plain dictionary, made from the definition alone."""
    return {(move.source, move.name): (move.destination, move.guard) for move in journey.moves}


def facts_with_outcome(guard: Guard, *, passes: bool) -> Facts:
    """Facts that make a guard's outcome what it is asked to be."""
    if not passes:
        return Facts()
    known: dict[str, object] = {}
    keys = {"min_days_in_stage": "days_in_stage", "came_from": "previous_stage", "risk_tier": "tier"}
    for name, value in guard.conditions:
        known[keys.get(name, name)] = value[-1] if isinstance(value, tuple) else value
    return Facts(**known)  # type: ignore[arg-type]


@pytest.mark.medium
@given(journeys(max_moves=20))
@settings(max_examples=examples(100, otherwise=15))
def test_machine_table_and_dictionary_agree_on_every_stage_move_and_guard_outcome(journey: Journey):
    """The whole relation is enumerated: nothing is sampled within a journey."""
    rules, compiled = oracle(journey), journey.compile()
    asked: list[tuple[int, int, Facts, MoveResult]] = []
    for (s, stage), (m, move) in product(enumerate(compiled.stages), enumerate(compiled.moves)):
        for passes in (True, False):
            destination, guard = rules.get((stage, move), (None, None))
            if destination is None:
                expected = MoveResult.ILLEGAL
            else:
                expected = MoveResult.MOVED if passes or guard is None else MoveResult.BLOCKED
            known = facts_with_outcome(guard, passes=passes) if guard else Facts()

            position = Position(stage)
            assert journey.request(position, move, known) is expected
            assert position.stage == (destination if expected is MoveResult.MOVED else stage)
            assert journey.request(stage, move, known) is expected

            assert compiled.rows[s][m] == compiled.table[s, m]
            assert compiled.table[s, m] == (-1 if destination is None else compiled.stage_index[destination])
            assert journey.is_legal(stage, move) is (destination is not None)
            legal = [(legal.name, legal.source, legal.destination, legal.guard) for legal in journey.legal_moves(stage)]
            assert legal.count((move, stage, destination, guard)) == (destination is not None)
            asked.append((s, m, known, expected))
    answers = compiled.request(
        np.array([s for s, _, _, _ in asked], dtype=np.int64),
        np.array([m for _, m, _, _ in asked], dtype=np.int64),
        _columns([known for _, _, known, _ in asked]),
    )
    assert answers.tolist() == [int(expected) for _, _, _, expected in asked]


def _columns(rows: list[Facts]) -> FactColumns:
    return FactColumns(
        days_in_stage=np.array([row.days_in_stage for row in rows], dtype=np.float64),
        previous_stage=np.array([row.previous_stage for row in rows], dtype=object),
        segment=np.array([row.segment for row in rows], dtype=object),
        tier=np.array([row.tier for row in rows], dtype=object),
    )


@given(journeys())
def test_steps_from_stage_to_stage_follow_from_the_moves(journey: Journey):
    compiled = journey.compile()
    for (a, start), (b, end) in product(enumerate(compiled.stages), repeat=2):
        names = [move.name for move in journey.moves if (move.source, move.destination) == (start, end)]
        assert compiled.step_legal[a, b] == bool(names) == journey.is_legal_step(start, end)
        assert compiled.step_rows[a][b] == compiled.step_move[a, b]
        expected = min((compiled.move_index[name] for name in names), default=-1)
        assert compiled.step_move[a, b] == expected


@given(journeys())
@settings(max_examples=examples(50, otherwise=15))
def test_tables_name_their_journey_and_cannot_be_written_to(journey: Journey):
    compiled = journey.compile()
    assert compiled.fingerprint == journey.fingerprint
    assert journey.compile() is compiled
    assert [s for s, live in zip(compiled.stages, compiled.live, strict=True) if live] == list(journey.live)
    assert np.array_equal(compiled.terminal, ~compiled.live)
    assert [compiled.stages[code] for code in compiled.initial] == list(journey.initial)
    for array in (compiled.table, compiled.step_legal, compiled.step_move, compiled.live, compiled.guard_table):
        assert not array.flags.writeable


@given(st.data())
def test_columns_and_single_customers_are_judged_by_the_same_guards(data: st.DataObject):
    journey = data.draw(journeys())
    compiled = journey.compile()
    rows = data.draw(st.lists(st.tuples(st.sampled_from(journey.stages), facts(journey.stages)), max_size=8))
    for code, move in enumerate(compiled.moves):
        stages = compiled.encode_stages(np.array([stage for stage, _ in rows], dtype=object))
        moves = np.full(len(rows), code, dtype=np.int64)
        answers = compiled.request(stages, moves, _columns([known for _, known in rows]))
        assert answers.tolist() == [journey.request(stage, move, known) for stage, known in rows]


def test_moved_blocked_and_illegal_are_three_answers():
    journey = Journey.build(
        stages=("a", "b"), initial="a", moves=(Move("go", "a", "b", Guard.of(min_days_in_stage=7)),)
    )
    assert journey.request("a", "go", Facts(days_in_stage=7.0)) is MoveResult.MOVED
    assert journey.request("a", "go", Facts(days_in_stage=6.9)) is MoveResult.BLOCKED
    assert journey.request("a", "go") is MoveResult.BLOCKED
    assert journey.request("b", "go", Facts(days_in_stage=7.0)) is MoveResult.ILLEGAL


def test_what_the_journey_does_not_have_is_illegal_and_no_crash():
    journey = default_journey()
    assert journey.request("nowhere", "activate") is MoveResult.ILLEGAL
    assert journey.request("onboarding", "fly") is MoveResult.ILLEGAL
    assert journey.legal_moves("nowhere") == ()
    compiled = journey.compile()
    codes = compiled.encode_stages(["nowhere", "", "support"])
    assert codes.tolist() == [-2, -1, 3]
    moves = compiled.encode_moves(["churn", "churn", "fly"])
    assert compiled.request(codes, moves).tolist() == [MoveResult.ILLEGAL] * 3


def test_an_illegal_move_raises_an_error_that_names_stage_move_and_legal_moves():
    with pytest.raises(IllegalMoveError) as error:
        default_journey().move("support", "activate")
    assert (error.value.stage, error.value.move) == ("support", "activate")
    assert error.value.legal_moves == (
        Move("resolve", "support", "retention"),
        Move("escalate", "support", "escalation"),
        Move("churn", "support", "churned"),
    )
    assert str(error.value) == (
        "illegal move 'activate' from stage 'support'; legal from there: resolve, escalate, churn"
    )
    assert str(pickle.loads(pickle.dumps(error.value))) == str(error.value)
    with pytest.raises(IllegalMoveError, match="no move is legal from there"):
        default_journey().move("churned", "activate")


def test_a_blocked_move_raises_an_error_that_says_what_it_needs():
    guard = Guard.of(min_days_in_stage=7, segment=["smb", "mid"])
    journey = Journey.build(stages=("a", "b"), initial="a", moves=(Move("go", "a", "b", guard),))
    position = Position("a")
    with pytest.raises(BlockedMoveError) as error:
        journey.move(position, "go", Facts(days_in_stage=3))
    assert position.stage == "a"
    assert error.value.legal_moves == journey.moves
    assert str(error.value) == (
        "blocked move 'go' from stage 'a': it needs at least 7 days in stage and segment mid or smb; "
        "legal from there: go"
    )
    assert str(pickle.loads(pickle.dumps(error.value))) == str(error.value)


def test_a_move_made_says_where_it_leads():
    position = Position("onboarding")
    assert default_journey().move(position, "activate") == "engagement"
    assert position.stage == "engagement"


@pytest.mark.medium
@given(journeys())
@settings(max_examples=examples(50, otherwise=15))
def test_asking_for_illegal_moves_leaves_the_machine_as_it_was(journey: Journey):
    """Reading `event.transitions[stage]` would insert an empty list, and the next illegal move would return False."""
    machine = build_machine(journey)
    before = {name: dict(event.transitions) for name, event in machine.events.items()}
    illegal = [(s, m) for s, m in product(journey.stages, journey.move_names) if not journey.is_legal(s, m)]
    journey.compile()
    for _ in range(2):
        for stage, move in illegal:
            assert journey.request(stage, move) is MoveResult.ILLEGAL
            with pytest.raises(MachineError):
                journey.machine.events[move].trigger(Position(stage), None)
    after = {name: dict(event.transitions) for name, event in journey.machine.events.items()}
    assert {n: list(t) for n, t in after.items()} == {n: list(t) for n, t in before.items()}
    assert journey.machine.models == []


def test_after_someone_sprang_the_trap_illegal_is_still_illegal():
    journey = default_journey()
    _ = journey.machine.events["activate"].transitions["support"]
    assert journey.request("support", "activate") is MoveResult.ILLEGAL
    assert not journey.compile().step_legal[3, 1]
    assert journey.compile().legal_moves[3] == (3, 4, 7)


def test_a_customers_position_is_as_light_as_an_object_can_be():
    position = Position("onboarding")
    default_journey().move(position, "activate")
    assert not hasattr(position, "__dict__")


JOURNEY_WITH_TIME = Journey.build(
    stages=("trial", "active", "paused", "win-back", "gone"),
    initial=("trial", "active"),
    terminal="gone",
    moves=(
        Move("convert", "trial", "active", Guard.of(min_days_in_stage=7)),
        Move("pause", "active", "paused"),
        Move("resume", "paused", "active", Guard.of(came_from=["active"], min_days_in_stage=1)),
        Move("lapse", "paused", "win-back", Guard.of(min_days_in_stage=30)),
        Move("return", "win-back", "active", Guard.of(segment="smb")),
        MoveRule("leave", ("trial", "active", "paused", "win-back"), "gone"),
    ),
)


class CustomersInTime(RuleBasedStateMachine):
    """One customer takes random moves as time passes; a plain model of the rules predicts every answer."""

    edges_walked: ClassVar[set[tuple[str, str]]] = set()
    results_seen: ClassVar[set[MoveResult]] = set()

    @initialize(start=st.sampled_from(JOURNEY_WITH_TIME.initial), segment=st.sampled_from(["smb", "mid"]))
    def a_customer_begins(self, start: str, segment: str) -> None:
        self.begin(start, segment)

    def begin(self, start: str, segment: str) -> None:
        self.position = Position(start)
        self.history: list[str] = [start]
        self.days = 0.0
        self.segment = segment

    @rule(days=st.sampled_from([0.5, 1.0, 7.0, 30.0]))
    def time_passes(self, days: float) -> None:
        self.days += days

    @rule(move=st.sampled_from(JOURNEY_WITH_TIME.move_names))
    def ask_for_any_move(self, move: str) -> None:
        self.ask(move)

    def ask(self, move: str) -> None:
        stage = self.position.stage
        previous = self.history[-2] if len(self.history) > 1 else None
        result = JOURNEY_WITH_TIME.request(self.position, move, Facts(self.days, previous, self.segment))
        assert result is self._expected(stage, previous, move)
        self.results_seen.add(result)
        if result is MoveResult.MOVED:
            self.edges_walked.add((stage, move))
            self.history.append(self.position.stage)
            self.days = 0.0
        else:
            assert self.position.stage == stage

    @rule(days=st.sampled_from([0.0, 7.0, 30.0]), choice=st.integers(0, 3))
    def wait_and_ask_to_move_on(self, days: float, choice: int) -> None:
        self.days += days
        onward = [move for move in JOURNEY_WITH_TIME.legal_moves(self.position.stage) if move.name != "leave"]
        if onward:
            self.ask(onward[choice % len(onward)].name)

    @precondition(lambda self: self.position.stage == "gone")
    @rule(start=st.sampled_from(JOURNEY_WITH_TIME.initial), segment=st.sampled_from(["smb", "mid"]))
    def another_customer_begins(self, start: str, segment: str) -> None:
        self.begin(start, segment)

    def _expected(self, stage: str, previous: str | None, move: str) -> MoveResult:
        conditions = {
            ("trial", "convert"): self.days >= 7,
            ("active", "pause"): True,
            ("paused", "resume"): previous == "active" and self.days >= 1,
            ("paused", "lapse"): self.days >= 30,
            ("win-back", "return"): self.segment == "smb",
            **{(live, "leave"): True for live in JOURNEY_WITH_TIME.live},
        }
        if (stage, move) not in conditions:
            return MoveResult.ILLEGAL
        return MoveResult.MOVED if conditions[stage, move] else MoveResult.BLOCKED

    @invariant()
    def every_step_taken_is_legal(self) -> None:
        steps = zip(self.history, self.history[1:], strict=False)
        assert all(JOURNEY_WITH_TIME.is_legal_step(a, b) for a, b in steps)


@pytest.mark.medium
def test_random_walks_with_time_follow_the_rules_and_cover_every_edge():
    CustomersInTime.edges_walked.clear()
    CustomersInTime.results_seen.clear()
    machine = CustomersInTime.TestCase
    machine.settings = settings(max_examples=100, stateful_step_count=40, deadline=None, derandomize=True)
    machine("runTest").runTest()
    assert CustomersInTime.edges_walked == set(JOURNEY_WITH_TIME.arcs)
    assert CustomersInTime.results_seen == set(MoveResult)
