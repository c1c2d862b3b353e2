"""The orchestrator's components, one customer at a time."""

from datetime import date, datetime, timedelta

import pytest

from journey.core.errors import InputError
from journey.decision.as_of import AsOf
from journey.decision.policy import Policy, build_policy
from journey.orchestrator import Orchestrator
from journey.records.model import Customer, Intervention, Outcome, Signal, StageEntry

DAY = datetime(2031, 3, 10)
TODAY = DAY.date()
SMB = Customer(customer_id="A", segment="SMB", account_value=10_000.0, risk_tier="medium")
ONBOARDING = StageEntry(customer_id="A", journey_stage="onboarding", state_entered_at=DAY - timedelta(days=3))
LIMBO = StageEntry(customer_id="A", journey_stage="limbo", state_entered_at=DAY)


def signal(kind="failed_onboarding_step", strength=0.9, days=1.0, source="automated", key=None):
    return Signal(
        signal_id=key,
        customer_id="A",
        signal_type=kind,
        signal_strength=strength,
        detected_at=DAY - timedelta(days=days),
        source=source,
    )


def past(days, action="proactive_outreach", *, approval=False, status=None, key="P"):
    return Intervention(
        intervention_id=key,
        customer_id="A",
        recommended_action=action,
        requires_human_approval=approval,
        generated_at=DAY - timedelta(days=days),
        status=status,
    )


def outcome(key="P", days=0.0, customer="A"):
    return Outcome(
        intervention_id=key, customer_id=customer, outcome="resolved", measured_at=DAY - timedelta(days=days)
    )


STRONG = (signal(),)


def decide(*, entries=(ONBOARDING,), signals=STRONG, interventions=(), outcomes=(), customer=SMB, policy=None,
           as_of=TODAY):  # fmt: skip
    return Orchestrator(policy).evaluate_customer(customer, entries, signals, interventions, outcomes, as_of=as_of)


def test_a_strong_negative_signal_leads_to_the_playbook_action_of_its_cause_and_stage():
    decision = decide(signals=[signal(key="S1")])
    assert decision.recommended_action == "onboarding_specialist_call"
    assert decision.requires_human_approval
    assert decision.triggered_by_signals == ("S1",)
    assert decision.components.cause == "failed_onboarding"
    assert decision.priority == pytest.approx(decision.churn_probability * 10_000.0 * 0.30)


def test_a_playbook_action_for_a_segment_does_not_apply_to_other_segments():
    stuck = {"stages": ["onboarding"], "causes": ["failed_onboarding"]}
    plays = [
        {**stuck, "segments": ["SMB"], "action": "onboarding_nudge_email"},
        {**stuck, "action": "onboarding_specialist_call"},
    ]
    policy = build_policy({"plays": plays}, "test")
    chosen = {
        name: decide(policy=policy, customer=SMB.model_copy(update={"segment": name})).recommended_action
        for name in ("SMB", "Enterprise", "a segment nobody knows")
    }
    assert chosen["SMB"] == "onboarding_nudge_email"
    assert chosen["Enterprise"] == chosen["a segment nobody knows"] == "onboarding_specialist_call"


def test_a_playbook_action_for_an_unknown_segment_is_refused():
    play = {"stages": ["onboarding"], "causes": ["other"], "segments": ["SBM"], "action": "onboarding_nudge_email"}
    with pytest.raises(InputError, match=r"plays\[0\]: 'SBM' is not a segment; did you mean 'SMB'"):
        build_policy({"plays": [play]}, "test")


def test_no_evidence_and_low_severity_are_distinct_from_monitoring():
    assert decide(signals=()).recommended_action is None
    assert decide(signals=()).reason == "no_evidence"
    assert decide(signals=[signal(strength=0.05)]).reason == "below_threshold"
    assert decide(signals=[signal("usage_recovery", 0.2)]).recommended_action is None
    unsure = decide(signals=[signal("usage_drop", 0.6, days=4), signal("usage_recovery", 0.55, days=0)])
    assert (unsure.recommended_action, unsure.reason) == ("monitor_only", "low_confidence")


