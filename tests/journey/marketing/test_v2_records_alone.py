"""Records of the second seed alone: no campaigns, assets or performance. What is unknown is not 0."""

import pytest

from journey.marketing.evaluation import evaluate_campaigns
from journey.marketing.records.store import MarketingRecords
from journey.marketing.risks.triggers import adjust_severity
from scenarios.reports.campaigns.sections import summary_blocks
from tests.journey.marketing.companies import rows

V2 = ("funnel_events", "budget_actions", "campaign_risk_signals", "segment_rollups", "attribution_hints")


@pytest.fixture(scope="module")
def evaluation():
    tables = rows()
    return evaluate_campaigns(MarketingRecords.from_tables({name: tables[name] for name in V2}))


def test_spend_and_money_at_stake_are_unknown(evaluation):
    risks = evaluation.sections["risks"]
    assert len(risks) > 5
    for risk in risks:
        assert (risk["risk_id"], risk["spend"], risk["exposure"]) == (risk["risk_id"], None, None)
    roi = evaluation.sections["roi"]
    assert (roi["value"], roi["cost"], roi["net"], roi["roi"]) == (None, None, None, None)
    (line,) = (line for line in summary_blocks(evaluation)[1].items if line.startswith("Money:"))
    assert "revenue and cost are unknown" in line
    assert "$0.00" not in line


def test_an_unknown_spend_neither_raises_nor_lowers_a_severity(evaluation):
    policy = evaluation.context.policy
    assert adjust_severity("medium", None, policy) == "medium"
    assert (adjust_severity("medium", 0.0, policy), adjust_severity("medium", 5000.0, policy)) == ("low", "high")
    (drop_off,) = (risk for risk in evaluation.sections["risks"]
                   if risk["risk_id"] == "SEEN_low_conversion_CAMP_002_SEG_003_CH_03_demo_request")  # fmt: skip
    assert drop_off["severity"] == "medium"


def test_recorded_rollups_are_used_and_labelled(evaluation):
    found = {(row["campaign_id"], row["segment_id"]): row for row in evaluation.sections["rollups"]}
    for recorded in rows()["segment_rollups"]:
        row = found[recorded["campaign_id"], recorded["segment_id"]]
        for name in ("impressions", "clicks", "conversions", "spend", "revenue_proxy"):
            assert row[name] == recorded[name]
        assert row["source"] == "recorded rollup"
        assert row["notes"] == ["no performance is recorded: the counts are those of the recorded rollup"]
        assert row["differences"] == []
    # 52 conversions of 9,200 impressions, by the KPI that the rollup names.
    assert found["CAMP_002", "SEG_002"]["kpi_value"] == pytest.approx(52 / 9200)


def test_with_performance_the_rollups_are_computed_from_it():
    evaluation = evaluate_campaigns(MarketingRecords.from_tables(rows()))
    assert {row["source"] for row in evaluation.sections["rollups"]} == {"performance"}
