"""Drawn histories are legal, or illegal in their last step alone; they shrink to what a person can read."""

from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import journeylab as jl
from journey.core.errors import InputError
from journey.machine import Facts, Guard, Journey, Move, MoveResult, Position, default_journey
from journeylab.testing import History, Step, illegal_histories, illegal_requests, journeys, legal_histories
from tests.journeylab.testing.shrinking import smallest
from tests.levels import examples

GUARDED = Journey.build(
    stages=("trial", "active", "paused", "gone"),
    initial="trial",
    terminal="gone",
    moves=(
        Move("convert", "trial", "active", Guard.of(min_days_in_stage=7, segment="smb")),
        Move("renew", "active", "active", restarts_clocks=False),
        Move("pause", "active", "paused", Guard.of(min_days_in_stage=30.5)),
        Move("resume", "paused", "active", Guard.of(came_from="active", risk_tier=["low", "high"])),
        Move("leave", "active", "gone"),
    ),
)


@pytest.mark.medium
@given(st.data())
def test_every_step_of_a_legal_history_is_made_by_the_machine(data):
    journey = data.draw(st.just(GUARDED) | journeys())
    history = data.draw(legal_histories(journey))
    position = Position(history.start)
    assert history.start in journey.initial
    for step in history.steps:
        assert position.stage == step.source
        assert journey.request(position, step.move, step.facts) is MoveResult.MOVED
        assert position.stage == step.destination
    assert all(before.day <= after.day for before, after in pairwise(history.steps))


@given(legal_histories(GUARDED, max_moves=6))
def test_the_facts_of_a_step_are_those_of_its_stay(history):
    """Days and previous stage are recomputed from the days of the steps: a renewal does not begin a new stay."""
    begins, previous = 0.0, None
    for step in history.steps:
        assert step.facts.days_in_stage == pytest.approx(step.day - begins)
        assert step.facts.previous_stage == previous
        assert (step.facts.segment, step.facts.tier) == (history.segment, history.tier)
        if step.move != "renew":
            begins, previous = step.day, step.source


def test_a_legal_history_has_at_least_the_moves_that_are_asked_for():
    loop = Journey.build(stages=("a",), initial="a", moves=(Move("again", "a", "a"),))
    assert smallest(legal_histories(loop, min_moves=3)).moves == ("again",) * 3


@pytest.mark.medium
def test_histories_shrink_to_the_shortest_one():
    escalated = smallest(legal_histories(default_journey()), lambda history: "escalation" in history.stages)
    assert str(escalated) == (
        "day 0 onboarding, day 0 -activate-> engagement, day 0 -open_ticket-> support, day 0 -escalate-> escalation"
    )
    assert smallest(legal_histories(default_journey())) == History("onboarding")


@pytest.mark.medium
def test_a_guard_is_met_exactly_and_at_once():
    paused = smallest(legal_histories(GUARDED), lambda history: history.stages[-1] == "paused")
    assert repr(paused) == ("<History: day 0 trial, day 7 -convert-> active, day 37.5 -pause-> paused, segment smb>")
    assert paused.steps[1] == Step(37.5, "active", "pause", "paused", Facts(30.5, "trial", "smb", None))


@pytest.mark.medium
@given(st.data())
def test_an_illegal_history_is_legal_up_to_its_last_step(data):
    journey = data.draw(st.just(GUARDED) | journeys())
    try:
        history = data.draw(illegal_histories(journey))
    except InputError:
        assume(False)
    *legal, last = history.steps
    position = Position(history.start)
    for step in legal:
        assert journey.move(position, step.move, step.facts) == step.destination
    assert journey.request(position, last.move, last.facts) is MoveResult.ILLEGAL
    assert not journey.is_legal_step(last.source, last.destination)


def test_an_illegal_history_shrinks_to_its_illegal_step():
    assert str(smallest(illegal_histories(default_journey()))) == ("day 0 onboarding, day 0 -mature-> retention")


def test_a_journey_without_illegal_steps_is_refused():
    both = Journey.build(stages=("a", "b"), initial="a", moves=(Move("on", "a", "b"), Move("back", "b", "a")))
    with pytest.raises(InputError, match="each reachable stage leads to every other one, so no step is illegal"):
        smallest(illegal_histories(both))
    loop = Journey.build(stages=("a",), initial="a", moves=(Move("again", "a", "a"),))
    with pytest.raises(InputError, match="every stage has every move"):
        illegal_requests(loop)


@given(illegal_requests(default_journey()))
def test_illegal_requests_are_what_the_journey_does_not_have(request_):
    assert default_journey().request(*request_) is MoveResult.ILLEGAL


@pytest.mark.medium
@given(legal_histories(default_journey(), max_moves=4), illegal_histories(default_journey(), max_moves=2))
@settings(max_examples=examples(8, otherwise=2))
def test_a_check_of_the_records_finds_the_illegal_step_and_nothing_else(legal, illegal):
    def codes(history):
        found = jl.check(history.to_records()).findings
        return [finding.code for finding in found if finding.dataset == "journey_state_log"]

    assert "illegal-move" not in codes(legal)
    assert "illegal-move" in codes(illegal)


def test_the_records_of_a_history_have_its_stages_dates_and_traits():
    steps = (
        Step(2.0, "trial", "convert", "active"),
        Step(9.25, "active", "renew", "active", begins_stay=False),
        Step(9.5, "active", "leave", "gone"),
    )
    records = History("trial", steps, "smb", "high").to_records("C1", account_value=500.0)
    (customer,) = records["customers"]
    assert (customer["segment"], customer["risk_tier"], customer["account_value"]) == ("smb", "high", 500.0)
    entries = [(e["journey_stage"], e["state_entered_at"], e["previous_stage"]) for e in records["journey_state_log"]]
    assert entries == [
        ("trial", "2030-06-01T00:00:00", None),
        ("active", "2030-06-03T00:00:00", "trial"),
        ("gone", "2030-06-10T12:00:00", "active"),
    ]
