"""The stage of a decision is compared with the stage of the signal that it cites."""

import pytest

from journey.decision.as_of import AsOf
from journey.kpis.stage_accuracy import measure_stage_accuracy
from tests.journey.companies import ENTRY, INTERVENTION, SIGNAL, company

AT_TEN = {**SIGNAL, "detected_at": "2031-03-08T10:00", "journey_stage": "support"}
THEN = {**INTERVENTION, "generated_at": "2031-03-08T12:00", "journey_stage": "support"}


def judged(as_of="2031-03-31", **sets):
    given = {"signals": [AT_TEN], "interventions": [THEN], "outcomes": []}
    records = company(**{**given, **sets})
    return tuple(measure_stage_accuracy(records.connection.cursor(), AsOf.of(as_of)))


def moved(day):
    return [ENTRY, {**ENTRY, "journey_stage": "support", "previous_stage": "engagement", "state_entered_at": day}]


def test_a_decision_is_correct_if_decision_and_signal_have_the_same_stage():
    assert judged() == (1, 1)
    assert judged(interventions=[{**THEN, "journey_stage": "engagement"}]) == (0, 1)


def test_decisions_add_up():
    wrong = {**THEN, "intervention_id": "I2", "journey_stage": "retention"}
    assert judged(interventions=[THEN, wrong]) == (1, 2)


@pytest.mark.slow
@pytest.mark.parametrize(
    "sets",
    [
        {"interventions": [{**THEN, "triggered_by_signals": []}]},
        {"interventions": [{**THEN, "journey_stage": None}]},
        {"signals": [{**AT_TEN, "journey_stage": None}]},
        {"signals": [{**AT_TEN, "detected_at": "2031-03-07T11:59"}]},
        {"signals": [{**AT_TEN, "detected_at": "2031-03-08T12:01"}]},
        {"journey_state_log": moved("2031-03-08T11:00")},
        {"journey_state_log": moved("2031-03-08")},
        {"as_of": "2031-03-07"},
    ],
    ids=["no signal", "no stage", "signal without stage", "stale", "later", "moved since", "moved that day", "not yet"],
)
def test_without_a_recent_signal_a_decision_is_not_assessed(sets):
    assert judged(**sets) == (0, 0)


def test_a_move_before_the_signal_does_not_matter():
    assert judged(journey_state_log=moved("2031-03-08T09:00")) == (1, 1)


def test_the_latest_of_several_signals_is_used():
    earlier = {**AT_TEN, "signal_id": "S2", "detected_at": "2031-03-08T09:00", "journey_stage": "engagement"}
    both = {**THEN, "triggered_by_signals": ["S1", "S2"]}
    assert judged(signals=[AT_TEN, earlier], interventions=[both]) == (1, 1)
