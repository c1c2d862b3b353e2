"""SQL for performance: totals of assets, and increments between their snapshots.

A snapshot is cumulative since the start of the experiment. The last snapshot of an asset is therefore its total, and
the difference between two snapshots is the increment. The queries read ``seen_performance_metrics``.
"""

_MEASURES = ("impressions", "clicks", "conversions", "cost", "revenue_proxy")
_SNAPSHOT_WINDOW = "(PARTITION BY p.asset_id, p.experiment_id ORDER BY p.timestamp, p.row_number)"
_OWNER_COLUMNS = "a.campaign_id, a.segment_id, a.channel_id"
_DIFFERENCES = ", ".join(
    f"p.{name} - coalesce(lag(p.{name}) OVER {_SNAPSHOT_WINDOW}, 0) AS {name}" for name in _MEASURES
)

UNAMBIGUOUS_SNAPSHOTS = """
    SELECT * FROM seen_performance_metrics QUALIFY row_number() OVER (
        PARTITION BY asset_id, experiment_id, timestamp
        ORDER BY conversions, revenue_proxy NULLS LAST, cost DESC, clicks DESC, impressions DESC,
            conversion_rate NULLS LAST, row_number
    ) = 1
"""
"""One snapshot of each asset, experiment and moment: of several, the one with the fewest conversions for the money.

Which of them is right is unknown, so the choice depends on their content and not on the order of the rows.
"""

INCREMENTS = f"""
    SELECT p.asset_id, p.experiment_id, {_OWNER_COLUMNS}, lag(p.timestamp)
        OVER {_SNAPSHOT_WINDOW} AS since, p.timestamp, {_DIFFERENCES}
    FROM seen_performance_metrics AS p LEFT JOIN creative_assets AS a ON p.asset_id = a.asset_id
"""
"""Increments between snapshots: the first snapshot as a whole, then the differences."""

TOTALS = f"""
    SELECT p.asset_id, p.experiment_id, {_OWNER_COLUMNS}, p.timestamp, {", ".join(f"p.{name}" for name in _MEASURES)}
    FROM seen_performance_metrics AS p LEFT JOIN creative_assets AS a ON p.asset_id = a.asset_id
    QUALIFY row_number() OVER (
        PARTITION BY p.asset_id, p.experiment_id ORDER BY p.timestamp DESC, p.row_number DESC
    ) = 1
"""
"""The last snapshot of each asset in each experiment."""
