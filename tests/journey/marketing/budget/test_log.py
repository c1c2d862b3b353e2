"""The marketing log: no transfer is executed before its approval, and the log alone proves it."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.core.errors import InputError
from journey.machine import IllegalMoveError
from journey.marketing.budget.log import LOG_DATASET, MarketingLog, read_log_events
from journey.marketing.checks import check
from journey.marketing.core.policy import BudgetPolicy, MarketingPolicy
from journey.marketing.records.folders import read_folders
from journey.marketing.views.context import build_context
from tests.journey.marketing.companies import find_codes, rows

START = datetime(2026, 3, 18, 9)


def _proposed(amount=1000.0, by="orchestrator", actor=None):
    log = MarketingLog()
    log.enter("budget_action", "BUD_0003", at=START, by=by, actor=actor, campaign_id="CAMP_003", amount=amount)
    return log


def test_money_moves_only_after_a_person_approved_it():
    log = _proposed()
    with pytest.raises(IllegalMoveError, match="legal from there: approve, reject"):
        log.move("budget_action", "BUD_0003", "execute", at=START, by="orchestrator")
    with pytest.raises(InputError, match=r"a person must approve amounts from 500\.00"):
        log.move("budget_action", "BUD_0003", "approve", at=START, by="orchestrator")
    with pytest.raises(InputError, match="the person who approves it is not named"):
        log.move("budget_action", "BUD_0003", "approve", at=START, by="human")
    log.move("budget_action", "BUD_0003", "approve", at=START, by="human", actor="HUMAN_01")
    log.move("budget_action", "BUD_0003", "execute", at=START, by="orchestrator")
    assert log.status("budget_action", "BUD_0003") == "executed"
    assert [event.to_status for event in log.events] == ["proposed", "approved", "executed"]


def test_proposers_cannot_approve_their_own_proposals():
    log = _proposed(by="human", actor="HUMAN_01")
    with pytest.raises(InputError, match="HUMAN_01 proposed it; another person must approve it"):
        log.move("budget_action", "BUD_0003", "approve", at=START, by="human", actor="HUMAN_01")
    log.move("budget_action", "BUD_0003", "approve", at=START, by="human", actor="HUMAN_02")
    assert log.status("budget_action", "BUD_0003") == "approved"


def test_small_amounts_need_no_approval_by_a_person():
    log = _proposed(amount=499.99)
    log.move("budget_action", "BUD_0003", "approve", at=START, by="orchestrator")
    strict = MarketingLog(log.events[:1], MarketingPolicy(budget=BudgetPolicy(approval_from=0.0)))
    with pytest.raises(InputError, match="a person must approve amounts"):
        strict.move("budget_action", "BUD_0003", "approve", at=START, by="orchestrator")


def test_a_risk_is_reviewed_before_it_is_mitigated():
    log = MarketingLog()
    log.enter("risk_signal", "RSK_0001", at=START, by="orchestrator")
    with pytest.raises(IllegalMoveError, match="legal from there: review"):
        log.move("risk_signal", "RSK_0001", "mitigate", at=START, by="human", actor="A")
    log.move("risk_signal", "RSK_0001", "review", at=START, by="human", actor="A")
    log.move("risk_signal", "RSK_0001", "dismiss", at=START, by="human", actor="A")
    log.move("risk_signal", "RSK_0001", "reopen", at=START, by="orchestrator")
    assert log.status("risk_signal", "RSK_0001") == "open"


def test_invalid_events_are_refused():
    log = _proposed()
    with pytest.raises(InputError, match="is already in the log"):
        log.enter("budget_action", "BUD_0003", at=START, by="orchestrator", amount=1.0)
    with pytest.raises(InputError, match="is not in the log; enter it first"):
        log.move("budget_action", "BUD_0009", "approve", at=START, by="human", actor="A")
    with pytest.raises(InputError, match="is before that"):
        log.move("budget_action", "BUD_0003", "reject", at=START - timedelta(seconds=1), by="human", actor="A")
    with pytest.raises(InputError, match="give `amount`"):
        log.enter("budget_action", "BUD_0009", at=START, by="orchestrator")
    with pytest.raises(InputError, match="give `actor`"):
        log.enter("budget_action", "BUD_0009", at=START, by="human", amount=1.0)
    assert log.status("budget_action", "BUD_0009") is None
    assert len(log.events) == 1


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["approve", "reject", "execute", "roll_back"]),
            st.sampled_from(["human", "orchestrator"]),
            st.sampled_from([None, "A", "B"]),
        ),
        max_size=12,
    ),
    st.sampled_from([100.0, 499.99, 500.0, 5000.0]),
    st.sampled_from([("human", "A"), ("orchestrator", None)]),
)
def test_no_sequence_of_moves_executes_a_transfer_without_approval(tries, amount, proposer):
    log = _proposed(amount, *proposer)
    for move, by, actor in tries:
        try:
            log.move("budget_action", "BUD_0003", move, at=START, by=by, actor=actor)
        except (InputError, IllegalMoveError):
            continue
    order = [event.to_status for event in log.events]
    if "executed" in order:
        (approval,) = (event for event in log.events if event.to_status == "approved")
        assert order.index("approved") < order.index("executed")
        assert approval.actor_kind == "human" or amount < 500.0
        assert approval.actor_id != "A" or proposer != ("human", "A")


@pytest.mark.slow
def test_a_written_log_is_read_as_records_without_findings(tmp_path):
    log = _proposed()
    log.write(tmp_path / f"{LOG_DATASET}.jsonl")
    read = read_folders([tmp_path])
    assert read.objects(LOG_DATASET) == log.events
    assert tuple(read_log_events(build_context(read))) == log.events
    assert not {f.code for f in check(read).findings} - {"missing-set", "log-of-unknown"}
    with_log = rows() | {LOG_DATASET: [event.model_dump() for event in log.events]}
    assert find_codes(with_log) == find_codes(rows())


def test_event_numbers_continue_from_an_existing_log():
    log = MarketingLog(_proposed().events)
    log.move("budget_action", "BUD_0003", "reject", at=START, by="human", actor="A")
    assert [event.event_id for event in log.events] == ["LOG_000001", "LOG_000002"]
