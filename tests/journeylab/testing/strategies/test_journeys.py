"""Drawn journeys are odd where they may be, and shrink to small ones."""

import pytest

from journey.machine import Journey, Move
from journeylab.testing import facts, guards, journeys, stage_names
from tests.journeylab.testing.shrinking import smallest


@pytest.mark.slow
def test_the_smallest_journey_has_one_stage():
    assert smallest(journeys()) == Journey.build(stages=["trial"], initial="trial", moves=())


def test_an_unreachable_stage_is_shown_by_two_stages():
    found = smallest(journeys(), lambda journey: bool(journey.unreachable_stages()))
    assert found == Journey.build(stages=("trial", "Active"), initial="trial", moves=())


@pytest.mark.slow
def test_a_way_back_is_shown_by_two_moves():
    def has_way_back(journey):
        steps = {(move.source, move.destination) for move in journey.moves}
        return any(a != b and (b, a) in steps for a, b in steps)

    found = smallest(journeys(), has_way_back)
    assert found.moves == (Move("advance", "trial", "Active"), Move("advance", "Active", "trial"))


def test_a_guard_shrinks_to_one_condition():
    assert smallest(guards(["a", "b"]), lambda guard: "segment" in dict(guard.conditions)).to_dict() == {
        "segment": "smb"
    }


def test_facts_shrink_to_unknown_ones():
    found = smallest(facts(("a",)), lambda known: known.segment is not None)
    assert (found.days_in_stage, found.previous_stage, found.segment, found.tier) == (0.0, None, "smb", None)


def test_stage_names_are_distinct_and_as_many_as_asked_for():
    assert smallest(stage_names(min_size=3)) == ["trial", "Active", "on hold"]
