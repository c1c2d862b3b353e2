"""The risk inbox: all seven types of computed risks, merged with recorded ones, and reviews of all serious risks."""

import json
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from journey.machine.lifecycles import risk_signal_lifecycle
from journey.marketing.core.policy import MarketingPolicy, RiskPolicy
from journey.marketing.risks.inbox import UNSETTLED, build_risk_inbox, report_risks
from journey.marketing.risks.triggers import SEVERITIES, adjust_severity, detect_risks
from journey.marketing.views.context import build_context
from tests.journey.marketing.companies import records, row, rows
from tests.levels import examples


def _triggers(tables, **options):
    return {(t.campaign_id, t.risk_type, t.scope): t for t in detect_risks(build_context(records(tables), **options))}


def _inbox(tables, **options):
    return {risk.risk_id: risk for risk in build_risk_inbox(build_context(records(tables), **options))}


def _set_last(tables, asset, **values):
    max((each for each in tables["performance_metrics"] if each["asset_id"] == asset),
        key=lambda each: each["timestamp"]).update(values)  # fmt: skip


def test_the_bundled_records_raise_these_risks():
    assert set(_triggers(rows())) == {
        ("CAMP_001", "brand_safety", "ASSET_004_ABSOLUTE_SAVINGS_CLAIM"),
        ("CAMP_001", "data_quality", "records"),
        ("CAMP_002", "data_quality", "records"),
        ("CAMP_002", "high_clicks_zero_conversions", "EXP_004_CH_03"),
        ("CAMP_002", "low_conversion", "SEG_003_CH_03_demo_request"),
        ("CAMP_002", "segment_mismatch", "SEG_001_no_asset"),
        ("CAMP_003", "high_clicks_zero_conversions", "EXP_005_CH_04"),
        ("CAMP_003", "low_conversion", "SEG_005_CH_04_feature_adopt"),
    }


@pytest.mark.medium
def test_a_policy_violation_is_found_by_its_phrase_regardless_of_capitals():
    tables = rows()
    row(tables, "creative_assets", "ASSET_006")["message_theme"] = "Savings GUARANTEED"
    found = _triggers(tables)["CAMP_002", "policy_violation", "ASSET_006_GUARANTEE"]
    assert (found.severity, found.evidence["flagged_phrase"]) == ("high", "GUARANTEED")
    assert ("CAMP_002", "policy_violation", "ASSET_006_GUARANTEE") not in _triggers(rows())


@pytest.mark.medium
def test_a_spend_spike_compares_daily_spend_with_all_days_before():
    """EXP_001 spent 284 by 9 March, 41 a day. A total of 608 by 16 March is 46 a day since then; 2,284 is 286."""
    key = "CAMP_001", "spend_spike", "EXP_001_CH_01"
    tables = rows()
    assert key not in _triggers(tables)
    _set_last(tables, "ASSET_001", cost=1142.0)
    _set_last(tables, "ASSET_002", cost=1142.0)
    found = _triggers(tables)[key]
    # There are 6 22/24 days from 3 March 00:00 to 9 March 22:00.
    assert found.evidence == {"prior_daily_spend": round(284 / (6 + 22 / 24), 2), "current_daily_spend": 285.71}
    assert found.severity == "high"  # medium, one degree higher for a spend of 2,284


@pytest.mark.medium
def test_conversion_is_low_only_with_the_required_confidence():
    key = "CAMP_002", "low_conversion", "EXP_003_CH_02"
    tables = rows()
    for asset in ("ASSET_005", "ASSET_006"):
        _set_last(tables, asset, conversions=2, revenue_proxy=100.0)
    for snapshot in tables["performance_metrics"]:
        if snapshot["asset_id"] in ("ASSET_005", "ASSET_006"):
            snapshot["conversions"] = min(snapshot["conversions"], 2)
    # 4 of 1,135 clicks convert: 0.35 %, at most 0.80 % (one-sided 95 %).
    assert key in _triggers(tables)
    _set_last(tables, "ASSET_005", conversions=8)
    assert key not in _triggers(tables)


@pytest.mark.medium
def test_zero_conversions_of_few_clicks_raise_no_risk():
    tables = rows()
    for asset in ("ASSET_009", "ASSET_010"):
        _set_last(tables, asset, clicks=140)
    # At 1 % per click, the probability of no conversion is 6 % for 280 clicks and 4.9 % for 300.
    assert ("CAMP_003", "high_clicks_zero_conversions", "EXP_005_CH_04") not in _triggers(tables)
    for asset in ("ASSET_009", "ASSET_010"):
        _set_last(tables, asset, clicks=150)
    assert ("CAMP_003", "high_clicks_zero_conversions", "EXP_005_CH_04") in _triggers(tables)


@pytest.mark.medium
def test_a_segment_that_converts_far_worse_on_the_same_channel_is_a_mismatch():
    key = "CAMP_001", "segment_mismatch", "SEG_002_CH_01"
    tables = rows()
    assert key not in _triggers(tables)
    for asset in ("ASSET_003", "ASSET_004"):
        for snapshot in tables["performance_metrics"]:
            if snapshot["asset_id"] == asset:
                snapshot["conversions"] //= 5
    assert key in _triggers(tables)


@given(st.sampled_from(SEVERITIES), st.floats(0, 1e6), st.floats(0, 1e6), st.integers(0, 3))
def test_more_spend_never_lowers_the_severity(base, spend, more, degrees):
    policy = MarketingPolicy()
    places = [SEVERITIES.index(adjust_severity(base, s, policy, degrees)) for s in sorted((spend, more))]
    assert places == sorted(places)