def test_an_ended_journey_and_a_missing_stage_lead_to_no_recommendation():
    gone = StageEntry(customer_id="A", journey_stage="churned", state_entered_at=DAY, previous_stage="onboarding")
    ended = decide(entries=[ONBOARDING, gone])
    assert (ended.recommended_action, ended.reason, ended.churn_probability) == (None, "not_live", None)
    for entries in ((), (LIMBO,)):
        lost = decide(entries=entries)
        assert (lost.recommended_action, lost.reason) == (None, "no_stage")
    assert decide(entries=(LIMBO,)).stage == "limbo"
    assert decide(entries=()).days_in_stage is None


def test_gaps_in_the_record_lower_confidence_but_not_severity():
    whole = decide()
    for customer in (
        SMB.model_copy(update={"segment": "unknown"}),
        SMB.model_copy(update={"account_value": 0.0}),
    ):
        gap = decide(customer=customer)
        assert gap.severity == whole.severity
        assert gap.confidence == pytest.approx(whole.confidence * 0.9)
        assert gap.components.gaps == 1


def test_an_illegal_last_move_is_a_gap_and_the_recorded_stage_is_kept():
    came = StageEntry(customer_id="A", journey_stage="engagement", state_entered_at=DAY, previous_stage="support")
    decision = decide(entries=[came])
    assert decision.stage == "engagement"
    assert decision.components.gaps == 1
    assert any("support to engagement" in reason for reason in decision.reasons)


def test_a_missing_previous_stage_is_taken_from_the_log():
    engaged = StageEntry(customer_id="A", journey_stage="engagement", state_entered_at=DAY)
    assert decide(entries=[engaged]).components.gaps == 1
    assert decide(entries=[engaged, ONBOARDING]).components.gaps == 0


def test_of_entries_at_one_time_the_one_that_was_not_left_again_is_the_state():
    into = StageEntry(customer_id="A", journey_stage="support", state_entered_at=DAY, previous_stage="engagement")
    back = StageEntry(customer_id="A", journey_stage="retention", state_entered_at=DAY, previous_stage="support")
    assert decide(entries=[into, back]).stage == decide(entries=[back, into]).stage == "retention"


def test_an_unknown_signal_type_has_the_default_weight_and_two_types_stay_distinct():
    one = decide(signals=[signal("smoke")])
    two = decide(signals=[signal("smoke"), signal("mirrors")])
    assert one.severity > 0.0
    assert two.severity > one.severity
    assert any("smoke" in reason and "mirrors" in reason for reason in two.reasons)


def test_a_stalled_stage_adds_evidence_and_can_be_the_cause():
    policy = build_policy({"evidence": {"overstay_weight": 2.0}, "thresholds": {"act_confidence": 0.0}}, "test")
    late = ONBOARDING.model_copy(update={"state_entered_at": DAY - timedelta(days=60)})
    decision = decide(entries=[late], signals=(), policy=policy)
    assert decision.components.cause == "stalled"
    assert decision.recommended_action == "onboarding_nudge_email"
    assert decide(entries=[late]).severity > decide().severity


def test_a_fully_faded_signal_is_not_a_trigger():
    decision = decide(signals=[signal(key="old", days=300), signal(key="new")])
    assert decision.triggered_by_signals == ("new",)
    assert decide(signals=[signal()]).triggered_by_signals == ("failed_onboarding_step@2031-03-09",)


class TestContactPolicy:
    def test_a_customer_contacted_five_days_ago_is_monitored_and_the_held_back_action_is_reported(self):
        decision = decide(interventions=[past(5)], outcomes=[outcome()])
        assert (decision.recommended_action, decision.reason) == ("monitor_only", "cooling_down")
        assert decision.held_back_action == "onboarding_specialist_call"
        assert decision.priority == 0.0
        assert not decision.requires_human_approval

    @pytest.mark.parametrize(
        ("interventions", "outcomes", "reason"),
        [
            ([past(20)], [], "open_intervention"),  # its outcome is still expected
            ([past(40)], [], "act"),  # its outcome is no longer expected
            ([past(20)], [outcome()], "act"),
            ([past(20)], [outcome(customer="B")], "open_intervention"),  # another customer's outcome is not this one's
            ([past(3, approval=True)], [], "open_intervention"),
            ([past(20, approval=True)], [], "act"),  # expired: no one was contacted
            ([past(3, approval=True, status="rejected")], [], "act"),
            ([past(3, approval=True, status="executed")], [outcome()], "cooling_down"),
            ([past(3, "monitor_only")], [], "act"),
            ([past(3, status="approved")], [], "open_intervention"),
            ([past(3, status="no such state")], [outcome()], "cooling_down"),
            ([past(20 + n, key=f"P{n}") for n in range(4)], [outcome(f"P{n}") for n in range(4)], "capped"),
        ],
    )
    def test_earlier_interventions_can_hold_a_contact_back(self, interventions, outcomes, reason):
        assert decide(interventions=interventions, outcomes=outcomes).reason == reason

    def test_a_decision_of_the_same_day_is_history_only_with_an_earlier_time_of_day(self):
        undated = past(0, approval=True)
        timed = undated.model_copy(update={"generated_at": DAY + timedelta(hours=9)})
        assert decide(interventions=[undated]).reason == "act"
        assert decide(interventions=[timed]).reason == "open_intervention"
        assert decide(interventions=[timed], as_of=DAY + timedelta(hours=8)).reason == "act"
        assert decide(interventions=[timed], as_of=DAY + timedelta(hours=9)).reason == "act"
        assert decide(interventions=[timed], as_of=DAY + timedelta(hours=10)).reason == "open_intervention"


