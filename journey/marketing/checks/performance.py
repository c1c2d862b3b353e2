"""Checks of performance: counts that contradict each other, the stored rate or the channel's price."""

from journey.core.findings import FindingSeverity
from journey.marketing.views.context import MarketingContext
from journey.marketing.views.registry import rule
from journey.records.columns import build_label_sql

_COST_QUANTITIES = {"per_send": "impressions", "per_impression": "impressions", "per_click": "clicks"}


@rule("not-nested", FindingSeverity.ERROR)
def not_nested(context: MarketingContext) -> str:
    """More clicks than impressions (an error), or more conversions than clicks (a warning, as views may convert).

    Remedy: correct the counts.
    """
    del context
    return " UNION ALL ".join(
        f"""
        SELECT '{dataset}' AS dataset, label AS record, {campaign} AS campaign_id,
            CASE WHEN clicks > impressions THEN 'error' ELSE 'warning' END AS severity,
            CASE WHEN clicks > impressions
                THEN 'It has more clicks (' || clicks || ') than impressions (' || impressions || ').'
                ELSE 'It has more conversions (' || conversions || ') than clicks (' || clicks || ').' END AS message
        FROM seen_{dataset} AS r WHERE clicks > impressions OR conversions > clicks
        """
        for dataset, campaign in (
            (
                "performance_metrics",
                "(SELECT any_value(a.campaign_id) FROM creative_assets AS a WHERE a.asset_id = r.asset_id)",
            ),
            ("segment_rollups", "campaign_id"),
        )
    )


@rule("stored-rate-differs", FindingSeverity.WARNING)
def stored_rate_differs(context: MarketingContext) -> str:
    """A stored conversion rate that differs from conversions per impression.

    Remedy: compute the rate again: conversions divided by impressions.
    """
    return f"""
        SELECT 'performance_metrics' AS dataset, p.label AS record, a.campaign_id,
            'The stored conversion rate is ' || printf('%.4f', conversion_rate) || ', but ' || conversions || ' of '
            || impressions || ' impressions is ' || coalesce(printf('%.4f', conversions / impressions), 'no rate')
            || '.' AS message
        FROM seen_performance_metrics AS p LEFT JOIN creative_assets AS a USING (asset_id)
        WHERE CASE WHEN impressions = 0 THEN conversion_rate > 0
            ELSE abs(conversion_rate - conversions / impressions) > {context.policy.tolerance.rate!r} END
    """


@rule("snapshot-decreased", FindingSeverity.ERROR)
def snapshot_decreased(context: MarketingContext) -> str:
    """A snapshot with a lower count than the previous one, although snapshots are cumulative.

    Remedy: correct the counts; snapshots are cumulative.
    """
    del context
    decreased = [f"CASE WHEN {name} < 0 THEN '{name}' END" for name in ("impressions", "clicks", "conversions", "cost")]
    return f"""
        SELECT 'performance_metrics' AS dataset, asset_id || '@' || strftime(timestamp, '%Y-%m-%d') AS record,
            campaign_id, 'Since ' || day_of(since) || ', these have decreased: '
            || concat_ws(', ', {", ".join(decreased)})
            || '; snapshots are cumulative, so they cannot decrease.' AS message
        FROM increments WHERE since IS NOT NULL AND least(impressions, clicks, conversions, cost) < 0
    """


@rule("conflicting-snapshots", FindingSeverity.ERROR)
def conflicting_snapshots(context: MarketingContext) -> str:
    """Different snapshots of one asset and experiment at the same moment; the least favourable one is used.

    Remedy: keep the correct snapshot, or correct the timestamps.
    """
    return f"""
        SELECT 'performance_metrics' AS dataset, {build_label_sql("performance_metrics", "p")} AS record,
            any_value(a.campaign_id) AS campaign_id,
            count(*) || ' snapshots of ' || p.asset_id || ' in ' || p.experiment_id || ' on ' || day_of(p.timestamp)
            || ' differ (' || min(p.conversions) || ' to ' || max(p.conversions) || ' conversions, '
            || min(p.impressions) || ' to ' || max(p.impressions) || ' impressions); the one with the fewest '
            || 'conversions is used.' AS message
        FROM performance_metrics AS p LEFT JOIN creative_assets AS a ON p.asset_id = a.asset_id
        WHERE p.timestamp <= {context.as_of_sql}
        GROUP BY p.asset_id, p.experiment_id, p.timestamp HAVING count(DISTINCT p.row_number) > 1
    """


@rule("cost-differs-from-model", FindingSeverity.WARNING)
def cost_differs_from_model(context: MarketingContext) -> str:
    """A cost that differs from the channel's price times the counts.

    Remedy: correct the cost, the counts or the channel's price.
    """
    tolerance = context.policy.tolerance
    counted = " ".join(f"WHEN '{model}' THEN t.{quantity}" for model, quantity in _COST_QUANTITIES.items())
    return f"""
        WITH priced AS (
            SELECT t.*, c.cost_model, c.avg_cost,
                avg_cost * CASE cost_model {counted} END AS expected
            FROM totals AS t JOIN channels AS c USING (channel_id)
        )
        SELECT 'performance_metrics' AS dataset, asset_id || '@' || strftime(timestamp, '%Y-%m-%d') AS record,
            campaign_id, abs(cost - expected) AS amount,
            'It cost ' || dollars(cost) || ', but by the price of ' || channel_id || ' (' || cost_model || ' at '
            || avg_cost || ') it should have cost ' || dollars(expected) || '.' AS message
        FROM priced
        WHERE abs(cost - expected) > greatest({tolerance.money!r}, {tolerance.cost_share!r} * greatest(cost, expected))
    """


@rule("unknown-cost-model", FindingSeverity.NOTICE)
def unknown_cost_model(context: MarketingContext) -> str:
    """A channel whose cost model is unknown, so its costs cannot be checked.

    Remedy: use per_send, per_click, per_impression or flat.
    """
    del context
    known = ", ".join(f"'{model}'" for model in (*_COST_QUANTITIES, "flat"))
    return f"""
        SELECT 'channels' AS dataset, channel_id AS record, NULL AS campaign_id,
            'Its cost model is ' || coalesce('''' || cost_model || '''', 'not recorded')
            || ', so its costs cannot be checked.' AS message
        FROM channels WHERE coalesce(cost_model NOT IN ({known}), TRUE)
    """


@rule("unapproved-asset-shown", FindingSeverity.ERROR)
def unapproved_asset_shown(context: MarketingContext) -> str:
    """An asset that was shown without a person's approval.

    Remedy: approve the asset or stop showing it.
    """
    del context
    return """
        SELECT 'creative_assets' AS dataset, asset_id AS record, t.campaign_id, sum(cost) AS amount,
            'It was shown ' || sum(impressions) || ' times, for ' || dollars(sum(cost))
            || ', without a person''s approval.' AS message
        FROM totals AS t JOIN creative_assets AS a USING (asset_id) WHERE a.approved_by_human IS FALSE
        GROUP BY asset_id, t.campaign_id HAVING sum(impressions) > 0
    """
