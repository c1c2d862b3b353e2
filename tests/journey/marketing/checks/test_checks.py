"""Each check finds its defect: one change to the bundled records, and the finding that it must cause."""

from datetime import date

import pytest

from journey.marketing.checks import CHECKS, check
from journey.marketing.core.policy import BudgetPolicy, MarketingPolicy
from tests.journey.marketing.companies import find_codes, records, row, rows


def _set(dataset, key, **change):
    def mutate(tables):
        row(tables, dataset, key).update(change)

    return mutate


def _add(dataset, **fields):
    def mutate(tables):
        tables[dataset].append(tables[dataset][0] | fields)

    return mutate


def _snapshot(index, **change):
    def mutate(tables):
        tables["performance_metrics"][index].update(change)

    return mutate


def _without(dataset, *keys):
    def mutate(tables):
        for key in keys:
            tables[dataset].remove(row(tables, dataset, key))

    return mutate


def _both(*mutations):
    def mutate(tables):
        for each in mutations:
            each(tables)

    return mutate


def _log(*moves, entity="budget_action", entity_id="BUD_0003"):
    """Log events of one entity: (from, to, kind of actor, actor)."""

    def mutate(tables):
        for index, (start, end, kind, actor) in enumerate(moves, start=1):
            tables["marketing_log"].append(
                {"event_id": f"LOG_{index}", "timestamp": f"2026-03-18T1{index}:00:00", "entity": entity,
                 "entity_id": entity_id, "campaign_id": "CAMP_003", "from_status": start, "to_status": end,
                 "actor_kind": kind, "actor_id": actor, "amount": 1000.0}
            )  # fmt: skip

    return mutate


