"""The budget workflow: no sequence of steps breaks a rule of budget transfers."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.core.errors import InputError
from journey.machine import IllegalMoveError
from journey.marketing.budget.governance import prove
from journey.marketing.budget.log import MarketingLog
from journey.marketing.budget.rules import Transfer
from journey.marketing.budget.workflow import BudgetWorkflow
from journey.marketing.core.policy import MarketingPolicy
from tests.journey.marketing.budget.test_rules import AVAILABLE, RISKY, C, transfers

START = datetime(2026, 3, 18, 9)

steps = st.one_of(
    st.tuples(st.just("propose"), transfers, st.sampled_from(["human", "orchestrator"]), st.sampled_from([None, "P"])),
    st.tuples(
        st.sampled_from(["approve", "reject", "execute", "roll_back"]),
        st.sampled_from(["T1", "T2", "T3"]),
        st.sampled_from(["human", "orchestrator"]),
        st.sampled_from([None, "P", "Q"]),
    ),
    st.tuples(st.just("risk"), st.sampled_from(["A", "B", "R"]), st.booleans(), st.none()),
)


@given(st.lists(steps, max_size=25))
def test_no_sequence_of_steps_loses_money_or_executes_without_approval(attempts):
    risky = dict(RISKY)
    workflow = BudgetWorkflow(MarketingLog(), dict(AVAILABLE), lambda: risky)
    moved_into_risk = []
    for minute, (action, subject, by, actor) in enumerate(attempts):
        at = START + timedelta(minutes=minute)
        try:
            if action == "risk":
                risky.update({(C, subject): ("RSK",)}) if by else risky.pop((C, subject), None)
            elif action == "propose":
                workflow.propose(subject, at=at, by=by, actor=actor)
            else:
                getattr(workflow, action)(subject, at=at, by=by, actor=actor)
                if action == "execute":
                    moved_into_risk.append(workflow.transfers[subject].taker in risky)
        except (InputError, IllegalMoveError):
            continue
    assert not any(moved_into_risk)
    known = {key: amount for key, amount in workflow.available.items() if amount is not None}
    assert min(known.values()) >= 0.0
    moved_to_unknown = sum(
        workflow.transfers[key].amount for key in workflow.transfers
        if workflow.log.status("budget_action", key) == "executed" and workflow.transfers[key].to_channel_id == "Z"
    )  # fmt: skip
    assert sum(known.values()) + moved_to_unknown == pytest.approx(
        1300.0
    )  # plus the money of the channel with an unknown balance
    assert prove(workflow.log.events, MarketingPolicy()).is_compliant


def _proposed():
    workflow = BudgetWorkflow(MarketingLog(), dict(AVAILABLE))
    workflow.propose(Transfer("T", C, "A", "B", 600.0), at=START, by="orchestrator", actor="journeylab")
    return workflow


def test_from_the_policys_threshold_a_person_approves_before_the_money_moves():
    workflow = _proposed()
    with pytest.raises(InputError, match="a person must approve amounts"):
        workflow.approve("T", at=START, by="orchestrator")
    with pytest.raises(IllegalMoveError, match="legal from there: approve, reject"):
        workflow.execute("T", at=START, by="orchestrator")
    assert workflow.available == AVAILABLE
    workflow.approve("T", at=START, by="human", actor="Q")
    workflow.execute("T", at=START, by="orchestrator")
    assert (workflow.available[C, "A"], workflow.available[C, "B"]) == (400.0, 600.0)
    workflow.roll_back("T", at=START, by="human", actor="Q")
    assert workflow.available == AVAILABLE


def test_the_rules_are_checked_again_at_each_step():
    workflow = _proposed()
    workflow.available[C, "A"] = 500.0
    with pytest.raises(InputError, match=r"A has 500\.00 to give, not 600\.00"):
        workflow.approve("T", at=START, by="human", actor="Q")
    workflow.available[C, "A"] = 600.0
    workflow.approve("T", at=START, by="human", actor="Q")
    workflow.get_serious_risks = lambda: {(C, "B"): ("RSK_9",)}
    with pytest.raises(InputError, match="unsettled serious risk: RSK_9"):
        workflow.execute("T", at=START, by="orchestrator")


def test_spent_money_cannot_be_moved_back_and_unproposed_transfers_cannot_be_executed():
    workflow = _proposed()
    workflow.approve("T", at=START, by="human", actor="Q")
    workflow.execute("T", at=START, by="orchestrator")
    workflow.available[C, "B"] = 10.0
    with pytest.raises(InputError, match=r"B has 10\.00 left; 600\.00 cannot be moved back"):
        workflow.roll_back("T", at=START, by="human", actor="Q")
    with pytest.raises(InputError, match="was not proposed in this workflow"):
        workflow.execute("T2", at=START, by="orchestrator")
