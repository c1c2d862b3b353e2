"""Checks of attribution: counts of several methods, excess credit, invalid customer paths."""

from journey.core.findings import FindingSeverity
from journey.marketing.analysis.attribution import PATH_CHANNELS_SQL
from journey.marketing.views.context import MarketingContext
from journey.marketing.views.registry import rule
from journey.records.database import literal


@rule("several-methods", FindingSeverity.NOTICE)
def several_methods(context: MarketingContext) -> str:
    """A campaign with hints of several methods. Each method may count the same conversion, so they are never added.

    Remedy: nothing; compare methods, and do not add them.
    """
    del context
    return """
        WITH sums AS (
            SELECT campaign_id, method, sum(attributed_conversions) AS n FROM seen_attribution_hints GROUP BY ALL
        )
        SELECT 'attribution_hints' AS dataset, NULL AS record, campaign_id,
            campaign_id || ' has hints by '
            || string_agg(method || ' (' || printf('%g', n) || ')', ', ' ORDER BY method)
            || '; each may count the same conversion, so they are not added.' AS message
        FROM sums GROUP BY campaign_id HAVING count(*) > 1
    """


@rule("unknown-method", FindingSeverity.NOTICE)
def unknown_method(context: MarketingContext) -> str:
    """A hint by a method that is not in the policy.

    Remedy: correct the spelling, or add the method to `methods` of the policy.
    """
    known = ", ".join(literal(name) for name in context.policy.methods)
    return f"""
        SELECT 'attribution_hints' AS dataset, label AS record, campaign_id,
            'Method ''' || method || ''' is not in the policy; its counts are reported separately.' AS message
        FROM seen_attribution_hints WHERE method NOT IN ({known})
    """


@rule("credits-too-many", FindingSeverity.WARNING)
def credits_too_many(context: MarketingContext) -> str:
    """A method that credits each conversion once, but credits more conversions than performance has.

    Remedy: check that hints and performance cover the same period.
    """
    del context
    return """
        WITH credited AS (
            SELECT campaign_id, method, sum(attributed_conversions) AS n FROM seen_attribution_hints
            WHERE method IN ('first_touch', 'last_touch', 'linear') GROUP BY ALL
        ),
        known AS (SELECT campaign_id, sum(conversions) AS n FROM totals GROUP BY campaign_id)
        SELECT 'attribution_hints' AS dataset, NULL AS record, campaign_id,
            method || ' credits ' || printf('%g', g.n) || ' conversions, but performance has ' || k.n || '.' AS message
        FROM credited AS g JOIN known AS k USING (campaign_id) WHERE g.n > k.n
    """


@rule("path-without-channel", FindingSeverity.ERROR)
def path_without_channel(context: MarketingContext) -> str:
    """A customer path without a channel, so no channel can be credited.

    Remedy: add the channels of the path, or remove the row.
    """
    del context
    return f"""
        SELECT 'conversion_paths' AS dataset, label AS record, campaign_id,
            'The path names no channel; write the channels in order, separated by >.' AS message
        FROM seen_conversion_paths WHERE len({PATH_CHANNELS_SQL}) = 0
    """


@rule("path-of-unknown-channel", FindingSeverity.ERROR)
def path_of_unknown_channel(context: MarketingContext) -> str:
    """A customer path through a channel that is not recorded (if any channel is recorded).

    Remedy: add the channel, or correct its ID.
    """
    del context
    return f"""
        SELECT 'conversion_paths' AS dataset, label AS record, campaign_id,
            'The path goes through ' || string_agg(DISTINCT channel, ', ' ORDER BY channel)
            || ', which is not among the channels.' AS message
        FROM (SELECT label, campaign_id, unnest({PATH_CHANNELS_SQL}) AS channel FROM seen_conversion_paths)
        WHERE channel NOT IN (SELECT channel_id FROM channels) AND (SELECT count(*) FROM channels) > 0
        GROUP BY label, campaign_id
    """


@rule("value-without-conversion", FindingSeverity.ERROR)
def value_without_conversion(context: MarketingContext) -> str:
    """A customer path with a value but without a conversion; the value is that of the conversions.

    Remedy: correct the number of conversions, or remove the value.
    """
    del context
    return """
        SELECT 'conversion_paths' AS dataset, label AS record, campaign_id, value AS amount,
            'The path has a value of ' || dollars(value) || ', but no conversion; the value is not used.' AS message
        FROM seen_conversion_paths WHERE conversions = 0 AND value > 0
    """


@rule("paths-exceed-performance", FindingSeverity.WARNING)
def paths_exceed_performance(context: MarketingContext) -> str:
    """Customer paths with more conversions than performance has for the campaign.

    Remedy: check that paths and performance cover the same period.
    """
    del context
    return """
        WITH walked AS (SELECT campaign_id, sum(conversions) AS n FROM seen_conversion_paths GROUP BY campaign_id),
        known AS (SELECT campaign_id, sum(conversions) AS n FROM totals GROUP BY campaign_id)
        SELECT 'conversion_paths' AS dataset, NULL AS record, campaign_id,
            'Paths lead to ' || w.n || ' conversions, but performance has ' || k.n || '.' AS message
        FROM walked AS w JOIN known AS k USING (campaign_id) WHERE w.n > k.n
    """