CASES = [
    ("unknown-reference", "ASSET_004", _set("creative_assets", "ASSET_004", segment_id="SEG_009")),
    ("unknown-reference", "EXP_002", _set("experiments", "EXP_002", variant_asset="ASSET_099")),
    ("unknown-reference", "FNL_0001", _set("funnel_events", "FNL_0001", channel_id="CH_09")),
    ("unknown-reference", "BUD_0001", _set("budget_actions", "BUD_0001", to_channel_id="CH_09")),
    ("unknown-reference", "RSK_0001", _set("campaign_risk_signals", "RSK_0001", asset_ids=["ASSET_007", "ASSET_099"])),
    ("unknown-reference", "SEGROLL_0001", _set("segment_rollups", "SEGROLL_0001", segment_id="SEG_009")),
    ("unknown-reference", "ATTR_0001", _set("attribution_hints", "ATTR_0001", campaign_id="CAMP_009")),
    ("unknown-reference", "DEC_001", _set("orchestrator_decisions", "DEC_001", campaign_id="CAMP_009")),
    ("unknown-reference", "CAMP_009", _add("roi_ledger", campaign_id="CAMP_009")),
    ("unknown-reference", "CAMP_001", _set("campaigns", "CAMP_001", channel_budgets={"CH_09": 1.0})),
    ("unknown-reference", "ASSET_099@2026-03-09", _snapshot(0, asset_id="ASSET_099")),
    ("similar-id", "CH_01", _set("funnel_events", "FNL_0002", channel_id="ch_01")),
    ("foreign-asset", "EXP_001", _set("experiments", "EXP_001", variant_asset="ASSET_007")),
    ("foreign-asset", "RSK_0004", _set("campaign_risk_signals", "RSK_0004", experiment_id="EXP_001")),
    ("asset-outside-experiment", "RSK_0004", _set("campaign_risk_signals", "RSK_0004", asset_ids=["ASSET_007"])),
    ("not-two-assets", "EXP_001", _set("experiments", "EXP_001", variant_asset="ASSET_001")),
    ("not-two-assets", "EXP_001", _set("experiments", "EXP_001", variant_asset=None)),
    ("channel-not-in-campaign", "ATTR_0001", _set("attribution_hints", "ATTR_0001", channel_id="CH_04")),
    ("segment-not-in-campaign", "FNL_0001", _set("funnel_events", "FNL_0001", segment_id="SEG_004")),
    ("unknown-id-in-text", "DEC_001", _set("orchestrator_decisions", "DEC_001", action_taken="Kept ASSET_044")),
    ("campaign-without-experiment", "CAMP_003", _without("experiments", "EXP_005")),
    ("unused", "CH_05", _add("channels", channel_id="CH_05")),
    ("ends-before-start", "CAMP_001", _set("campaigns", "CAMP_001", end_date="2026-03-01")),
    ("ends-before-start", "SEGROLL_0001", _set("segment_rollups", "SEGROLL_0001", window_start="2026-03-17")),
    ("outside-campaign", "EXP_001", _set("experiments", "EXP_001", start_date="2026-03-01")),
    ("outside-campaign", "FNL_0009", _set("campaigns", "CAMP_003", end_date="2026-03-15")),
    ("measured-too-early", "ASSET_001@2026-03-09", _set("experiments", "EXP_001", start_date="2026-03-10")),
    ("measured-too-early", "ASSET_001@2026-03-09", _set("creative_assets", "ASSET_001", created_at="2026-03-10")),
    ("last-snapshot-before-end", "EXP_002", _set("experiments", "EXP_002", end_date="2026-03-18")),
    ("running-in-paused-campaign", "EXP_005", _set("experiments", "EXP_005", status="running")),
    ("date-disagrees", "FNL_0001", _set("funnel_events", "FNL_0001", date="2026-03-15")),
    ("not-nested", "ASSET_001@2026-03-09", _snapshot(0, clicks=9000)),
    ("not-nested", "SEGROLL_0001", _set("segment_rollups", "SEGROLL_0001", conversions=1041)),
    ("stored-rate-differs", "ASSET_001@2026-03-09", _snapshot(0, conversion_rate=0.05)),
    ("snapshot-decreased", "ASSET_001@2026-03-16", _snapshot(1, impressions=7000, conversion_rate=None)),
    ("conflicting-snapshots", "ASSET_001@2026-03-09", _add("performance_metrics", conversions=9)),
    ("cost-differs-from-model", "ASSET_001@2026-03-16", _snapshot(1, cost=402.0)),
    ("unknown-cost-model", "CH_01", _set("channels", "CH_01", cost_model="per_smile")),
    ("unapproved-asset-shown", "ASSET_001", _set("creative_assets", "ASSET_001", approved_by_human=False)),
    ("unknown-metric", "EXP_001", _set("experiments", "EXP_001", metric="vibes")),
    ("unknown-metric", "EXP_001", _set("experiments", "EXP_001", metric=None)),
    ("not-measured", "EXP_001", _set("experiments", "EXP_001", control_asset="ASSET_003")),
    ("different-audiences", "EXP_001", _set("creative_assets", "ASSET_002", segment_id="SEG_004")),
    ("sample-ratio", "EXP_001", _set("experiments", "EXP_001", variant_share=0.4)),
    ("changed-while-running", "DEC_001", _set("orchestrator_decisions", "DEC_001", action_taken="Paused ASSET_001")),
    ("path-not-declared", "CAMP_001", _set("campaigns", "CAMP_001", path=[])),
    ("path-impossible", "CAMP_001", _set("campaigns", "CAMP_001", path=["signup", "visit"])),
    ("path-impossible", "CAMP_001", _set("campaigns", "CAMP_001", path=["visit", "checkout"])),
    ("path-impossible", "CAMP_001", _set("campaigns", "CAMP_001", path=["visit"])),
    ("step-outside-path", "FNL_0002", _set("campaigns", "CAMP_001", path=["visit", "purchase"])),
    ("step-not-recorded", None, _without("funnel_events", "FNL_0002")),
    ("duplicate-count", "FNL_0002", _add("funnel_events", event_id="FNL_0099", stage="signup", source="ads_platform")),
    ("counts-added", "FNL_0002", _add("funnel_events", event_id="FNL_0099", stage="signup", source="crm")),
    ("more-than-the-step-before", "FNL_0002", _set("funnel_events", "FNL_0002", count=1201)),
    ("count-not-trusted", "FNL_0002", _set("funnel_events", "FNL_0002", confidence=0.5)),
    ("moves-nothing", "BUD_0001", _set("budget_actions", "BUD_0001", amount=0)),
    ("executed-unapproved", "BUD_0001", _set("budget_actions", "BUD_0001", approved_by_human=False, approver_id=None)),
    ("executed-unapproved", "BUD_0001", _set("budget_actions", "BUD_0001", approved_by_human=None, approver_id=None)),
    ("approval-contradicts", "BUD_0001", _set("budget_actions", "BUD_0001", approver_id=None)),
    ("approval-contradicts", "BUD_0003", _set("budget_actions", "BUD_0003", approver_id="HUMAN_09")),
    ("approval-contradicts", "BUD_0003", _set("budget_actions", "BUD_0003", status="approved")),
    ("gives-what-it-has-not", "BUD_0001", _set("budget_actions", "BUD_0001", amount=4000.0)),
    ("balance-unknown", "BUD_0005", _set("campaigns", "CAMP_001", channel_budgets={"CH_01": 6000})),
    ("negative-balance", "CAMP_001", _set("campaigns", "CAMP_001", channel_budgets={"CH_01": 6000, "CH_02": 1000})),
    ("foreign-currency", "BUD_0001", _set("budget_actions", "BUD_0001", currency="EUR")),
    ("budget-overspent", "CAMP_001", _set("campaigns", "CAMP_001", budget=1000)),
    ("impossible-history", "LOG_2", _log((None, "proposed", "human", "A"), ("proposed", "executed", "human", "B"))),
    ("impossible-history", "LOG_1", _log((None, "approved", "human", "A"))),
    ("impossible-history", "LOG_2", _log((None, "proposed", "human", "A"), ("approved", "executed", "human", "B"))),
    ("impossible-history", "LOG_2", _log((None, "open", "orchestrator", None), ("open", "mitigated", "human", "B"),
                                         entity="risk_signal", entity_id="RSK_0003")),
    ("status-differs-from-log", "BUD_0004",
     _log((None, "proposed", "human", "A"), ("proposed", "rejected", "human", "B"), entity_id="BUD_0004")),
    ("status-differs-from-log", "RSK_0001",
     _log((None, "open", "orchestrator", None), ("open", "in_review", "human", "B"),
          entity="risk_signal", entity_id="RSK_0001")),
    ("record-behind-log", "BUD_0003",
     _log((None, "proposed", "human", "A"), ("proposed", "rejected", "human", "B"))),
    ("log-of-unknown", "LOG_1", _log((None, "proposed", "human", "A"), entity_id="BUD_0099")),
    ("proposer-is-approver", "BUD_0003",
     _log((None, "proposed", "human", "A"), ("proposed", "approved", "human", "A"))),
    ("approved-by-no-person", "LOG_2",
     _log((None, "proposed", "human", "A"), ("proposed", "approved", "orchestrator", None))),
    ("rollup-outside-window", "SEGROLL_0001",
     _set("segment_rollups", "SEGROLL_0001", window_start="2026-03-17", window_end="2026-03-19")),
    ("rollup-differs", "SEGROLL_0001", _set("segment_rollups", "SEGROLL_0001", clicks=1041)),
    ("rollup-of-other-kpi", "SEGROLL_0001", _set("segment_rollups", "SEGROLL_0001", primary_kpi="click_through_rate")),
    ("duplicate-rollup", "SEGROLL_0001", _add("segment_rollups", rollup_id="SEGROLL_0099")),
    ("unknown-method", "ATTR_0001", _set("attribution_hints", "ATTR_0001", method="hunch")),
    ("credits-too-many", None, _set("attribution_hints", "ATTR_0001", attributed_conversions=900)),
    ("path-without-channel", ">@2026-03-16", _add("conversion_paths", path=">")),
    ("path-of-unknown-channel", "CH_09 > CH_01@2026-03-16", _add("conversion_paths", path="CH_09 > CH_01")),
    ("value-without-conversion", "CH_03@2026-03-16",
     _add("conversion_paths", path="CH_03", conversions=0, value=40.0)),
    ("paths-exceed-performance", None, _add("conversion_paths", conversions=900)),
    ("roi-does-not-add-up", "CAMP_001", _set("roi_ledger", "CAMP_001", net_roi=1.0)),
    ("spend-differs", "CAMP_001", _set("roi_ledger", "CAMP_001", media_spend=1260.0)),
    ("value-differs", "CAMP_001", _set("roi_ledger", "CAMP_001", estimated_value=1.0)),
    ("campaign-without-ledger", "CAMP_003", _without("roi_ledger", "CAMP_003")),
]  # fmt: skip

