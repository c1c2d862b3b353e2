"""Replay of recorded decisions: a regression check, not validation."""

import random

import pytest

from journey.decision.as_of import AsOf
from journey.decision.policy import Policy, build_policy
from journey.orchestrator import Orchestrator
from journey.orchestrator.case_reader import CaseReader, default_as_of
from journey.orchestrator.replay import AGREEMENT_LABEL, ReplayRow, build_agreement, replay
from journey.records.folder import Records, bundled_folder, read_folder


@pytest.fixture(scope="module")
def records():
    return read_folder(bundled_folder())


@pytest.fixture(scope="module")
def cases(records):
    return list(CaseReader(records).read_all())


def test_the_default_policy_agrees_with_the_seed_on_8_of_8_actions_and_8_of_8_approvals(records, cases):
    found = replay(Orchestrator(), cases, default_as_of(records))
    assert len(found.rows) == 8
    assert found.same_action == 8
    assert found.same_approval == 8
    assert found.rank_correlation >= 0.8
    assert found.as_dict()["label"] == AGREEMENT_LABEL == "regression check, not validation"


def _row(number, recorded, now, *, approval=False):
    name = f"I{number:03d}"
    return ReplayRow(name, "C1", f"2025-01-{number:02d}", recorded, now, False, approval, 0.5, 0.5, "act")


def test_rows_that_differ_come_first_and_keep_the_order_of_their_dates():
    same, other, approved = (
        _row(1, "call", "call"),
        _row(2, "call", "email"),
        _row(3, "call", "call", approval=True),
    )
    assert build_agreement([approved, same, other]).differences_first == (other, approved, same)


def test_recorded_monitoring_that_is_now_an_action_has_a_note():
    found = build_agreement([_row(1, "monitor_only", "call"), _row(2, "call", "email"), _row(3, "call", "call")])
    assert found.note.startswith("1 of 2 different actions were recorded as monitor_only. A cool-down can explain them")
    assert build_agreement([_row(2, "call", "monitor_only"), _row(3, "monitor_only", "monitor_only")]).note == ""


def test_a_recovering_customer_is_monitored_and_a_quiet_one_has_no_recommendation(cases):
    decisions = {
        case.customer.customer_id: Orchestrator().evaluate_customer(*case, as_of="2025-01-16") for case in cases
    }
    assert decisions["C004"].recommended_action == "monitor_only"
    assert decisions["C003"].recommended_action is None
    assert any("support to engagement" in reason for reason in decisions["C009"].reasons)


def test_no_customer_is_contacted_twice_within_the_cool_down(cases):
    decisions = {
        case.customer.customer_id: Orchestrator().evaluate_customer(*case, as_of="2025-01-20") for case in cases
    }
    assert decisions["C001"].reason == "cooling_down"
    assert decisions["C001"].held_back_action == "proactive_outreach"
    assert decisions["C006"].reason == "open_intervention"


def test_replay_stops_at_as_of(cases):
    assert len(replay(Orchestrator(), cases, AsOf.of("2025-01-13")).rows) == 3


def test_later_records_change_no_replayed_decision(records, cases):
    """Each intervention is re-decided from the records available at its time."""
    whole = {row.intervention_id: row for row in replay(Orchestrator(), cases, default_as_of(records)).rows}
    for case in cases:
        for intervention in case.interventions:
            when = AsOf.for_recorded_decision(intervention.generated_at)
            seen = case._replace(
                entries=tuple(e for e in case.entries if e.state_entered_at <= when.cutoff),
                signals=tuple(s for s in case.signals if s.detected_at <= when.cutoff),
                interventions=(intervention,),
                outcomes=(),
            )
            (row,) = replay(Orchestrator(), [seen], default_as_of(records)).rows
            assert row == whole[intervention.intervention_id]


def _around(value, rng, low=0.0, high=1.0, spread=0.15):
    return min(max(value * rng.uniform(1 - spread, 1 + spread), low), high)


def random_policy(rng):
    """A policy with all numbers within 15 % of the default."""
    default = Policy()
    evidence, thresholds = default.evidence, default.thresholds
    return build_policy(
        {
            "evidence": {
                "half_life_days": _around(evidence.half_life_days, rng, high=100.0),
                "trust_manual": _around(evidence.trust_manual, rng),
                "relief": _around(evidence.relief, rng, high=5.0),
                "overstay_weight": _around(evidence.overstay_weight, rng),
                "mass_scale": _around(evidence.mass_scale, rng, high=9.0),
                "conflict_penalty": _around(evidence.conflict_penalty, rng),
            },
            "thresholds": {
                name: _around(getattr(thresholds, name), rng)
                for name in ("act_severity", "act_confidence")
            },
            "approve": {
                name: _around(getattr(default.approve, name), rng)
                for name in ("human_severity", "high_tier_severity", "value_severity")
            },
            "signals": {name: {"weight": _around(kind.weight, rng)} for name, kind in default.signals.items()},
        },
        "test",
    )  # fmt: skip


@pytest.mark.medium
def test_agreement_is_robust_to_small_changes_of_the_policy(records, cases):
    """At least 40 % of the policies within 15 % of the default agree fully as well."""
    rng, as_of = random.Random(2024), default_as_of(records)
    found = [replay(Orchestrator(random_policy(rng)), cases, as_of) for _ in range(200)]
    full = sum(one.same_action == one.same_approval == 8 and one.rank_correlation >= 0.8 for one in found)
    assert full / len(found) >= 0.4


def test_the_check_detects_a_policy_that_disagrees(records, cases):
    timid = build_policy({"thresholds": {"act_severity": 0.9}}, "test")
    assert replay(Orchestrator(timid), cases, default_as_of(records)).same_action < 8


def test_an_earlier_intervention_of_another_day_is_history_and_the_replayed_one_is_not():
    records = Records.from_tables(
        {
            "customers": [{"customer_id": "A", "segment": "SMB", "account_value": 1.0}],
            "journey_state_log": [
                {"customer_id": "A", "journey_stage": "onboarding", "state_entered_at": "2031-01-01"}
            ],
            "signals": [
                {"signal_id": "S", "customer_id": "A", "signal_type": "failed_onboarding_step", "signal_strength": 0.9,
                 "detected_at": "2031-01-02", "source": "automated"}
            ],
            "interventions": [
                {"intervention_id": f"I{day}{turn}", "customer_id": "A", "recommended_action": "proactive_outreach",
                 "generated_at": f"2031-01-0{day}"}
                for day, turn in ((3, "a"), (3, "b"), (5, "a"))
            ],
        }
    )  # fmt: skip
    rows = replay(Orchestrator(), CaseReader(records).read_all(), AsOf.of("2031-02-01")).rows
    assert [row.reason for row in rows] == ["act", "act", "open_intervention"]
