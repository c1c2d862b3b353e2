"""Checks of attribution hints: ways of counting that must not be added, and credit beyond what there was."""

from journey.findings import FindingSeverity
from journey.marketing.checks.context import MarketingContext
from journey.marketing.checks.registry import rule
from journey.records.database import literal


@rule("several-methods", FindingSeverity.NOTICE)
def several_methods(context: MarketingContext) -> str:
    """A campaign with hints of several methods: one conversion may be in each, so they are never added."""
    del context
    return """
        WITH sums AS (
            SELECT campaign_id, method, sum(attributed_conversions) AS n FROM seen_attribution_hints GROUP BY ALL
        )
        SELECT 'attribution_hints' AS dataset, NULL AS record, campaign_id,
            campaign_id || ' has hints by '
            || string_agg(method || ' (' || printf('%g', n) || ')', ', ' ORDER BY method)
            || '; one conversion may be in each of them, so they are not added.' AS message
        FROM sums GROUP BY campaign_id HAVING count(*) > 1
    """


@rule("unknown-method", FindingSeverity.NOTICE)
def unknown_method(context: MarketingContext) -> str:
    """A hint by a method that the policy does not know."""
    known = ", ".join(literal(name) for name in context.policy.methods)
    return f"""
        SELECT 'attribution_hints' AS dataset, label AS record, campaign_id,
            'Method ''' || method || ''' is not known; it is kept apart from the others.' AS message
        FROM seen_attribution_hints WHERE method NOT IN ({known})
    """


@rule("credits-too-many", FindingSeverity.WARNING)
def credits_too_many(context: MarketingContext) -> str:
    """A method that gives every conversion to one channel, and gives out more conversions than performance has."""
    del context
    return """
        WITH given AS (
            SELECT campaign_id, method, sum(attributed_conversions) AS n FROM seen_attribution_hints
            WHERE method IN ('first_touch', 'last_touch', 'linear') GROUP BY ALL
        ),
        known AS (SELECT campaign_id, sum(conversions) AS n FROM totals GROUP BY campaign_id)
        SELECT 'attribution_hints' AS dataset, NULL AS record, campaign_id,
            method || ' credits ' || printf('%g', g.n) || ' conversions, but performance has ' || k.n || '.' AS message
        FROM given AS g JOIN known AS k USING (campaign_id) WHERE g.n > k.n
    """