class TestOpenLoops:
    def loops(self, interventions, outcomes=()):
        return Orchestrator().outcome_tracker.find_open_loops(interventions, outcomes, AsOf.of(TODAY))

    def test_a_pending_approval_expires_and_is_not_granted_automatically(self):
        (young,) = self.loops([past(4, approval=True)])
        assert (young.state, young.age_days) == ("pending_approval", 4.0)
        (old,) = self.loops([past(15, approval=True)])
        assert old.state == "expired"

    def test_measured_and_monitoring_interventions_are_closed(self):
        assert not self.loops([past(4)], [outcome()])
        assert not self.loops([past(4, "monitor_only")])

    def test_a_missing_outcome_is_reported_as_unmeasured(self):
        assert [loop.state for loop in self.loops([past(4), past(31, key="Q")])] == ["unmeasured", "awaiting_outcome"]


class TestAsOf:
    def test_a_bare_date_includes_its_whole_day_and_ages_are_never_negative(self):
        afternoon = signal(days=-0.6)
        assert decide(signals=[afternoon]).components.negative > 0.0
        assert decide(signals=[afternoon], as_of=DAY).components.negative == 0.0
        late = ONBOARDING.model_copy(update={"state_entered_at": DAY + timedelta(hours=15)})
        assert decide(entries=[late]).days_in_stage == 0.0

    def test_valid_dates_are_parsed_and_other_texts_refused(self):
        assert AsOf.of("2031-03-10") == AsOf.of(date(2031, 3, 10))
        assert AsOf.of("2031-03-10T12:00") == AsOf.of(datetime(2031, 3, 10, 12))
        assert AsOf.of("2031-03-10T12:00+02:00") == AsOf.of("2031-03-10T10:00")
        assert str(AsOf.of("2031-03-10")) == "2031-03-10"
        for text in ("tomorrow", "2031-13-01", "10.03.2031", ""):
            with pytest.raises(InputError, match="2025-01-20"):
                AsOf.of(text)


def test_approval_is_also_required_by_tier_and_by_value():
    mild = [signal("usage_drop", 0.6)]
    engaged = StageEntry(customer_id="A", journey_stage="engagement", state_entered_at=DAY, previous_stage="onboarding")
    assert not decide(entries=[engaged], signals=mild).requires_human_approval
    high = SMB.model_copy(update={"risk_tier": "high"})
    rich = SMB.model_copy(update={"account_value": 50_000.0})
    assert decide(entries=[engaged], signals=mild, customer=high).requires_human_approval
    assert decide(entries=[engaged], signals=mild, customer=rich).requires_human_approval


def test_an_opportunity_needs_confidence_and_is_taken_only_below_the_threshold():
    kept = StageEntry(customer_id="A", journey_stage="retention", state_entered_at=DAY, previous_stage="engagement")
    taken = decide(entries=[kept], signals=[signal("renewal_intent", 0.5)])
    assert taken.recommended_action == "renewal_health_check"
    assert decide(entries=[kept], signals=[signal("renewal_intent", 0.1)]).reason == "low_confidence"


def test_a_decision_is_json_ready():
    import json

    values = decide(interventions=[past(5)], outcomes=[outcome()]).as_dict()
    assert json.loads(json.dumps(values))["components"]["days_since_contact"] == 5.0
    assert Policy().name == "default"
