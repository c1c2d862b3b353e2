"""What is available for budget transfers: money, pending actions, serious risks, closed campaigns."""

from typing import TYPE_CHECKING

from journey.marketing.budget.rules import ChannelKey
from journey.marketing.risks.inbox import build_risk_inbox, group_serious_risks
from journey.marketing.views.balances import read_balances

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext

IS_PENDING_SQL = "status IN ('proposed', 'approved')"
"""SQL condition on ``seen_budget_actions``: the action is neither executed nor rejected."""

_MOVES_MONEY_SQL = "from_channel_id <> to_channel_id"


def compute_available(context: "MarketingContext", *, deduct_pending: bool) -> dict[ChannelKey, float | None]:
    """Dollars that each channel can give: its balance, 0 or more; None if the balance is unknown.

    Args:
        context: The records.
        deduct_pending: Whether to subtract the money that pending budget actions will take. A new proposal must not
            use that money; the execution of a pending action may.
    """
    pending = sum_pending_by_channel(context) if deduct_pending else {}
    available: dict[ChannelKey, float | None] = {}
    for channel in read_balances(context):
        key = channel.campaign_id, channel.channel_id
        balance = channel.balance
        available[key] = None if balance is None else round(max(0.0, balance - pending.get(key, 0.0)), 2)
    return available


def compute_available_in_campaigns(
    context: "MarketingContext", *, deduct_pending: bool
) -> dict[ChannelKey, float | None]:
    """As `compute_available`, but only for channels where the campaign has an asset or a budget."""
    rows = context.cursor.execute("SELECT campaign_id, channel_id FROM campaign_channels").fetchall()
    campaign_channels = set(rows)
    available = compute_available(context, deduct_pending=deduct_pending)
    return {key: amount for key, amount in available.items() if key in campaign_channels}


def sum_pending_by_channel(context: "MarketingContext") -> dict[ChannelKey, float]:
    """Dollars that pending budget actions will take from each channel."""
    rows = context.cursor.execute(f"""
        SELECT campaign_id, from_channel_id, sum(amount) FROM seen_budget_actions
        WHERE {IS_PENDING_SQL} AND {_MOVES_MONEY_SQL} GROUP BY ALL
    """).fetchall()
    return {(campaign, channel): float(amount) for campaign, channel, amount in rows}


def find_pending_pairs(context: "MarketingContext") -> list[set[ChannelKey]]:
    """Pairs of channels with a pending action in either direction; it must be decided before another is proposed."""
    rows = context.cursor.execute(f"""
        SELECT DISTINCT campaign_id, from_channel_id, to_channel_id FROM seen_budget_actions
        WHERE {IS_PENDING_SQL} AND {_MOVES_MONEY_SQL}
    """).fetchall()
    return [{(campaign, source), (campaign, target)} for campaign, source, target in rows]


def find_serious_risks(context: "MarketingContext") -> dict[ChannelKey, tuple[str, ...]]:
    """IDs of the unsettled high or critical risks on each channel."""
    keys = [(channel.campaign_id, channel.channel_id) for channel in read_balances(context)]
    return group_serious_risks(build_risk_inbox(context), keys)


def find_closed_campaigns(context: "MarketingContext") -> dict[str, str]:
    """Campaigns in which no money may be moved, with the reason."""
    reasons: dict[str, str] = {}
    rows = context.cursor.execute(
        f"SELECT campaign_id, status, end_date::DATE, end_date::DATE < {context.as_of_sql}::DATE FROM seen_campaigns"
    )
    for campaign, status, end, has_ended in rows.fetchall():
        if status is not None and status not in context.policy.budget.active:
            reasons[campaign] = f"the campaign is {status}"
        elif has_ended:
            reasons[campaign] = f"the campaign ended on {end.isoformat()}"
    return reasons
