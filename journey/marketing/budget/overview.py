"""Budget overview: channels, decisions, pending actions, compliance, impact and the audit trail."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from journey.marketing.budget.availability import (
    IS_PENDING_SQL,
    compute_available_in_campaigns,
    describe_available,
    find_closed_campaigns,
    find_serious_risks,
)
from journey.marketing.budget.governance import report_governance
from journey.marketing.budget.impact import report_impact
from journey.marketing.budget.log import MarketingLog, read_log_events
from journey.marketing.budget.proposals import ChannelState, compute_allocation
from journey.marketing.budget.rules import Objection, Transfer, find_objections

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext


def report_budget(context: "MarketingContext") -> dict[str, Any]:
    """The section ``budget`` of the evaluation as JSON-ready data.

    Returns:
        ``channels`` (return per dollar, available money, and the reason of any exclusion), ``decisions`` (per
        campaign), ``waiting`` (see `report_pending_actions`), ``governance`` (see `report_governance`),
        ``before_after`` (see `report_impact`) and ``audit`` (the events of the log including the proposals).
    """
    current_allocation = compute_allocation(context)
    return {
        "channels": [asdict(channel) for channel in current_allocation.channels],
        "decisions": [
            {"campaign_id": campaign, "message": message} for campaign, message in current_allocation.decisions.items()
        ],
        "waiting": report_pending_actions(context, current_allocation.channels),
        "governance": report_governance(context),
        "before_after": report_impact(context),
        "audit": [event.model_dump(mode="json") for event in current_allocation.log.events],
    }


def report_pending_actions(context: "MarketingContext", channels: Iterable[ChannelState]) -> list[dict[str, Any]]:
    """Recorded actions that are proposed or approved, with the rules that they currently break.

    Args:
        context: The records.
        channels: State of each channel.
    """
    exclusions = {(each.campaign_id, each.channel_id): each.left_out for each in channels}
    available = compute_available_in_campaigns(context, deduct_pending=False)
    notes = describe_available(context, deduct_pending=False)
    serious_risks, closed = find_serious_risks(context), find_closed_campaigns(context)
    rows = context.cursor.execute(f"""
        SELECT budget_action_id, campaign_id, from_channel_id, to_channel_id, amount, currency, is_foreign, timestamp,
            proposed_by, status
        FROM seen_budget_actions WHERE {IS_PENDING_SQL} ORDER BY timestamp, budget_action_id
    """).fetchall()
    log = MarketingLog(context.get_or_compute(read_log_events), context.policy)
    actions = []
    for *columns, currency, is_foreign, proposed, kind, status in rows:
        transfer = Transfer(*columns)
        objections = [
            *_find_closed_objection(closed.get(transfer.campaign_id)),
            *_find_currency_objection(currency, context, is_foreign=is_foreign),
            *find_objections(transfer, available, serious_risks, notes),
        ]
        exclusion = None if transfer.campaign_id in closed else exclusions.get(transfer.taker)
        messages = [each.message for each in objections] or ["It currently breaks no rule."]
        actions.append(
            asdict(transfer)
            | {
                "currency": currency,
                "status": status,
                "requires_human_approval": is_foreign
                or log.needs_person(
                    transfer.transfer_id, transfer.amount, kind or "human", context.log_until or proposed
                ),
                "objections": [each._asdict() for each in objections],
                "message": " ".join(
                    [*messages, *([f"On {transfer.to_channel_id}, {exclusion}."] if exclusion else [])]
                ),
            }
        )
    return actions


def _find_currency_objection(currency: str, context: "MarketingContext", *, is_foreign: bool) -> list[Objection]:
    if not is_foreign:
        return []
    message = f"Its amount is in {currency}, but balances are in {context.policy.budget.currency}."
    return [Objection("other_currency", message)]


def _find_closed_objection(reason: str | None) -> list[Objection]:
    return (
        []
        if reason is None
        else [Objection("campaign_closed", f"{reason[0].upper()}{reason[1:]}: no money can be moved in it.")]
    )
