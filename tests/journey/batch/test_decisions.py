"""A batch gives the same decisions as evaluating one customer at a time, bit for bit."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from journey.batch import evaluate_batch, redecide_batch
from journey.batch.watch_list import build_batch_watch_list
from journey.decision.as_of import AsOf
from journey.orchestrator import Orchestrator
from journey.orchestrator.case_reader import CaseReader
from journey.orchestrator.replay import redecide_intervention
from journey.orchestrator.results import ListedDecisions
from journey.orchestrator.watch_list import build_watch_list
from journey.records.folder import Records, bundled_folder, read_folder
from journey.records.model import Intervention
from tests.journey.recorded_customers import START, companies, judgements, policies
from tests.journey.rule_strategies import rule_sets

# Every example reads a company into a database, which is most of the time; shrinking would read hundreds.
FEW = settings(max_examples=10, phases=(Phase.explicit, Phase.reuse, Phase.generate))

COLUMNS = ("stage", "days_in_stage", "severity", "confidence", "churn_probability", "priority", "expected_loss",
           "recommended_action",
           "requires_human_approval", "reason", "held_back_action")  # fmt: skip


def recorded(company):
    sets = {name: [] for name in ("customers", "journey_state_log", "signals", "interventions", "outcomes")}
    for known in company:
        sets["customers"].append(known.customer)
        for name, rows in zip(("journey_state_log", "signals", "interventions", "outcomes"), known[1:], strict=True):
            sets[name].extend(rows)
    return Records.from_tables(sets)


def row_of(table, place):
    columns = table.to_dict()
    row = {name: columns[name][place] for name in COLUMNS}
    return {name: None if isinstance(value, float) and np.isnan(value) else value for name, value in row.items()}


def fields_of(decision):
    return {name: getattr(decision, name) for name in COLUMNS}


@pytest.mark.compiled
@FEW
@given(companies(), policies, judgements, rule_sets)
def test_every_decision_respects_rules_as_the_one_made_alone(company, policy, as_of, rules):
    records, orchestrator = recorded(company), Orchestrator(policy, declared_rules=rules)
    table = evaluate_batch(records, as_of, policy, declared_rules=rules)
    for place, case in enumerate(CaseReader(records).read_all()):
        assert row_of(table, place) == fields_of(orchestrator.evaluate_customer(*case, as_of=as_of))


@pytest.mark.compiled
@FEW
@given(companies(), policies, judgements)
def test_every_decision_equals_the_one_made_alone(company, policy, as_of):
    records = recorded(company)
    orchestrator = Orchestrator(policy)
    table = evaluate_batch(records, as_of, policy)
    cases = list(CaseReader(records).read_all())
    alone = [orchestrator.evaluate_customer(*case, as_of=as_of) for case in cases]
    watched = build_watch_list(alone, [case.customer for case in cases], orchestrator)
    assert list(build_batch_watch_list(table)) == list(watched)
    ranked = [decision.customer_id for decision in ListedDecisions(alone).top_priority(len(alone))]
    assert [cases[row].customer.customer_id for row in table.top_priority(len(table))] == ranked
    assert len(table) == len(cases) == len(company)
    for place, decision in enumerate(alone):
        assert row_of(table, place) == fields_of(decision)
        parts = decision.components
        columns = table.columns
        assert (parts.negative, parts.positive, parts.stall) == (
            columns.negative[place],
            columns.positive[place],
            columns.stall[place],
        )


@pytest.mark.slow
@FEW
@given(companies(max_customers=6), policies, st.just(()) | rule_sets)
def test_every_replayed_decision_equals_the_one_made_alone(company, policy, rules):
    records = recorded(company)
    orchestrator = Orchestrator(policy, declared_rules=rules)
    table, recorded_values = redecide_batch(records, orchestrator, AsOf.of(START.date() + timedelta(days=90)))
    alone = {
        intervention.intervention_id: redecide_intervention(orchestrator, case, intervention)
        for case in CaseReader(records).read_all()
        for intervention in case.interventions
    }
    assert sorted(recorded_values["intervention_id"]) == sorted(alone)
    for place, key in enumerate(recorded_values["intervention_id"]):
        assert row_of(table, place) == fields_of(alone[key])


@pytest.fixture(scope="module")
def bundled():
    return read_folder(bundled_folder())


@pytest.mark.compiled
def test_one_row_becomes_a_full_decision_with_reasons(bundled):
    table = evaluate_batch(bundled)
    for place, key in enumerate(bundled.customer_ids()):
        decision = table.decision(place)
        assert decision.customer_id == key
        assert fields_of(decision) == row_of(table, place)
        assert decision.reasons


@pytest.mark.compiled
def test_other_data_frames_read_a_table_of_decisions_through_arrow(bundled):
    pyarrow = pytest.importorskip("pyarrow")
    table = evaluate_batch(bundled, "2025-01-16")
    frame = pyarrow.table(table)
    assert frame.num_rows == len(bundled.customer_ids())
    assert frame.column("recommended_action").to_pylist() == list(table.recommended_actions())


@pytest.mark.compiled
def test_customers_without_any_other_record_are_evaluated_too():
    records = Records.from_tables({"customers": [{"customer_id": "A"}]})
    table = evaluate_batch(records, "2030-01-01")
    assert row_of(table, 0)["reason"] == "no_stage"
    assert len(evaluate_batch(Records.from_tables({"customers": []}), "2030-01-01")) == 0


@pytest.mark.compiled
def test_missing_approvals_are_the_same_in_a_batch_and_one_by_one(monkeypatch):
    from journey.evaluation import missing_approvals

    company = {
        "customers": [{"customer_id": "A", "segment": "SMB", "account_value": 9e4, "risk_tier": "high"}],
        "journey_state_log": [
            {"customer_id": "A", "journey_stage": "onboarding", "state_entered_at": "2030-06-01"},
        ],
        "signals": [
            {"signal_id": "S", "customer_id": "A", "signal_type": "failed_onboarding_step", "signal_strength": 0.9,
             "detected_at": "2030-06-02", "source": "automated"},
        ],
        "interventions": [
            Intervention(intervention_id=f"I{n}", customer_id="A", recommended_action=action, generated_at=START
                         + timedelta(days=n), requires_human_approval=False)
            for n, action in enumerate(("proactive_outreach", "send_flowers", "monitor_only", "proactive_outreach"))
        ],
    }  # fmt: skip
    records = Records.from_tables(company)
    one_by_one = missing_approvals.find_missing_approvals(records)
    monkeypatch.setattr(missing_approvals, "BATCH_MIN_INTERVENTIONS", 1)
    assert missing_approvals.find_missing_approvals(records) == one_by_one
    # I0 precedes the signal; monitoring needs no approval; an unknown action counts as delivered by a person.
    assert [finding.record for finding in one_by_one] == ["I1", "I3"]
    assert {finding.code for finding in one_by_one} == {"approval-policy"}
