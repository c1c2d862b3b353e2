"""What was known when: a signal counts from when it was on record, a decision keeps the account value of its day."""

from datetime import datetime

import pytest

from journey.evaluation.missing_approvals import find_missing_approvals
from journey.orchestrator import Orchestrator
from journey.orchestrator.case_reader import CaseReader
from journey.orchestrator.replay import redecide_intervention
from tests.journey.companies import CUSTOMER, INTERVENTION, SIGNAL, company

LATE = {**SIGNAL, "signal_strength": 0.9, "detected_at": "2031-03-08T10:00", "recorded_at": "2031-03-12T10:00"}


def decided(as_of, *signals):
    (case,) = CaseReader(company(signals=list(signals), interventions=[], outcomes=[])).read_all()
    return Orchestrator().evaluate_customer(*case, as_of=as_of)


@pytest.mark.medium
def test_a_signal_counts_from_the_moment_it_was_recorded():
    before, after = decided("2031-03-12T09:59", LATE), decided("2031-03-12T10:00", LATE)
    assert before == decided("2031-03-12T09:59")
    assert before.severity < after.severity
    assert after.triggered_by_signals == ("S1",)


def test_from_then_on_it_is_as_old_as_its_detection_makes_it():
    in_time = {**LATE, "recorded_at": None}
    assert decided("2031-03-12T10:00", LATE) == decided("2031-03-12T10:00", in_time)


def test_it_is_known_once_it_is_both_detected_and_recorded():
    records = company(signals=[LATE, {**LATE, "signal_id": "S2", "recorded_at": "2031-03-01"}])
    assert [signal.known_at for signal in records.signals_for("K1")] == [
        datetime(2031, 3, 12, 10), datetime(2031, 3, 8, 10),
    ]  # fmt: skip


def test_a_decision_is_repeated_with_the_account_value_of_its_day():
    strong = {**SIGNAL, "signal_strength": 0.5}
    made = {**INTERVENTION, "generated_at": "2031-03-09T12:00", "account_value": 400.0}
    rich = {**CUSTOMER, "account_value": 900_000}
    for intervention, asked in ((made, False), ({**made, "account_value": None}, True)):
        records = company(customers=[rich], signals=[strong], interventions=[intervention], outcomes=[])
        (case,) = CaseReader(records).read_all()
        again = redecide_intervention(Orchestrator(), case, case.interventions[0])
        assert again.requires_human_approval is asked
        assert len(find_missing_approvals(records)) == int(asked)
