"""What constrains budget transfers, on the bundled campaigns."""

import pytest

from journey.marketing.budget.availability import (
    compute_available,
    compute_available_in_campaigns,
    describe_available,
    find_closed_campaigns,
    find_pending_pairs,
    find_serious_risks,
    read_holds,
)
from journey.marketing.budget.overview import report_budget
from journey.marketing.budget.proposals import compute_allocation
from journey.marketing.budget.rules import Transfer, find_objections
from journey.marketing.checks.runner import build_context
from journey.marketing.views.balances import read_balances
from tests.journey.marketing.companies import records, row, rows


@pytest.fixture
def context():
    return build_context(records(rows()))


def test_pending_actions_are_deducted_for_proposals_only(context):
    """BUD_0003 is proposed: 1,000 of CAMP_003."""
    pending = read_holds(context)
    action = row(rows(), "budget_actions", "BUD_0003")
    source = action["campaign_id"], action["from_channel_id"]
    assert pending == {source: (1000.0, ("BUD_0003",))}
    balance = {(each.campaign_id, each.channel_id): each.balance for each in read_balances(context)}
    with_pending = compute_available(context, deduct_pending=False)
    without = compute_available(context, deduct_pending=True)
    assert {key: amount for key, amount in with_pending.items() if key != source} == {
        key: amount for key, amount in without.items() if key != source
    }
    assert with_pending[source] == (None if balance[source] is None else max(0.0, balance[source]))
    assert without[source] == (None if balance[source] is None else max(0.0, balance[source] - 1000.0))
    target = action["campaign_id"], action["to_channel_id"]
    assert find_pending_pairs(context) == [{source, target}]


def test_only_the_channels_of_a_campaign_are_available_in_it(context):
    every, own = (
        compute(context, deduct_pending=False) for compute in (compute_available, compute_available_in_campaigns)
    )
    assert own.items() <= every.items()
    used = set(context.cursor.execute("SELECT campaign_id, channel_id FROM campaign_channels").fetchall())
    assert set(own) == set(every) & used


@pytest.mark.medium
def test_serious_risks_and_closed_campaigns_have_their_reasons(context):
    assert find_serious_risks(context)["CAMP_002", "CH_03"]
    tables = rows()
    row(tables, "campaigns", "CAMP_001").update(status="active", end_date="2026-03-01")
    row(tables, "campaigns", "CAMP_002")["status"] = "completed"
    closed = find_closed_campaigns(build_context(records(tables)))
    assert closed["CAMP_001"] == "the campaign ended on 2026-03-01"
    assert closed["CAMP_002"] == "the campaign is completed"


def test_what_a_channel_can_give_and_the_refusal_name_the_money_that_other_actions_hold():
    tables = rows()
    held = row(tables, "budget_actions", "BUD_0003") | {
        "budget_action_id": "BUD_0007", "campaign_id": "CAMP_002", "from_channel_id": "CH_03", "to_channel_id": "CH_02",
        "amount": 2000.0,
    }  # fmt: skip
    tables["budget_actions"].append(held)
    context = build_context(records(tables))
    key, note = ("CAMP_002", "CH_03"), "2000.00 more is held by BUD_0007"
    state = next(each for each in compute_allocation(context).channels if (each.campaign_id, each.channel_id) == key)
    # 2,572.50 is its balance.
    assert (state.available, state.available_note) == (572.5, note)
    notes = describe_available(context, deduct_pending=True)
    available = compute_available(context, deduct_pending=True)
    transfer = Transfer("T", "CAMP_002", "CH_03", "CH_02", 600.0)
    (objection,) = find_objections(transfer, available, {}, notes)
    assert objection.message == f"CH_03 has 572.50 to give ({note}), not 600.00."


def test_a_pending_action_in_another_currency_makes_the_available_money_unknown():
    tables = rows()
    row(tables, "budget_actions", "BUD_0003").update(currency="EUR", campaign_id="CAMP_002", from_channel_id="CH_03",
                                                     to_channel_id="CH_02")  # fmt: skip
    context = build_context(records(tables))
    assert compute_available(context, deduct_pending=True)["CAMP_002", "CH_03"] is None
    assert compute_available(context, deduct_pending=False)["CAMP_002", "CH_03"] == 2572.5
    (waiting,) = report_budget(context)["waiting"]
    assert "other_currency" in [each["code"] for each in waiting["objections"]]
    assert (waiting["currency"], waiting["requires_human_approval"]) == ("EUR", True)