IN_THE_BUNDLED_RECORDS = find_codes(rows())


@pytest.mark.medium
@pytest.mark.parametrize(("code", "record", "mutate"), CASES, ids=[f"{code}-{record}" for code, record, _ in CASES])
def test_a_change_causes_its_finding_and_the_unchanged_records_do_not(code, record, mutate):
    assert (code, record) not in IN_THE_BUNDLED_RECORDS
    tables = rows()
    mutate(tables)
    (rule,) = (each for each in CHECKS if each.code == code)
    assert (code, record) in find_codes(tables, checks=[rule])


def test_every_check_has_a_case_or_a_finding_in_the_bundled_records():
    covered = {code for code, _, _ in CASES} | {code for code, _ in IN_THE_BUNDLED_RECORDS}
    assert {rule.code for rule in CHECKS} - covered == {"dated-later"}


def test_every_check_has_a_description_and_a_unique_code():
    assert all(rule.description.endswith((".", ")")) for rule in CHECKS)
    assert len({rule.code for rule in CHECKS}) == len(CHECKS)


@pytest.mark.slow
def test_a_small_transfer_needs_no_approval():
    tables = rows()
    row(tables, "budget_actions", "BUD_0004").update(approved_by_human=False, approver_id=None)
    assert ("executed-unapproved", "BUD_0004") in find_codes(tables)
    generous = MarketingPolicy(budget=BudgetPolicy(approval_from=600.0))
    assert ("executed-unapproved", "BUD_0004") not in find_codes(tables, policy=generous)


