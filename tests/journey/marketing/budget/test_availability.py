"""What constrains budget transfers, on the bundled campaigns."""

import pytest

from journey.marketing.budget.availability import (
    compute_available,
    compute_available_in_campaigns,
    find_closed_campaigns,
    find_pending_pairs,
    find_serious_risks,
    sum_pending_by_channel,
)
from journey.marketing.checks.runner import build_context
from journey.marketing.views.balances import read_balances
from tests.journey.marketing.companies import records, row, rows


@pytest.fixture
def context():
    return build_context(records(rows()))


def test_pending_actions_are_deducted_for_proposals_only(context):
    """BUD_0003 is proposed: 1,000 of CAMP_003."""
    pending = sum_pending_by_channel(context)
    action = row(rows(), "budget_actions", "BUD_0003")
    source = action["campaign_id"], action["from_channel_id"]
    assert pending == {source: 1000.0}
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
