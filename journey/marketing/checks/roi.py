"""Checks of the ROI ledger: its sums, and its agreement with performance."""

from journey.core.findings import FindingSeverity
from journey.marketing.views.context import MarketingContext
from journey.marketing.views.registry import rule


@rule("roi-does-not-add-up", FindingSeverity.ERROR)
def roi_does_not_add_up(context: MarketingContext) -> str:
    """A net ROI that is not the value minus the three costs.

    Remedy: compute net_roi again: estimated value minus the three costs.
    """
    del context
    return """
        WITH sums AS (
            SELECT *, round(estimated_value - llm_cost - human_review_cost - media_spend, 2) AS expected
            FROM seen_roi_ledger
        )
        SELECT 'roi_ledger' AS dataset, campaign_id AS record, campaign_id, abs(net_roi - expected) AS amount,
            'Its net ROI is ' || dollars(net_roi) || ', but value minus costs is ' || dollars(expected) || '.'
            AS message
        FROM sums WHERE abs(net_roi - expected) >= 0.005
    """


@rule("spend-differs", FindingSeverity.WARNING)
def spend_differs(context: MarketingContext) -> str:
    """Media spend that differs from the spend in performance.

    Remedy: find out which of the two amounts is complete.
    """
    return _comparison_query(context, "media_spend", "cost", "media spend")


@rule("value-differs", FindingSeverity.WARNING)
def value_differs(context: MarketingContext) -> str:
    """An estimated value that differs from the revenue in performance.

    Remedy: find out which of the two amounts is complete.
    """
    return _comparison_query(context, "estimated_value", "revenue_proxy", "value")


def _comparison_query(context: MarketingContext, ledger: str, measure: str, description: str) -> str:
    return f"""
        WITH known AS (SELECT campaign_id, sum({measure}) AS amount FROM totals GROUP BY campaign_id)
        SELECT 'roi_ledger' AS dataset, campaign_id AS record, campaign_id, abs({ledger} - k.amount) AS amount,
            'Its {description} is ' || dollars({ledger}) || ', but performance has ' || dollars(k.amount) || ': '
            || dollars(abs({ledger} - k.amount)) || CASE WHEN {ledger} > k.amount THEN ' more' ELSE ' less' END || '.'
            AS message
        FROM seen_roi_ledger JOIN known AS k USING (campaign_id)
        WHERE abs({ledger} - k.amount) > {context.policy.tolerance.money!r}
    """


@rule("campaign-without-ledger", FindingSeverity.NOTICE)
def campaign_without_ledger(context: MarketingContext) -> str | None:
    """A campaign without an entry in the ROI ledger.

    Remedy: add the campaign to roi_ledger.
    """
    if not context.cursor.execute("SELECT count(*) FROM roi_ledger").fetchall()[0][0]:
        return None
    return """
        SELECT 'campaigns' AS dataset, campaign_id AS record, campaign_id,
            'The ROI ledger has no entry for this campaign.' AS message
        FROM seen_campaigns WHERE campaign_id NOT IN (SELECT campaign_id FROM roi_ledger)
    """
