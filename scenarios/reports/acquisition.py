"""Campaigns of a comparison for people: who the customers are, channels side by side, and the moves of budget."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from journey.money.format import format_dollars
from scenarios.reports.document import Block, Grid, Heading, Items, Paragraph

if TYPE_CHECKING:
    from scenarios.comparison.acquisition import ArmAcquisition, ChannelMeans
    from scenarios.comparison.compare import Comparison

TOTALS = (
    "Arms have different customers: those whom their own budget brings; a prospect whom several arms reach does the "
    "same in each. So compare totals (buyers, margin, money). Rates and means per customer are of other people in each "
    "arm: a lower churn rate may mean other customers, and not better care."
)
COLUMNS = ("channel", "media", "clicks", "signups", "buyers", "cost each", "buyers by segment")


def describe_customers(comparison: "Comparison") -> str:
    """Who lives in the arms, for instance ``customers: 276 (baseline), 233 (treated)``."""
    if not comparison.acquisition:
        return f"{comparison.customers:,} customers"
    return "customers: " + ", ".join(f"{arm.customers:,.0f} ({name})" for name, arm in comparison.acquisition.items())


def channel_rows(arm: "ArmAcquisition") -> Iterator[tuple[str, ...]]:
    """The channels of an arm, as `COLUMNS`; the last row is their sum."""
    for channel in arm.channels:
        yield (f"{channel.campaign}/{channel.channel}", *_cells([channel]))
    if len(arm.channels) > 1:
        yield ("all", *_cells(arm.channels))


def _cells(channels: "tuple[ChannelMeans, ...] | list[ChannelMeans]") -> tuple[str, ...]:
    spend = sum(channel.spend for channel in channels)
    bought = _sum_step(channels, "purchase")
    segments: dict[str, float] = {}
    for channel in channels:
        for segment, count in channel.buyers.items():
            segments[segment] = segments.get(segment, 0.0) + count
    return (
        format_dollars(spend),
        f"{_sum_step(channels, 'click'):,.0f}",
        f"{_sum_step(channels, 'signup'):,.0f}",
        f"{bought:,.1f}",
        format_dollars(spend / bought) if bought else "n/a",
        ", ".join(f"{segment} {count:,.1f}" for segment, count in segments.items() if count),
    )


def _sum_step(channels: "tuple[ChannelMeans, ...] | list[ChannelMeans]", step: str) -> float:
    return sum(channel.steps.get(step, 0.0) for channel in channels)


def describe_budget_moves(arm: "ArmAcquisition") -> str:
    """How much budget was moved, in one sentence."""
    if not arm.moves:
        return "No budget was moved."
    ended = ", ".join(f"{count:,.1f} {status}" for status, count in arm.moves.items())
    return f"Budget moved: {format_dollars(arm.moved)} a run, mean; moves proposed, by what became of them: {ended}."


def describe_budget_move(move: dict[str, Any]) -> str:
    """One move of budget, as a line of the audit trail."""
    decided = "" if move["decided_on"] is None else f" on day {move['decided_on']:.1f}"
    asked = "a person was asked" if move["requires_human_approval"] else "no person needed to be asked"
    why = f" ({move['reason']})" if move["reason"] else ""
    return (
        f"day {move['proposed_on']:g}: {move['from_channel_id']} to {move['to_channel_id']}, "
        f"{format_dollars(move['amount'])}, gains with probability {move['gain_probability']:.2f}; {asked}; "
        f"{move['status']}{decided}{why}"
    )


def acquisition_blocks(comparison: "Comparison") -> list[Block]:
    """The section on campaigns; empty where customers come by none."""
    if not comparison.acquisition:
        return []
    blocks: list[Block] = [
        Heading(2, "Campaigns"),
        Paragraph(TOTALS),
        Paragraph("By channel, mean per run: media bought and what it brought. Cost each is media per buyer."),
    ]
    for name, arm in comparison.acquisition.items():
        blocks += [
            Heading(3, name),
            Grid(COLUMNS, tuple(channel_rows(arm)), numbers_to=6),
            Paragraph(describe_budget_moves(arm)),
        ]
        if arm.trail:
            blocks += [
                Paragraph("The audit trail of the first replication:"),
                Items(tuple(describe_budget_move(move) for move in arm.trail)),
            ]
    return blocks
