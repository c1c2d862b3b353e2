"""Ranks of segments and channels by priority, to break ties."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext


def rank_segments(context: "MarketingContext") -> dict[str, int]:
    """Rank of each segment by its priority, 0 for the highest; a priority that the policy does not name ranks last."""
    order = [name.casefold() for name in context.policy.rollups.priorities]
    rows = context.cursor.execute("SELECT segment_id, priority FROM audience_segments").fetchall()
    ranks = {name: rank for rank, name in enumerate(order)}
    return {segment: ranks.get((priority or "").strip().casefold(), len(order)) for segment, priority in rows}


def rank_channels(context: "MarketingContext") -> dict[tuple[str, str], int]:
    """Rank of each channel of a campaign: that of its most important segment."""
    segments = rank_segments(context)
    last = len(context.policy.rollups.priorities)
    rows = context.cursor.execute(
        "SELECT campaign_id, channel_id, segment_id FROM creative_assets WHERE channel_id IS NOT NULL"
    ).fetchall()
    ranks: dict[tuple[str, str], int] = {}
    for campaign, channel, segment in rows:
        key = campaign, channel
        ranks[key] = min(ranks.get(key, last), segments.get(segment, last))
    return ranks
