"""Proposals from records: they have a positive gain, keep every rule and are deterministic."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.marketing.budget.governance import prove
from journey.marketing.budget.overview import report_budget
from journey.marketing.budget.proposals import compute_allocation, report_proposals
from journey.marketing.checks import check
from journey.marketing.core.policy import BudgetPolicy, MarketingPolicy, RiskPolicy
from journey.marketing.views.context import build_context
from tests.journey.marketing.companies import records, row, rows
from tests.levels import examples


def _allocation(tables, **options):
    return compute_allocation(build_context(records(tables), **options))


def _proposed(tables, **options):
    return [(p.from_channel_id, p.to_channel_id) for p in _allocation(tables, **options).proposals]


@pytest.mark.medium
def test_the_bundled_campaigns():
    """CAMP_002: search returns 2.90 per dollar, social 0.18 with an open high risk; half of its 2,572.50 may move."""
    (proposal,) = report_proposals(build_context(records(rows())))
    assert (proposal["campaign_id"], proposal["from_channel_id"], proposal["to_channel_id"], proposal["amount"]) == (
        "CAMP_002", "CH_03", "CH_02", 1280.0,
    )  # fmt: skip
    assert (proposal["reason_code"], proposal["requires_human_approval"]) == ("risk_mitigation", True)
    assert 0.0 < proposal["gain_low"] < proposal["expected_gain"] < proposal["gain_high"]
    assert proposal["status"] == "proposed"


def test_a_proposal_is_added_to_the_log_without_approval():
    found = _allocation(rows())
    assert [(event.to_status, event.amount) for event in found.proposal_events] == [("proposed", 1280.0)]
    assert prove(found.log.events, MarketingPolicy()).executed == ()


@pytest.mark.slow
def test_proposals_are_deterministic_and_one_in_the_log_is_pending_and_not_proposed_again():
    tables = rows()
    first = _allocation(tables)
    assert _allocation(tables).proposals == first.proposals
    tables["marketing_log"] = [event.model_dump() for event in first.proposal_events]
    found = report_budget(build_context(records(tables)))
    assert _proposed(tables) == []
    assert [each["transfer_id"] for each in found["waiting"]] == ["BUD_0003", first.proposals[0].budget_action_id]
    # CAMP_003 is paused.
    assert [[rule["code"] for rule in each["objections"]] for each in found["waiting"]] == [["campaign_closed"], []]


@pytest.mark.medium
def test_nothing_is_proposed_between_two_channels_with_a_pending_action():
    tables = rows()
    pending = row(tables, "budget_actions", "BUD_0003")
    pending |= {"campaign_id": "CAMP_002", "from_channel_id": "CH_03", "to_channel_id": "CH_02", "amount": 200.0}
    assert _proposed(tables) == []
    pending["status"] = "rejected"
    assert _proposed(tables) == [("CH_03", "CH_02")]


@pytest.mark.medium
def test_nothing_is_proposed_in_a_paused_or_ended_campaign():
    tables = rows()
    row(tables, "campaigns", "CAMP_002")["status"] = "paused"
    assert _proposed(tables) == []
    tables = rows()
    row(tables, "campaigns", "CAMP_002")["end_date"] = "2026-03-18"
    found = _allocation(tables)
    assert found.proposals == ()
    assert "the campaign ended on 2026-03-18" in found.decisions["CAMP_002"]


@pytest.mark.medium
def test_untrusted_counts_lead_to_no_proposal():
    tables = rows()
    for event in tables["funnel_events"]:
        event["confidence"] = 0.3
    found = _allocation(tables)
    assert found.proposals == ()
    assert "the trust of its funnel counts is too low" in found.decisions["CAMP_002"]


@pytest.mark.slow
def test_a_high_risk_on_the_better_channel_blocks_the_proposal_until_it_is_settled():
    tables = rows()
    risk = row(tables, "campaign_risk_signals", "RSK_0004")
    for status, expected in (("open", []), ("in_review", []), ("mitigated", [("CH_03", "CH_02")])):
        risk |= {"severity": "high", "status": status}
        assert _proposed(tables) == expected
    risk |= {"severity": "medium", "status": "open"}
    assert _proposed(tables) == [("CH_03", "CH_02")]


def test_without_opening_balances_nothing_is_proposed():
    """Without opening balances, the known money of social is less than what was taken from it."""
    tables = rows()
    del row(tables, "campaigns", "CAMP_002")["channel_budgets"]
    found = _allocation(tables)
    assert found.proposals == ()
    assert "CH_03 has nothing to give" in found.decisions["CAMP_002"]


@pytest.mark.slow
@settings(max_examples=examples(20, otherwise=5))  # each reads a folder's worth of tables
@given(
    openings=st.lists(st.integers(0, 8000), min_size=2, max_size=2),
    conversions=st.integers(0, 600),
    approval_from=st.sampled_from([0.0, 500.0, 2000.0]),
    risk=st.sampled_from(["low", "medium", "high", "critical"]),
    status=st.sampled_from(["open", "in_review", "mitigated", "dismissed"]),
)
def test_every_proposal_keeps_every_rule_for_any_records(openings, conversions, approval_from, risk, status):
    tables = rows()
    row(tables, "campaigns", "CAMP_002")["channel_budgets"] = dict(zip(("CH_02", "CH_03"), openings, strict=True))
    row(tables, "campaign_risk_signals", "RSK_0001").update(severity=risk, status=status)
    for snapshot in tables["performance_metrics"]:
        if snapshot["asset_id"] == "ASSET_007" and snapshot["timestamp"].startswith("2026-03-14"):
            snapshot |= {"conversions": conversions, "revenue_proxy": conversions * 50.0}
    policy = MarketingPolicy(budget=BudgetPolicy(approval_from=approval_from))
    found = _allocation(tables, policy=policy)
    channels = {(each.campaign_id, each.channel_id): each for each in found.channels}
    for each in found.proposals:
        giver = channels[each.campaign_id, each.from_channel_id]
        assert giver.available is not None
        assert 0.0 < each.amount <= giver.available * policy.budget.most_share
        assert each.from_channel_id != each.to_channel_id
        assert channels[each.campaign_id, each.to_channel_id].risks == ()
        assert each.requires_human_approval == (each.amount >= approval_from)
        assert each.expected_gain > 0.0
        assert each.gain_probability >= policy.budget.least_probability
        assert each.status == "proposed"


@pytest.mark.slow
def test_an_executed_proposal_raises_only_the_budget_finding_that_its_reasons_mention():
    tables = rows()
    (made,) = _allocation(tables).proposals
    before = {(f.code, f.record) for f in check(records(tables)).findings}
    tables["budget_actions"].append(
        row(tables, "budget_actions", "BUD_0001")
        | {"budget_action_id": "BUD_0007", "timestamp": "2026-03-19T14:00:00", "from_channel_id": made.from_channel_id,
           "to_channel_id": made.to_channel_id, "amount": made.amount, "reason_code": made.reason_code}
    )  # fmt: skip
    assert {(f.code, f.record) for f in check(records(tables)).findings} - before == {("moved-back", "BUD_0007")}
    assert any("BUD_0004 moved 500.00 in the opposite direction on 2026-03-18." in reason for reason in made.reasons)


@pytest.mark.medium
def test_pending_actions_are_checked_against_the_rules_and_the_report_is_json():
    tables = rows()
    row(tables, "budget_actions", "BUD_0003")["amount"] = 5000.0
    found = json.loads(json.dumps(report_budget(build_context(records(tables)))))
    (pending,) = found["waiting"]
    assert [each["code"] for each in pending["objections"]] == ["campaign_closed", "not_enough"]
    assert "CH_04 has 3000.00 to give, not 5000.00" in pending["message"]
    assert found["governance"]["verdict"] == "not_provable"
    assert {"channels", "decisions", "before_after", "audit"} <= set(found)


@pytest.mark.medium
def test_channels_are_re_evaluated_after_each_proposal_and_none_both_gives_and_receives():
    tables = rows()
    row(tables, "campaigns", "CAMP_002")["channel_budgets"] = {"CH_01": 5000, "CH_02": 6000, "CH_03": 6000}
    row(tables, "creative_assets", "ASSET_005")["channel_id"] = "CH_01"
    for snapshot in tables["performance_metrics"]:
        if snapshot["asset_id"] == "ASSET_005":
            snapshot |= {"conversions": snapshot["conversions"] // 4, "revenue_proxy": snapshot["revenue_proxy"] / 4}
    # The changed rows contradict others, which would raise a risk.
    made = _proposed(tables, policy=MarketingPolicy(risk=RiskPolicy(doubtful=())))
    assert len(made) == 2
    assert not {source for source, _ in made} & {target for _, target in made}


@pytest.mark.medium
@pytest.mark.parametrize(("share", "amount"), [(0.5, 1280.0), (0.1, 250.0)])
def test_one_proposal_takes_at_most_the_policys_share(share, amount):
    (made,) = _allocation(rows(), policy=MarketingPolicy(budget=BudgetPolicy(most_share=share))).proposals
    assert made.amount == amount
    assert made.requires_human_approval == (amount >= 500.0)


def test_a_proposal_names_the_attribution_method_that_would_reverse_it():
    """Performance counts 99 conversions on CH_02 and none on CH_03; by first touch, all 99 come from CH_03."""
    tables = rows()
    tables["conversion_paths"] = []
    (plain,) = report_proposals(build_context(records(tables)))
    assert plain["reversed_by"] == []
    tables["conversion_paths"] = [
        {"path": "CH_03 > CH_02", "campaign_id": "CAMP_002", "conversions": 40, "value": 2000.0,
         "timestamp": "2026-03-16T00:00:00"}
    ]  # fmt: skip
    (found,) = report_proposals(build_context(records(tables)))
    assert (found["amount"], found["expected_gain"]) == (plain["amount"], plain["expected_gain"])
    methods = {(each["basis"], each["method"]): each for each in found["reversed_by"]}
    # By last touch, all are credited to CH_02, as in performance.
    assert ("paths", "first_touch") in methods
    assert ("paths", "last_touch") not in methods
    first = methods["paths", "first_touch"]
    assert (first["giver_conversions"], first["taker_conversions"]) == (99.0, 0.0)
    # 99 conversions at the company's mean value for 427.50 dollars on CH_03, against none for 1,702.50 on CH_02.
    assert first["giver_return"] > first["taker_return"]
    assert first["expected_gain"] <= 0.0
    (reason,) = (each for each in found["reasons"] if "by first touch (paths) would reverse it" in each)
    assert "it credits CH_03 with 99.0 and CH_02 with 0.0" in reason


def test_a_method_that_credits_only_one_of_the_channels_in_hints_is_unknown():
    """The bundled hints credit CH_03 by assist alone, and CH_02 by last touch alone."""
    tables = rows()
    tables["conversion_paths"] = []
    assert report_proposals(build_context(records(tables)))[0]["reversed_by"] == []
    row(tables, "attribution_hints", "ATTR_0004").update(method="last_touch", attributed_conversions=50)
    (reversal,) = report_proposals(build_context(records(tables)))[0]["reversed_by"]
    assert (reversal["basis"], reversal["method"]) == ("hints", "last_touch")
    # 50 of the 69 hinted conversions, of the 99 in performance.
    assert reversal["giver_conversions"] == pytest.approx(99 * 50 / 69)
