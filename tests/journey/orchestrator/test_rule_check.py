"""No recommended action breaks a declared rule of severity error."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from math import inf

import pytest
from hypothesis import event, given, settings

from journey.core.findings import FindingSeverity
from journey.decision.as_of import AsOf
from journey.decision.policy import build_policy
from journey.histories import HistoryBuilder
from journey.histories.event import is_bare, on_clock
from journey.machine import default_journey
from journey.orchestrator import Orchestrator
from journey.orchestrator.results import is_action
from journey.records.model import Customer, Intervention, Signal, StageEntry
from journey.rules import Rule, Where
from journey.rules.monitor import BROKEN, A, B, advance_marks, initial_marks, judge
from journey.rules.respect import HIDDEN, find_symbol
from tests.journey.recorded_customers import ACTIONS, judgements, known, policies
from tests.journey.rule_strategies import rule_sets
from tests.levels import examples

CUSTOMER = Customer(customer_id="A", segment="SMB", account_value=9_000.0, risk_tier="medium")
ENTRIES = (StageEntry(customer_id="A", journey_stage="onboarding", state_entered_at=datetime(2030, 6, 1)),)
SIGNALS = (
    Signal(signal_id="S", customer_id="A", signal_type="failed_onboarding_step", signal_strength=0.9,
           detected_at=datetime(2030, 7, 1), source="automated"),
)  # fmt: skip
ANY_ACTION = tuple(f"action:{action}" for action in ACTIONS if action != "monitor_only")
WITHOUT_APPROVAL = build_policy({"approve": "never", "contact": {"cool_down_days": 0.0, "max_contacts": 99}}, "test")


def _decide(*rules, policy=WITHOUT_APPROVAL, interventions=(), as_of="2030-07-02"):
    orchestrator = Orchestrator(policy, declared_rules=rules)
    return orchestrator.evaluate_customer(CUSTOMER, ENTRIES, SIGNALS, interventions, as_of=as_of)


def _past(day, status="executed", **changes):
    values = {
        "intervention_id": f"I-{day}", "customer_id": "A", "recommended_action": "proactive_outreach",
        "generated_at": datetime.fromisoformat(day), "status": status, **changes,
    }  # fmt: skip
    return Intervention(**values)


def _record(decision, when):
    """The record of a decision that was carried out, after an approval if it needs one."""
    bare = when.cutoff != when.anchor
    return Intervention(
        intervention_id="~last", customer_id=decision.customer_id, recommended_action=decision.recommended_action,
        requires_human_approval=decision.requires_human_approval, status="executed",
        generated_at=when.anchor if bare else when.cutoff,
    )  # fmt: skip


def _is_broken(rule, history, when, in_days):
    """The monitor's verdict about a history whose events are all known."""
    code, days = rule.definition.code, inf if rule.within_days is None else rule.within_days
    marks, begun = initial_marks(code, rule.count, days), -inf
    for each in history.events:
        symbol = find_symbol(rule, each.kind, each.labels[0])
        if symbol != HIDDEN:
            time = on_clock(each.moment, calendar_days=in_days)
            begun = time if begun == -inf else begun
            advance_marks(code, rule.count, days, marks, 0, symbol, time, begun)
    now = on_clock(when.anchor, calendar_days=in_days)
    return judge(code, rule.count, days, marks, 0, now, begun, False) == BROKEN


@settings(max_examples=examples(60, otherwise=15))
@given(known(), policies, judgements, rule_sets)
def test_no_recommended_action_breaks_a_rule_that_was_kept(customer, policy, as_of, rules):
    when = AsOf.of(as_of)
    decision = Orchestrator(policy, declared_rules=rules).evaluate_customer(*customer, as_of=when)
    event(decision.reason)
    if not is_action(decision) or decision.recommended_action == "monitor_only":
        return
    histories = HistoryBuilder(default_journey(), policy)
    earlier = [each for each in customer.interventions if when.is_history(each.generated_at)]
    before = histories.build(customer.entries, customer.signals, earlier, customer.outcomes, when)
    interventions = (*earlier, _record(decision, when))
    after = histories.build(customer.entries, customer.signals, interventions, customer.outcomes, when)
    for rule in rules:
        refused = customer.customer.customer_id in policy.contact.do_not_contact
        if not rule.where.admits(*_traits(customer.customer), consent=not refused):
            continue
        named = [each for each in after.events if find_symbol(rule, each.kind, each.labels[0]) in (A, B)]
        in_days = any(is_bare(each.moment) for each in named) or is_bare(when.anchor)
        if not _is_broken(rule, before, when, in_days):
            assert not _is_broken(rule, after, when, in_days)


def _traits(customer):
    return customer.segment, customer.risk_tier, customer.account_value


@settings(max_examples=examples(40, otherwise=15))
@given(known(), policies, judgements, rule_sets)
def test_rules_only_hold_back_or_demand_approval(customer, policy, as_of, rules):
    without = Orchestrator(policy).evaluate_customer(*customer, as_of=as_of)
    decision = Orchestrator(policy, declared_rules=rules).evaluate_customer(*customer, as_of=as_of)
    if decision.reason == "breaks_rule":
        assert (decision.recommended_action, decision.priority) == ("monitor_only", 0.0)
        assert (decision.held_back_action, without.reason) == (without.recommended_action, "act")
        assert any("it would break the rule 'r" in reason for reason in decision.reasons)
    elif decision.requires_human_approval != without.requires_human_approval:
        assert decision.requires_human_approval
        assert any("without it the action would break the rule 'r" in reason for reason in decision.reasons)
        assert decision.recommended_action == without.recommended_action
    else:
        assert decision == without