@pytest.mark.medium
def test_transfers_out_of_a_channel_with_an_open_risk_and_into_one_with_a_closed_risk_are_allowed():
    tables = rows()
    assert ("into-open-risk", "BUD_0001") not in find_codes(tables)
    row(tables, "campaign_risk_signals", "RSK_0001")["status"] = "mitigated"
    assert ("into-open-risk", "BUD_0004") not in find_codes(tables)


@pytest.mark.medium
def test_an_unknown_balance_is_not_treated_as_zero():
    tables = rows()
    row(tables, "campaigns", "CAMP_001")["channel_budgets"] = {}
    found = find_codes(tables)
    assert ("balance-unknown", "BUD_0005") in found
    assert ("gives-what-it-has-not", "BUD_0005") not in found


def test_records_dated_after_as_of_are_not_used():
    early = check(records(rows()), as_of=date(2026, 3, 15)).findings
    later = [finding for finding in early if finding.code == "dated-later"]
    assert {"BUD_0001", "BUD_0002", "RSK_0002", "SEGROLL_0001", "FNL_0009"} <= {finding.record for finding in later}
    assert not [f for f in early if f.dataset == "budget_actions" and f.code != "dated-later"]


@pytest.mark.medium
def test_a_complete_log_removes_the_notice_of_an_unknown_review():
    tables = rows()
    _log(
        (None, "open", "orchestrator", None),
        ("open", "in_review", "human", "A"),
        ("in_review", "mitigated", "human", "A"),
        entity="risk_signal",
        entity_id="RSK_0003",
    )(tables)
    assert find_codes(tables) == IN_THE_BUNDLED_RECORDS - {("review-unknown", "RSK_0003")}


@pytest.mark.medium
def test_findings_have_the_amount_at_stake():
    amounts = {(f.code, f.record): f.amount for f in check(records(rows())).findings}
    assert amounts["into-open-risk", "BUD_0004"] == 500.0
    assert amounts["transfer-to-itself", "BUD_0002"] == 2000.0
    assert amounts["risk-not-reviewed", "RSK_0001"] is None


def test_empty_records_only_cause_findings_of_missing_sets():
    codes = {finding.code for finding in check(records({})).findings}
    assert codes == {"missing-set"}
