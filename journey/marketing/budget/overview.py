"""What stands around the proposals: channels, decisions, what waits, the proof of governance and the audit trail."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from journey.marketing.budget.governance import governance
from journey.marketing.budget.impact import before_after
from journey.marketing.budget.proposals import ChannelState, allocation, closed_campaigns
from journey.marketing.budget.rules import Objection, Transfer, objections
from journey.marketing.risks.inbox import risk_inbox, serious_by_channel
from journey.marketing.views.balances import balances

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext


def budget(context: "MarketingContext") -> dict[str, Any]:
    """The key ``budget``: JSON-ready data.

    Returns:
        ``channels`` (return per dollar and money to give of each, and why one is left out), ``decisions`` (per
        campaign), ``waiting`` (recorded actions that wait, and the rules that they break), ``governance`` (see there),
        ``before_after`` (see there) and ``audit`` (the log with the proposals entered, as it would be written).
    """
    found = allocation(context)
    return {
        "channels": [asdict(channel) for channel in found.channels],
        "decisions": [{"campaign_id": campaign, "message": said} for campaign, said in found.decisions.items()],
        "waiting": waiting(context, found.channels),
        "governance": governance(context),
        "before_after": before_after(context),
        "audit": [event.model_dump(mode="json") for event in found.log.events],
    }


def waiting(context: "MarketingContext", channels: Iterable[ChannelState]) -> list[dict[str, Any]]:
    """Recorded actions that wait for approval or for being carried out, held to the rules as things stand.

    Args:
        context: The records.
        channels: What is known about each channel.
    """
    doubts = {(each.campaign_id, each.channel_id): each.left_out for each in channels}
    there = {(each.campaign_id, each.channel_id): each.balance for each in balances(context)}
    used = set(context.cursor.execute("SELECT campaign_id, channel_id FROM campaign_channels").fetchall())
    available = {key: balance for key, balance in there.items() if key in used}
    risky, closed = serious_by_channel(risk_inbox(context), there), closed_campaigns(context)
    rows = context.cursor.execute("""
        SELECT budget_action_id, campaign_id, from_channel_id, to_channel_id, amount, status FROM seen_budget_actions
        WHERE status IN ('proposed', 'approved') ORDER BY timestamp, budget_action_id
    """).fetchall()
    found = []
    for *columns, status in rows:
        transfer = Transfer(*columns)
        against = [*_closed(closed.get(transfer.campaign_id)), *objections(transfer, available, risky)]
        doubt = None if transfer.campaign_id in closed else doubts.get(transfer.taker)
        said = [each.message for each in against] or ["It breaks no rule as things stand."]
        found.append(
            asdict(transfer)
            | {
                "status": status,
                "requires_human_approval": transfer.amount >= context.policy.budget.approval_from,
                "objections": [each._asdict() for each in against],
                "message": " ".join([*said, *([f"On {transfer.to_channel_id}, {doubt}."] if doubt else [])]),
            }
        )
    return found


def _closed(why: str | None) -> list[Objection]:
    return [] if why is None else [Objection("campaign_closed", f"{why[0].upper()}{why[1:]}: no money moves in it.")]
