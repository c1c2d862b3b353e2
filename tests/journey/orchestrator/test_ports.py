"""Ports: a veto never lets an action through, and no action is approved by default."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.core.errors import InputError
from journey.decision.policy import build_policy
from journey.machine import IllegalMoveError
from journey.orchestrator import Orchestrator
from journey.orchestrator.approvals import ApprovalQueue, MemoryApprovalQueue
from journey.orchestrator.ports import (
    ALLOWED,
    ConsentCheck,
    ExperimentAssigner,
    GovernanceCheck,
    HashAssigner,
    KpiSink,
    MemoryKpiSink,
    Ruling,
)
from tests.journey.orchestrator.test_orchestrator import ONBOARDING, SMB, TODAY, signal
from tests.journey.recorded_customers import judgements, known

NOW = datetime(2031, 3, 10, 9)


class Says:
    """A governance check that gives the same ruling on every proposal."""

    def __init__(self, ruling):
        self.ruling = ruling
        self.asked = []

    def check(self, proposal):
        self.asked.append(proposal)
        return self.ruling


class Breaks:
    def check(self, proposal):
        raise RuntimeError("the consent register is down")


def decide(*checks):
    return Orchestrator(governance=checks).evaluate_customer(SMB, [ONBOARDING], [signal()], as_of=TODAY)


@given(known(), judgements, st.sampled_from([Says(Ruling(veto=True)), Breaks()]))
def test_what_is_vetoed_is_never_recommended(customer, as_of, check):
    free = Orchestrator().evaluate_customer(*customer, as_of=as_of)
    held = Orchestrator(governance=[Says(ALLOWED), check]).evaluate_customer(*customer, as_of=as_of)
    assert held.recommended_action in (None, "monitor_only")
    assert not held.requires_human_approval
    if free.reason == "act" and free.recommended_action != "monitor_only":
        assert held.reason == "vetoed"
        assert held.held_back_action == free.recommended_action


def test_a_failing_check_vetoes_and_reports_the_error():
    decision = decide(Breaks())
    assert decision.reason == "vetoed"
    assert any("consent register is down" in reason for reason in decision.reasons)


@given(known(), judgements)
def test_governance_only_makes_things_stricter(customer, as_of):
    free = Orchestrator().evaluate_customer(*customer, as_of=as_of)
    asked = Orchestrator(governance=[Says(Ruling(demand_approval=True))]).evaluate_customer(*customer, as_of=as_of)
    assert asked.recommended_action == free.recommended_action
    assert asked.requires_human_approval == (free.reason == "act" and free.recommended_action != "monitor_only")


def test_governance_checks_run_only_for_an_action():
    check = Says(ALLOWED)
    decision = decide(check)
    assert [proposal.action for proposal in check.asked] == [decision.recommended_action]
    quiet = Says(ALLOWED)
    Orchestrator(governance=[quiet]).evaluate_customer(SMB, [ONBOARDING], as_of=TODAY)
    assert not quiet.asked


@pytest.mark.parametrize("spelling", ["A", "A ", "\u00a0A", "\ufeffA\u200b"])
def test_customers_without_consent_are_not_contacted_by_default(spelling):
    policy = build_policy({"contact": {"do_not_contact": [spelling]}}, "test")
    assert policy.contact.do_not_contact == ("A",)
    decision = Orchestrator(policy).evaluate_customer(SMB, [ONBOARDING], [signal()], as_of=TODAY)
    assert (decision.recommended_action, decision.reason) == ("monitor_only", "vetoed")
    assert any("no consent" in reason for reason in decision.reasons)


def test_a_blank_customer_without_consent_is_refused():
    with pytest.raises(InputError, match=r"contact.do_not_contact: .*contains a blank ID"):
        build_policy({"contact": {"do_not_contact": ["A", "\u200b"]}}, "test")


class TestHashAssigner:
    def test_the_same_customer_is_always_in_the_same_arm(self):
        """Pinned: changing this assignment would move customers between arms of running experiments."""
        arms = [HashAssigner("pilot").assign_arm(f"A{n}") for n in range(8)]
        assert arms == [HashAssigner("pilot").assign_arm(f"A{n}") for n in range(8)]
        assert arms == PINNED

    def test_shares_are_kept_and_experiments_are_independent(self):
        first = HashAssigner("one", {"control": 0.2, "treated": 0.8})
        second = HashAssigner("two", {"control": 0.2, "treated": 0.8})
        keys = [f"customer {n}" for n in range(20_000)]
        control = [key for key in keys if first.assign_arm(key) == "control"]
        # Four standard errors of a share of 0.2 in 20,000 are 0.0113; of one in 4,000 they are 0.0253.
        assert len(control) / len(keys) == pytest.approx(0.2, abs=0.0113)
        both = sum(second.assign_arm(key) == "control" for key in control) / len(control)
        assert both == pytest.approx(0.2, abs=0.0253)

    def test_an_arm_without_a_share_is_never_assigned(self):
        assigner = HashAssigner("x", {"a": 0.0, "b": 1.0, "c": 0.0})
        assert {assigner.assign_arm(str(n)) for n in range(500)} == {"b"}

    @pytest.mark.parametrize("shares", [{}, {"a": 0.5}, {"a": 1.5, "b": -0.5}])
    def test_invalid_shares_are_refused(self, shares):
        with pytest.raises(InputError, match="add up to 1"):
            HashAssigner("x", shares)


PINNED = ["control", "control", "treated", "treated", "control", "treated", "control", "control"]


class TestApprovalQueue:
    def queue(self):
        return MemoryApprovalQueue(expiry_days=14.0)

    def submitted(self):
        queue = self.queue()
        queue.submit("T", decide(), NOW)
        return queue

    def test_a_ticket_waits_until_a_named_person_decides(self):
        queue = self.submitted()
        assert [ticket.ticket_id for ticket in queue.pending(NOW)] == ["T"]
        with pytest.raises(IllegalMoveError):
            queue.execute("T", NOW)
        for nobody in ("", "  "):
            with pytest.raises(InputError, match="give the name of the person who decides"):
                queue.approve("T", nobody, NOW)
        assert queue.approve("T", "Ada", NOW).reviewer == "Ada"
        assert queue.execute("T", NOW).state == "executed"

    def test_a_ticket_without_a_verdict_in_time_expires_and_cannot_be_approved(self):
        queue = self.submitted()
        later = NOW + timedelta(days=14, seconds=1)
        assert queue.age_days("T", later) > 14.0
        with pytest.raises(IllegalMoveError):
            queue.approve("T", "Ada", later)
        assert not queue.pending(later)
        with pytest.raises(IllegalMoveError):
            queue.execute("T", later)

    def test_rejected_and_overridden_actions_cannot_be_executed(self):
        for verdict in (lambda q: q.reject("T", "Ada", NOW), lambda q: q.override("T", "Ada", "send_flowers", NOW)):
            queue = self.submitted()
            verdict(queue)
            with pytest.raises(IllegalMoveError):
                queue.execute("T", NOW)

    def test_an_action_without_required_approval_is_approved_automatically(self):
        queue = self.queue()
        mild = Orchestrator().evaluate_customer(SMB, [ONBOARDING], [signal("usage_drop", 0.5)], as_of=TODAY)
        assert not mild.requires_human_approval
        assert queue.submit("T", mild, NOW).state == "approved"
        assert not queue.pending(NOW)

    def test_decisions_without_an_action_and_duplicate_tickets_are_refused(self):
        quiet = Orchestrator().evaluate_customer(SMB, [ONBOARDING], as_of=TODAY)
        with pytest.raises(InputError, match="no action"):
            self.queue().submit("T", quiet, NOW)
        with pytest.raises(InputError, match="already"):
            self.submitted().submit("T", decide(), NOW)
        with pytest.raises(InputError, match="no ticket"):
            self.queue().approve("T", "Ada", NOW)

    def test_tickets_with_the_highest_priority_come_first(self):
        queue = self.queue()
        rich = SMB.model_copy(update={"account_value": 99_000.0})
        queue.submit("small", decide(), NOW)
        queue.submit("large", Orchestrator().evaluate_customer(rich, [ONBOARDING], [signal()], as_of=TODAY), NOW)
        assert [ticket.ticket_id for ticket in queue.pending(NOW)] == ["large", "small"]

    @given(st.lists(st.sampled_from(["approve", "reject", "override", "execute", "wait"]), max_size=8))
    def test_nothing_is_executed_that_no_one_approved(self, acts):
        queue, now, approved = self.submitted(), NOW, False
        for act in acts:
            now += timedelta(days=6)
            try:
                if act == "execute":
                    queue.execute("T", now)
                    assert approved
                elif act == "override":
                    queue.override("T", "Ada", "send_flowers", now)
                elif act != "wait":
                    getattr(queue, act)("T", "Ada", now)
                    approved = approved or act == "approve"
            except IllegalMoveError:
                pass


def test_the_defaults_implement_the_ports():
    assert isinstance(ConsentCheck([]), GovernanceCheck)
    assert isinstance(HashAssigner("x"), ExperimentAssigner)
    assert isinstance(MemoryApprovalQueue(1.0), ApprovalQueue)
    assert isinstance(MemoryKpiSink(), KpiSink)
