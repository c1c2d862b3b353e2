"""Entries of the playbook for days in a stage: "in trial, from day 3, for segment self_serve, nudge"."""

from datetime import datetime, timedelta

import pytest

from journey.core.errors import InputError
from journey.decision.policy import Policy, build_policy
from journey.machine import Journey, Move
from journey.orchestrator import Orchestrator
from journey.records.model import Customer, Intervention, Signal, StageEntry

NOW = datetime(2031, 3, 10)
JOURNEY = Journey.build(
    stages=("trial", "paying", "gone"),
    moves=(Move("convert", "trial", "paying"), Move("give_up", "trial", "gone"), Move("cancel", "paying", "gone")),
    initial="trial",
    terminal="gone",
)
NUDGE = {"stages": ["trial"], "segments": ["self_serve"], "after_days": 3.0, "action": "nudge"}
CALL = {"stages": ["trial"], "causes": ["falling_usage"], "action": "proactive_outreach"}


def growth_policy(*plays, **thresholds):
    return build_policy(
        {
            "actions": {"nudge": {"delivery": "automated", "cost": 0.5, "averts": 0.1}},
            "churn": {"yearly_hazard": {"self_serve": 0.5, "sales": 0.2}},
            "plays": [*(plays or [NUDGE]), CALL],
            "thresholds": thresholds,
        },
        "test",
        JOURNEY.stages,
    )


def decide(days, *, segment="self_serve", signals=(), interventions=(), policy=None, stage="trial"):
    customer = Customer(customer_id="A", segment=segment, account_value=1200.0, risk_tier="medium")
    entry = StageEntry(customer_id="A", journey_stage=stage, state_entered_at=NOW - timedelta(days=days))
    orchestrator = Orchestrator(policy or growth_policy(), JOURNEY)
    return orchestrator.evaluate_customer(customer, [entry], signals, interventions, (), as_of=NOW)


def usage_drop(strength):
    return Signal(
        customer_id="A", signal_type="usage_drop", signal_strength=strength, detected_at=NOW, source="automated"
    )


def test_it_applies_from_its_day_on_without_any_signal():
    assert decide(2.9).recommended_action is None
    decision = decide(3.0)
    assert (decision.recommended_action, decision.reason) == ("nudge", "act")
    assert "severity 0.00 is low, and after 3 days in trial the playbook has nudge" in decision.reasons
    assert not decision.requires_human_approval


def test_it_is_for_its_stage_and_segments_only():
    assert decide(5.0, segment="sales").recommended_action is None
    assert decide(5.0, segment="unheard_of").recommended_action is None
    assert decide(5.0, stage="paying").recommended_action is None


def test_it_ends_at_until_days():
    policy = growth_policy({**NUDGE, "until_days": 7.0})
    assert decide(6.9, policy=policy).recommended_action == "nudge"
    assert decide(7.0, policy=policy).recommended_action is None


def test_of_two_the_first_whose_days_fit_applies():
    later = {**NUDGE, "after_days": 10.0, "action": "proactive_outreach"}
    policy = growth_policy({**NUDGE, "until_days": 12.0}, later)
    assert [decide(days, policy=policy).recommended_action for days in (5.0, 11.0, 12.0)] == [
        "nudge", "nudge", "proactive_outreach",
    ]  # fmt: skip


def test_a_customer_at_risk_gets_the_action_for_the_cause():
    assert decide(5.0, signals=[usage_drop(0.9)]).recommended_action == "proactive_outreach"
    # A weak signal is below the threshold, and its low confidence does not matter.
    assert decide(5.0, signals=[usage_drop(0.05)]).recommended_action == "nudge"


def test_contact_rules_hold_as_for_every_action():
    contact = Intervention(
        intervention_id="P",
        customer_id="A",
        recommended_action="nudge",
        requires_human_approval=False,
        generated_at=NOW - timedelta(days=5),
        status="executed",
    )
    held = decide(9.0, interventions=[contact])
    assert (held.recommended_action, held.reason) == ("monitor_only", "open_intervention")


@pytest.mark.parametrize(
    ("play", "sentence"),
    [
        ({"stages": ["trial"], "action": "nudge"}, "`causes`, `opportunities` and `after_days`"),
        ({**NUDGE, "until_days": 3.0}, "`until_days` 3 must be more than `after_days` 3"),
        ({"stages": ["trial"], "action": "nudge", "causes": ["price"], "until_days": 3.0}, "which is missing"),
    ],
)
def test_an_entry_that_can_never_apply_is_refused(play, sentence):
    with pytest.raises(InputError, match=sentence):
        growth_policy(play)


def test_the_default_playbook_has_none():
    assert all(play.after_days is None for play in Policy().plays)
