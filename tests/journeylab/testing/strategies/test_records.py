"""Drawn records are valid, of one's own journey and policy, and shrink to one record."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.decision.policy import Policy, build_policy
from journey.machine import Journey, Move
from journey.orchestrator import Orchestrator
from journeylab.testing import companies, policies, recorded_customers, signals
from journeylab.testing.strategies.histories import FIRST_DAY
from tests.journeylab.testing.shrinking import smallest
from tests.levels import examples

SMALL = Journey.build(stages=("new", "left"), initial="new", terminal="left", moves=(Move("leave", "new", "left"),))
OWN = build_policy(
    {
        "name": "own",
        "signals": {"complaint": {"polarity": "negative", "weight": 0.8, "cause": "trouble"}},
        "plays": [{"stages": ["new"], "causes": ["trouble"], "action": "proactive_outreach"}],
    },
    "test",
)


@given(recorded_customers(journey=SMALL, policy=OWN))
def test_records_name_only_what_journey_and_policy_have(known):
    assert {entry.journey_stage for entry in known.entries} <= set(SMALL.stages)
    assert {signal.signal_type for signal in known.signals} <= set(OWN.signals)
    assert {each.recommended_action for each in known.interventions} <= set(OWN.actions)
    assert {each.customer_id for each in (*known.entries, *known.signals, *known.outcomes)} <= {"A"}
    assert known.customer.segment in (*OWN.segments, "unknown")


@pytest.mark.slow
def test_unknown_names_are_drawn_where_they_are_asked_for():
    strange = smallest(
        recorded_customers(unknown_names=True),
        lambda known: any(entry.journey_stage == "limbo" for entry in known.entries),
    )
    assert len(strange.entries) == 1
    assert strange.signals == strange.interventions == strange.outcomes == ()


@pytest.mark.medium
def test_a_signal_shrinks_to_a_weak_one_on_the_first_day():
    found = smallest(signals(types=["complaint"]), lambda signal: signal.source == "manual")
    assert (found.signal_id, found.signal_strength, found.detected_at, found.recorded_at) == (
        None,
        0.0,
        FIRST_DAY,
        None,
    )


@pytest.mark.slow
def test_a_company_shrinks_to_one_customer():
    (only,) = smallest(companies(max_customers=3), lambda company: any(known.signals for known in company))
    assert (only.customer.customer_id, len(only.signals), only.entries) == ("K00", 1, ())


@pytest.mark.medium
@given(st.data())
@settings(max_examples=examples(25, otherwise=6))
def test_the_orchestrator_evaluates_every_drawn_customer_with_every_drawn_policy(data):
    policy = data.draw(policies(base=OWN, journey=SMALL))
    known = data.draw(recorded_customers(journey=SMALL, policy=policy))
    decision = Orchestrator(policy, SMALL).evaluate_customer(*known, as_of=FIRST_DAY.date())
    assert 0.0 <= decision.severity <= 1.0


@given(policies(base=OWN, journey=SMALL))
def test_a_drawn_policy_keeps_the_signals_and_the_playbook_of_its_base(policy):
    assert policy.signals == OWN.signals
    assert policy.plays[: len(OWN.plays)] == OWN.plays
    assert {stage for play in policy.plays[len(OWN.plays) :] for stage in play.stages} <= set(SMALL.stages)


@pytest.mark.slow
def test_a_policy_shrinks_to_its_base_and_is_printed_without_its_defaults():
    assert smallest(policies()) == Policy()
    found = smallest(policies(), lambda policy: policy.contact.max_contacts == 0)
    assert repr(found) == "Policy(contact=ContactPolicy(max_contacts=0))"