def test_a_recorded_and_computed_risk_is_one_entry_with_the_recorded_key_severity_and_status():
    inbox = _inbox(rows())
    social = inbox["RSK_0001"]
    assert (social.recorded, social.computed, social.severity, social.status) == (True, True, "high", "open")
    in_app = inbox["RSK_0002"]  # recorded as low conversion; the data have zero conversions
    assert (in_app.risk_type, in_app.severity, in_app.computed_severity) == ("low_conversion", "critical", "medium")
    assert not [key for key in inbox if "CH_03" in key or "CH_04" in key]
    assert {each["name"]: each["verdict"] for each in in_app.evidence} == {
        "feature_clicks": "differs",
        "visits": "differs",
    }


@pytest.mark.medium
def test_a_dismissed_risk_stays_dismissed_until_its_severity_rises():
    tables = rows()
    assert _inbox(tables)["RSK_0005"].status == "dismissed"
    assert _inbox(tables)["RSK_0005"].proposed is None
    rules = tuple(rule.model_copy(update={"severity": "high"}) for rule in RiskPolicy().phrases)
    worse = _inbox(tables, policy=MarketingPolicy(risk=RiskPolicy(phrases=rules)))["RSK_0005"]
    assert (worse.status, worse.proposed.moves, worse.proposed.needs_human) == ("dismissed", ("reopen",), True)


def test_a_mitigated_risk_that_later_data_raise_is_a_new_risk():
    tables = rows()
    _set_last(tables, "ASSET_001", cost=1142.0)
    _set_last(tables, "ASSET_002", cost=1142.0)
    inbox = _inbox(tables)
    assert inbox["RSK_0003"].status == "mitigated"
    again = inbox["SEEN_spend_spike_CAMP_001_EXP_001_CH_01_AFTER_RSK_0003"]
    assert (again.status, again.recorded) == ("open", False)
    assert "RSK_0003 was mitigated, but later data raise the same risk." in again.message


@pytest.mark.medium
def test_closing_is_proposed_for_a_risk_that_the_data_no_longer_raise():
    risk = _inbox(rows(), as_of=datetime(2026, 3, 25, 12))["RSK_0004"]
    assert (risk.status, risk.proposed.moves) == ("in_review", ("dismiss",))
    assert "the data do not raise it 7 days after it was signalled" in risk.message
    assert _inbox(rows(), as_of=datetime(2026, 3, 24, 12))["RSK_0004"].proposed is None


def test_a_risk_becomes_overdue_with_age():
    inbox = _inbox(rows())
    assert (inbox["RSK_0001"].age_days, inbox["RSK_0001"].overdue) == (4, True)  # high: 2 days
    assert (inbox["RSK_0004"].age_days, inbox["RSK_0004"].overdue) == (1, False)  # medium: 7 days
    assert not inbox["RSK_0003"].overdue  # mitigated


@pytest.mark.medium
def test_a_high_exposure_requires_a_review_of_a_medium_risk():
    """RSK_0006 is medium by the data, with a spend of 2,130.00: 0.3 x 1 x 2,130 = 639."""
    risk = _inbox(rows())["RSK_0006"]
    assert risk.exposure == pytest.approx(639.0)
    assert (risk.requires_human_review, risk.bars_spend) == (True, False)
    calm = MarketingPolicy(risk=RiskPolicy(escalate_from=640.0))
    assert not _inbox(rows(), policy=calm)["RSK_0006"].requires_human_review


@pytest.mark.slow
@settings(max_examples=examples(20, otherwise=5))  # each example reads all tables
@given(
    st.lists(
        st.tuples(st.sampled_from(SEVERITIES), st.sampled_from(["open", "in_review", "mitigated", "dismissed"])),
        min_size=6,
        max_size=6,
    )
)
def test_every_unsettled_high_or_critical_risk_needs_a_review_and_reviews_come_first(states):
    tables = rows()
    for risk, (severity, status) in zip(tables["campaign_risk_signals"], states, strict=True):
        risk |= {"severity": severity, "status": status}
    inbox = build_risk_inbox(build_context(records(tables)))
    assert {risk["risk_id"] for risk in tables["campaign_risk_signals"]} <= {each.risk_id for each in inbox}
    assert [each.requires_human_review for each in inbox] == sorted(
        (e.requires_human_review for e in inbox), reverse=True
    )
    machine = risk_signal_lifecycle()
    for each in inbox:
        serious = {each.severity, each.computed_severity} & {"high", "critical"}
        if each.status in UNSETTLED and serious:
            assert each.requires_human_review
            assert each.bars_spend
        if each.proposed is not None:
            status = each.status
            for move in each.proposed.moves:
                status = machine.move(status, move)


def test_the_inbox_is_json_with_the_keys_of_the_contract():
    found = json.loads(json.dumps(report_risks(build_context(records(rows())))))
    required = "risk_id campaign_id risk_type severity status recommended_action computed message"
    assert set(required.split()) <= set(found[0])
    assert len({each["risk_id"] for each in found}) == len(found)


def test_a_policy_without_one_of_the_severities_is_refused():
    with pytest.raises(ValidationError, match="review_days lacks critical"):
        RiskPolicy(review_days={"low": 1, "medium": 1, "high": 1})
