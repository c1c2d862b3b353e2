"""Approval compliance: proved from the log, or each violation is named."""

from datetime import datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.marketing.budget.governance import prove, report_governance
from journey.marketing.core.policy import MarketingPolicy
from journey.marketing.records.model import LogEvent
from journey.marketing.views.context import build_context
from tests.journey.marketing.companies import records, rows

START = datetime(2026, 3, 18, 9)
POLICY = MarketingPolicy()


def _log(*steps):
    """Events of one budget action: status, actor, and optionally minutes and amount."""
    events = []
    for index, (status, actor, *rest) in enumerate(steps):
        minutes, amount = [*rest, index, 1000.0][:2] if len(rest) < 2 else rest
        if len(rest) == 1:
            amount = 1000.0
        events.append(
            LogEvent(
                event_id=f"LOG_{index + 1:06d}",
                timestamp=START + timedelta(minutes=minutes),
                entity="budget_action",
                entity_id="BUD_0003",
                campaign_id="CAMP_003",
                from_status=events[-1].to_status if events else None,
                to_status=status,
                actor_kind="orchestrator" if actor is None else "human",
                actor_id=actor,
                amount=amount,
            )
        )
    return events


def _violations(*steps):
    return [violation.code for violation in prove(_log(*steps), POLICY).violations]


def test_a_proposed_approved_and_executed_action_is_compliant():
    proof = prove(_log(("proposed", None), ("approved", "A"), ("executed", None)), POLICY)
    assert (proof.is_compliant, proof.executed, proof.amount) == (True, ("BUD_0003",), 1000.0)


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ([("proposed", None), ("executed", None)], "not_approved"),
        ([("approved", "A"), ("executed", None)], "not_proposed"),
        ([("proposed", None), ("approved", "A", 9), ("executed", None, 5)], "approved_later"),
        ([("proposed", None), ("approved", None), ("executed", None)], "no_person"),
        ([("proposed", "A"), ("approved", "A"), ("executed", None)], "own_approval"),
        ([("proposed", None, 0, 600.0), ("approved", "A", 1, 600.0), ("executed", None, 2, 6000.0)], "other_amount"),
        ([("proposed", None), ("approved", "A"), ("executed", None), ("rolled_back", "A"), ("executed", None)],
         "not_approved"),
    ],
)  # fmt: skip
def test_each_violation_is_named(steps, code):
    assert _violations(*steps) == [code]


def test_small_amounts_need_no_person_and_unstated_amounts_need_one():
    small = [("proposed", None, 0, 499.99), ("approved", None, 1, 499.99), ("executed", None, 2, 499.99)]
    assert _violations(*small) == []
    unstated = [(status, actor, minutes, None) for status, actor, minutes, _ in small]
    assert _violations(*unstated) == ["no_person"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["proposed", "approved", "rejected", "executed", "rolled_back"]),
            st.sampled_from([None, "A", "B"]),
        ),
        max_size=7,
    )
)
def test_an_execution_that_does_not_follow_a_persons_approval_is_never_compliant(steps):
    proof = prove(_log(*steps), POLICY)
    executions = [index for index, (status, _) in zip(count(), steps, strict=False) if status == "executed"]
    assert len(proof.executed) == len(executions)
    for index in executions:
        if index == 0 or steps[index - 1][0] != "approved" or steps[index - 1][1] is None:
            assert not proof.is_compliant


def test_executed_actions_without_a_log_are_not_provable_and_their_fields_are_quoted():
    found = report_governance(build_context(records(rows())))
    assert found["verdict"] == "not_provable"
    assert [each["budget_action_id"] for each in found["not_in_log"]] == [
        "BUD_0001", "BUD_0002", "BUD_0004", "BUD_0005", "BUD_0006",
    ]  # fmt: skip
    assert "HUMAN_01 approved it 55 minutes after the proposal" in found["not_in_log"][0]["message"]


@pytest.mark.medium
def test_a_log_of_every_executed_action_proves_compliance_or_a_violation():
    tables = rows()
    tables["budget_actions"] = [tables["budget_actions"][2] | {"status": "executed"}]
    good = _log(("proposed", None), ("approved", "A"), ("executed", None))
    tables["marketing_log"] = [event.model_dump() for event in good]
    assert report_governance(build_context(records(tables)))["verdict"] == "proved"
    tables["marketing_log"] = [event.model_dump() for event in (good[0], good[2])]
    found = report_governance(build_context(records(tables)))
    assert found["verdict"] == "violated"
    assert "BUD_0003 was executed on 2026-03-18T09:02:00 without a valid approval." in found["message"]