@settings(max_examples=examples(40, otherwise=15))
@given(known(), policies, judgements, rule_sets)
def test_a_rule_that_only_warns_changes_no_decision(customer, policy, as_of, rules):
    rules = [replace(rule, severity=FindingSeverity.WARNING) for rule in rules]
    decision = Orchestrator(policy, declared_rules=rules).evaluate_customer(*customer, as_of=as_of)
    assert decision == Orchestrator(policy).evaluate_customer(*customer, as_of=as_of)


def test_the_action_is_recommended_without_rules():
    decision = _decide()
    assert decision.recommended_action == "onboarding_specialist_call"
    assert not decision.requires_human_approval


def test_an_action_that_a_rule_forbids_is_held_back_and_the_reason_names_the_rule():
    decision = _decide(Rule("no outreach", "absence", ("action:onboarding_specialist_call",)))
    assert decision.reason == "breaks_rule"
    assert decision.recommended_action == "monitor_only"
    assert decision.held_back_action == "onboarding_specialist_call"
    assert decision.priority == 0.0
    assert decision.reasons[-1] == (
        "onboarding_specialist_call is held back: it would break the rule 'no outreach': "
        "'action:onboarding_specialist_call' never happens"
    )


def test_the_sentence_of_the_user_is_the_reason():
    rule = Rule(
        "no outreach", "absence", ("action:onboarding_specialist_call",), message="Sales calls these customers."
    )
    assert _decide(rule).reasons[-1].endswith("break the rule 'no outreach': Sales calls these customers.")


def test_a_rule_that_an_approval_keeps_demands_the_approval():
    decision = _decide(Rule("approved first", "precedence", ("review:approved",), ANY_ACTION))
    assert (decision.recommended_action, decision.reason) == ("onboarding_specialist_call", "act")
    assert decision.requires_human_approval
    assert decision.reasons[-1].startswith(
        "needs a person's approval: without it the action would break the rule 'approved first': "
    )


def test_a_review_that_a_rule_forbids_holds_the_action_back_where_the_policy_demands_it():
    rule = Rule("no reviews", "absence", ("review:approved",))
    assert _decide(rule).reason == "act"
    always = build_policy({"approve": "always"}, "test")
    assert _decide(rule, policy=always).reason == "breaks_rule"


@pytest.mark.parametrize(("day", "held_back"), [(14, True), (15, True), (16, False)])
def test_no_second_contact_within_the_days_of_a_rule(day, held_back):
    rule = Rule("two weeks", "absence", ANY_ACTION, count=2, within_days=14.0)
    past = (_past("2030-07-01", requires_human_approval=False),)
    policy = build_policy({**WITHOUT_APPROVAL.model_dump(include={"approve"}), "contact": {
        "cool_down_days": 0.0, "max_contacts": 99, "outcome_wait_days": 1.0}}, "test")  # fmt: skip
    decision = _decide(rule, policy=policy, interventions=past, as_of=date(2030, 7, day))
    assert (decision.reason == "breaks_rule") == held_back


def test_a_rule_that_was_broken_holds_back_only_what_would_break_it_again():
    rule = Rule("two weeks", "absence", ANY_ACTION, count=2, within_days=14.0)
    policy = build_policy({"approve": "never", "contact": {"cool_down_days": 0.0, "max_contacts": 99,
                                                           "outcome_wait_days": 1.0}}, "test")  # fmt: skip
    past = (_past("2030-07-01"), _past("2030-07-03"))
    assert _decide(rule, policy=policy, interventions=past, as_of="2030-07-10").reason == "breaks_rule"
    assert _decide(rule, policy=policy, interventions=past, as_of="2030-07-18").reason == "act"


def test_a_rule_holds_for_the_customers_that_it_is_about():
    rule = Rule("no outreach", "absence", ANY_ACTION, where=Where(tier=("high",)))
    assert _decide(rule).reason == "act"
    assert _decide(replace(rule, where=Where(tier=("medium",)))).reason == "breaks_rule"


def test_a_demand_forces_no_action_and_forbids_none():
    rule = Rule("answered", "response", ("signal:failed_onboarding_step",), ("move:activate",), within_days=1.0)
    late = Rule("called", "response", ("signal:failed_onboarding_step",), ANY_ACTION, within_days=1.0)
    assert _decide(rule, late, as_of="2030-07-05") == _decide(as_of="2030-07-05")


def test_a_decision_of_a_whole_day_counts_calendar_days():
    """A contact on 1 July in the evening is 14 days before 15 July, whatever the time of the decision."""
    rule = Rule("two weeks", "absence", ANY_ACTION, count=2, within_days=14.0)
    policy = build_policy({"approve": "never", "contact": {"cool_down_days": 0.0, "max_contacts": 99,
                                                           "outcome_wait_days": 1.0}}, "test")  # fmt: skip
    past = (_past("2030-07-01T20:00"),)
    assert _decide(rule, policy=policy, interventions=past, as_of="2030-07-15").reason == "breaks_rule"
    late = datetime(2030, 7, 1, 20) + timedelta(days=14, minutes=1)
    assert _decide(rule, policy=policy, interventions=past, as_of=AsOf.of(late)).reason == "act"
