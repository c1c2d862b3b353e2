"""Checks of risk signals: was a serious one looked at, and does its evidence agree with the records it quotes?"""

from journey.core.findings import FindingSeverity
from journey.marketing.views.context import MarketingContext
from journey.marketing.views.registry import rule
from journey.marketing.views.risk_evidence import evidence_query
from journey.records.database import literal


@rule("risk-not-reviewed", FindingSeverity.WARNING)
def risk_not_reviewed(context: MarketingContext) -> str:
    """A high or critical risk that is open: a person must review it."""
    forced = ", ".join(literal(name) for name in context.policy.risk.force_review)
    return f"""
        SELECT 'campaign_risk_signals' AS dataset, label AS record, campaign_id,
            'A ' || severity || ' risk (' || risk_type || ') is open since '
            || n_days(days_between(timestamp, {context.as_of_sql})) || '; a person must review it.' AS message
        FROM seen_campaign_risk_signals WHERE status = 'open' AND severity IN ({forced})
    """


@rule("review-unknown", FindingSeverity.NOTICE)
def review_unknown(context: MarketingContext) -> str:
    """A risk that was mitigated or dismissed, of which no log says that anyone reviewed it."""
    del context
    return """
        SELECT 'campaign_risk_signals' AS dataset, label AS record, campaign_id,
            'It is ' || status || '; whether anyone reviewed it before is not recorded.' AS message
        FROM seen_campaign_risk_signals WHERE status IN ('mitigated', 'dismissed') AND risk_id NOT IN (
            SELECT entity_id FROM seen_marketing_log WHERE entity = 'risk_signal'
        )
    """


@rule("evidence-differs", FindingSeverity.WARNING)
def evidence_differs(context: MarketingContext) -> str:
    """Evidence that the records it quotes contradict."""
    return f"""
        WITH evidence AS ({evidence_query(context.policy)})
        SELECT 'campaign_risk_signals' AS dataset, risk_id AS record, campaign_id,
            name || ' is quoted as ' || quoted || ', but ' || recorded || '.' AS message
        FROM evidence WHERE verdict = 'differs'
    """


@rule("evidence-not-checkable", FindingSeverity.NOTICE)
def evidence_not_checkable(context: MarketingContext) -> str:
    """Evidence about which the records hold nothing."""
    return f"""
        WITH evidence AS ({evidence_query(context.policy)})
        SELECT 'campaign_risk_signals' AS dataset, risk_id AS record, campaign_id,
            'No record holds ' || string_agg(name, ', ' ORDER BY name) || ', so '
            || CASE WHEN count(*) = 1 THEN 'it' ELSE 'they' END || ' cannot be checked.' AS message
        FROM evidence WHERE verdict = 'unknown' GROUP BY risk_id, campaign_id
    """
