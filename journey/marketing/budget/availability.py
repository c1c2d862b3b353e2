"""What is available for budget transfers: money, pending actions, serious risks, closed campaigns."""

from typing import TYPE_CHECKING, NamedTuple

from journey.marketing.budget.rules import ChannelKey
from journey.marketing.risks.inbox import build_risk_inbox, group_serious_risks
from journey.marketing.views.balances import read_balances

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext

IS_PENDING_SQL = "status IN ('proposed', 'approved')"
"""SQL condition on ``seen_budget_actions``: the action is neither executed nor rejected."""

_MOVES_MONEY_SQL = "from_channel_id <> to_channel_id"


class Hold(NamedTuple):
    """Money that pending budget actions will take from a channel.

    Attributes:
        amount: Dollars; None if an action is in another currency.
        actions: IDs of the actions.
    """

    amount: float | None = 0.0
    actions: tuple[str, ...] = ()

    def deduct_from(self, balance: float | None) -> float | None:
        """What remains of a balance, 0 or more; None if the balance or the amount is unknown."""
        return None if balance is None or self.amount is None else round(max(0.0, balance - self.amount), 2)

    def describe(self) -> str:
        """The hold in words, for instance "600.00 more is held by BUD_0007"."""
        amount = "an unknown amount" if self.amount is None else f"{self.amount:.2f} more"
        return f"{amount} is held by {', '.join(self.actions)}"


def compute_available(context: "MarketingContext", *, deduct_pending: bool) -> dict[ChannelKey, float | None]:
    """Dollars that each channel can give: its balance, 0 or more; None if the balance is unknown.

    Args:
        context: The records.
        deduct_pending: Whether to subtract the money that pending budget actions will take. A new proposal must not
            use that money; the execution of a pending action may.
    """
    holds = read_holds(context) if deduct_pending else {}
    available: dict[ChannelKey, float | None] = {}
    for channel in read_balances(context):
        key = channel.campaign_id, channel.channel_id
        available[key] = holds.get(key, Hold()).deduct_from(channel.balance)
    return available


def describe_available(context: "MarketingContext", *, deduct_pending: bool) -> dict[ChannelKey, str]:
    """Notes on each channel's money: why it is unknown, and which pending actions hold how much of it.

    Args:
        context: The records.
        deduct_pending: Whether the money of pending actions was subtracted.
    """
    holds = read_holds(context) if deduct_pending else {}
    notes = {}
    for channel in read_balances(context):
        key = channel.campaign_id, channel.channel_id
        parts = [channel.reason, holds[key].describe() if key in holds else None]
        if any(parts):
            notes[key] = "; ".join(part for part in parts if part)
    return notes


def compute_available_in_campaigns(
    context: "MarketingContext", *, deduct_pending: bool
) -> dict[ChannelKey, float | None]:
    """As `compute_available`, but only for channels where the campaign has an asset or a budget."""
    rows = context.cursor.execute("SELECT campaign_id, channel_id FROM campaign_channels").fetchall()
    campaign_channels = set(rows)
    available = compute_available(context, deduct_pending=deduct_pending)
    return {key: amount for key, amount in available.items() if key in campaign_channels}


def read_holds(context: "MarketingContext", *, without: str = "") -> dict[ChannelKey, Hold]:
    """The money that pending budget actions will take, by the channel that gives it.

    Args:
        context: The records.
        without: ID of an action that is not counted.
    """
    rows = context.cursor.execute(
        f"""
        SELECT campaign_id, from_channel_id, CASE WHEN NOT bool_or(is_foreign) THEN sum(amount) END,
            list(budget_action_id ORDER BY budget_action_id)
        FROM seen_budget_actions WHERE {IS_PENDING_SQL} AND {_MOVES_MONEY_SQL} AND budget_action_id <> ? GROUP BY ALL
        """,
        [without],
    ).fetchall()
    return {(campaign, channel): Hold(amount, tuple(actions)) for campaign, channel, amount, actions in rows}


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
