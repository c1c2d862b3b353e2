"""Checks of risk signals: reviews of serious risks, and evidence that contradicts the records."""

from journey.core.findings import FindingSeverity
from journey.marketing.views.context import MarketingContext
from journey.marketing.views.registry import rule
from journey.marketing.views.risk_evidence import evidence_query
from journey.records.database import literal


@rule("risk-not-reviewed", FindingSeverity.WARNING)
def risk_not_reviewed(context: MarketingContext) -> str:
    """An open high or critical risk, which a person must review.

    Remedy: review the risk.
    """
    forced = ", ".join(literal(name) for name in context.policy.risk.force_review)
    return f"""
        SELECT 'campaign_risk_signals' AS dataset, label AS record, campaign_id,
            'A ' || severity || ' risk (' || risk_type || ') has been open for '
            || n_days(days_between(timestamp, {context.as_of_sql})) || '; a person must review it.' AS message
        FROM seen_campaign_risk_signals WHERE status = 'open' AND severity IN ({forced})
    """


@rule("review-unknown", FindingSeverity.NOTICE)
def review_unknown(context: MarketingContext) -> str:
    """A mitigated or dismissed risk without a review in the log.

    Remedy: record the review in the log.
    """
    del context
    return """
        SELECT 'campaign_risk_signals' AS dataset, label AS record, campaign_id,
            'It is ' || status || ', but its review is not recorded.' AS message
        FROM seen_campaign_risk_signals WHERE status IN ('mitigated', 'dismissed') AND risk_id NOT IN (
            SELECT entity_id FROM seen_marketing_log WHERE entity = 'risk_signal'
        )
    """


@rule("evidence-differs", FindingSeverity.WARNING)
def evidence_differs(context: MarketingContext) -> str:
    """Evidence that contradicts the records it quotes.

    Remedy: correct the evidence, or the records that it quotes.
    """
    return f"""
        WITH evidence AS ({evidence_query(context.policy)})
        SELECT 'campaign_risk_signals' AS dataset, risk_id AS record, campaign_id,
            name || ' is quoted as ' || quoted || ', but ' || recorded || '.' AS message
        FROM evidence WHERE verdict = 'differs'
    """


@rule("evidence-not-checkable", FindingSeverity.NOTICE)
def evidence_not_checkable(context: MarketingContext) -> str:
    """Evidence that no record covers.

    Remedy: add the records that the evidence quotes.
    """
    return f"""
        WITH evidence AS ({evidence_query(context.policy)})
        SELECT 'campaign_risk_signals' AS dataset, risk_id AS record, campaign_id,
            'No record contains ' || string_agg(name, ', ' ORDER BY name) || ', so '
            || CASE WHEN count(*) = 1 THEN 'it' ELSE 'they' END || ' cannot be checked.' AS message
        FROM evidence WHERE verdict = 'unknown' GROUP BY risk_id, campaign_id
    """
