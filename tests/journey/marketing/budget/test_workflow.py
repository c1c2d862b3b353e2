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
def test_whatever_is_tried_balances_stay_whole_and_the_log_proves_every_approval(tries):
    risky = dict(RISKY)
    desk = BudgetWorkflow(MarketingLog(), dict(AVAILABLE), lambda: risky)
    moved_into_risk = []
    for place, (what, subject, by, actor) in enumerate(tries):
        at = START + timedelta(minutes=place)
        try:
            if what == "risk":
                risky.update({(C, subject): ("RSK",)}) if by else risky.pop((C, subject), None)
            elif what == "propose":
                desk.propose(subject, at=at, by=by, actor=actor)
            else:
                getattr(desk, what)(subject, at=at, by=by, actor=actor)
                if what == "execute":
                    moved_into_risk.append(desk.transfers[subject].taker in risky)
        except (InputError, IllegalMoveError):
            continue
    assert not any(moved_into_risk)
    known = {key: has for key, has in desk.available.items() if has is not None}
    assert min(known.values()) >= 0.0
    out = sum(
        desk.transfers[key].amount for key in desk.transfers
        if desk.log.status("budget_action", key) == "executed" and desk.transfers[key].to_channel_id == "Z"
    )  # fmt: skip
    assert sum(known.values()) + out == pytest.approx(1300.0)  # what went to the unknown channel is still there
    assert prove(desk.log.events, MarketingPolicy()).is_compliant


def _proposed():
    desk = BudgetWorkflow(MarketingLog(), dict(AVAILABLE))
    desk.propose(Transfer("T", C, "A", "B", 600.0), at=START, by="orchestrator", actor="journeylab")
    return desk


def test_from_the_policys_amount_on_a_person_approves_and_then_the_money_moves():
    desk = _proposed()
    with pytest.raises(InputError, match="a person must approve"):
        desk.approve("T", at=START, by="orchestrator")
    with pytest.raises(IllegalMoveError, match="legal from there: approve, reject"):
        desk.execute("T", at=START, by="orchestrator")
    assert desk.available == AVAILABLE
    desk.approve("T", at=START, by="human", actor="Q")
    desk.execute("T", at=START, by="orchestrator")
    assert (desk.available[C, "A"], desk.available[C, "B"]) == (400.0, 600.0)
    desk.roll_back("T", at=START, by="human", actor="Q")
    assert desk.available == AVAILABLE


def test_what_was_allowed_at_proposal_is_asked_again_at_each_step():
    desk = _proposed()
    desk.available[C, "A"] = 500.0
    with pytest.raises(InputError, match=r"A has 500\.00 to give, not 600\.00"):
        desk.approve("T", at=START, by="human", actor="Q")
    desk.available[C, "A"] = 600.0
    desk.approve("T", at=START, by="human", actor="Q")
    desk.risky = lambda: {(C, "B"): ("RSK_9",)}
    with pytest.raises(InputError, match="not settled: RSK_9"):
        desk.execute("T", at=START, by="orchestrator")


def test_money_that_was_spent_cannot_go_back_and_what_was_not_proposed_cannot_move():
    desk = _proposed()
    desk.approve("T", at=START, by="human", actor="Q")
    desk.execute("T", at=START, by="orchestrator")
    desk.available[C, "B"] = 10.0
    with pytest.raises(InputError, match=r"B has 10\.00 left; 600\.00 cannot go back"):
        desk.roll_back("T", at=START, by="human", actor="Q")
    with pytest.raises(InputError, match="was not proposed here"):
        desk.execute("T2", at=START, by="orchestrator")
