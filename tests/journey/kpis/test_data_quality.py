"""Completeness counts fields, and the schema validation rate counts rows."""

import json

import pytest

from journey.evaluation.evaluate import evaluate
from journey.records.folder import read_folder

CUSTOMERS = [
    {"customer_id": "A", "segment": "SMB", "account_value": 1000, "tenure_months": 3, "risk_tier": "low"},
    {"customer_id": "B", "segment": "SMB"},
]
ENTRIES = [
    {"customer_id": "A", "journey_stage": "onboarding", "state_entered_at": "2031-01-01", "days_in_state": 4},
    {"customer_id": "B", "journey_stage": "support", "state_entered_at": "2031-01-01", "days_in_state": 4},
]
SIGNALS = [
    {"signal_id": "S1", "customer_id": "K-unknown", "signal_type": "usage_drop", "signal_strength": 0.4,
     "detected_at": "2031-01-02", "journey_stage": "support", "source": "manual"},
    {"signal_id": "S2", "customer_id": "A", "signal_type": "usage_drop", "signal_strength": 40,
     "detected_at": "2031-01-02", "journey_stage": "support", "source": "manual"},
]  # fmt: skip


def quality(folder, **sets):
    for name, rows in sets.items():
        (folder / f"{name}.json").write_text(json.dumps(rows), encoding="utf-8")
    return evaluate(read_folder(folder)).kpis["operational"]


@pytest.mark.medium
def test_missing_fields_unknown_references_and_invalid_rows_lower_completeness(tmp_path):
    found = quality(tmp_path, customers=CUSTOMERS, journey_state_log=ENTRIES, signals=SIGNALS)
    completeness = found["data_completeness"]
    # B has two of five fields. A begins in onboarding, so only B's previous stage is missing. Of the signals, one names
    # an unknown customer, and all seven fields of the other are unusable.
    expected = {"customers": (7, 10), "journey_state_log": (8, 9), "signals": (6, 14)}
    assert {name: (round(part["value"] * part["n"]), part["n"]) for name, part in completeness.by.items()} == expected
    assert (completeness.value, completeness.n) == (pytest.approx(21 / 33), 33)
    assert found["schema_validation_rate"].value == pytest.approx(5 / 6)


@pytest.mark.medium
def test_a_repeated_row_fits_the_schema_and_changes_no_completeness(tmp_path):
    once = quality(tmp_path, customers=CUSTOMERS, journey_state_log=ENTRIES, signals=SIGNALS[:1])
    twice = quality(tmp_path, signals=SIGNALS[:1] * 2)
    assert twice["data_completeness"] == once["data_completeness"]
    assert twice["schema_validation_rate"].value == 1.0
    assert twice["schema_validation_rate"].n == once["schema_validation_rate"].n + 1


@pytest.mark.medium
def test_the_resolution_time_of_an_outcome_that_resolved_nothing_is_not_missing(tmp_path):
    outcome = {"outcome_id": "O", "intervention_id": "I", "customer_id": "A", "outcome": "no_response",
               "csat_delta": 0, "churn_risk_delta": 0, "estimated_revenue_saved": 0, "human_override": False,
               "measured_at": "2031-01-05"}  # fmt: skip
    intervention = {"intervention_id": "I", "customer_id": "A", "journey_stage": "onboarding",
                    "recommended_action": "proactive_outreach", "confidence": 0.7, "requires_human_approval": True,
                    "triggered_by_signals": [], "evaluation_latency_ms": 1, "generated_at": "2031-01-02"}  # fmt: skip
    sets = {"customers": CUSTOMERS[:1], "interventions": [intervention]}
    found = quality(tmp_path, **sets, outcomes=[outcome])
    assert found["data_completeness"].value == 1.0
    resolved = quality(tmp_path, outcomes=[outcome | {"outcome": "Resolved"}])["data_completeness"]
    assert resolved.by["outcomes"]["value"] == pytest.approx(9 / 10)
