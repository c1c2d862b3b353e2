"""Campaigns of a comparison as text: customers, channels of each arm, and budget transfers."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from journey.money.format import format_dollars
from scenarios.reports.document import Block, Grid, Heading, Items, Paragraph

if TYPE_CHECKING:
    from scenarios.comparison.acquisition import ArmAcquisition, ChannelMeans
    from scenarios.comparison.compare import Comparison

TOTALS = (
    "Each arm has the customers acquired with its own budget. A prospect reached in several arms behaves the same in "
    "each. Compare totals (buyers, margin, money). Rates and means per customer describe different customers in each "
    "arm: a lower churn rate can reflect a different customer mix instead of better retention."
)
COLUMNS = ("channel", "media", "clicks", "signups", "buyers", "cost per buyer", "buyers by segment")


def describe_customers(comparison: "Comparison") -> str:
    """The customers of the arms, for instance ``customers: 276 (baseline), 233 (treated)``."""
    if not comparison.acquisition:
        return comparison.cohort_size
    return "customers: " + ", ".join(f"{arm.customers:,.0f} ({name})" for name, arm in comparison.acquisition.items())


def describe_with_counts(comparison: "Comparison", text: str) -> str:
    """A question or label of the scenario with the counts of the run; with campaigns, of the scenario."""
    return comparison.loaded.describe(text, "" if comparison.acquisition else comparison.cohort_size)


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
        _format_step(channels, "click"),
        _format_step(channels, "signup"),
        f"{bought:,.1f}",
        format_dollars(spend / bought) if bought else "n/a",
        ", ".join(f"{segment} {count:,.1f}" for segment, count in segments.items() if count),
    )


def _format_step(channels: "tuple[ChannelMeans, ...] | list[ChannelMeans]", step: str) -> str:
    """The prospects that reached a step; ``n/a`` where no path of the channels has it."""
    return f"{_sum_step(channels, step):,.0f}" if any(step in channel.steps for channel in channels) else "n/a"


def _sum_step(channels: "tuple[ChannelMeans, ...] | list[ChannelMeans]", step: str) -> float:
    return sum(channel.steps.get(step, 0.0) for channel in channels)


def describe_budget_moves(arm: "ArmAcquisition") -> str:
    """One sentence on the budget that was moved."""
    if not arm.moves:
        return "No budget was moved."
    ended = ", ".join(f"{count:,.1f} {status}" for status, count in arm.moves.items())
    return f"Budget moved: {format_dollars(arm.moved)} per run (mean). Proposed transfers by outcome: {ended}."


def describe_buyers(arm: "ArmAcquisition") -> str:
    """What the campaigns of an arm bought, as a phrase; means per run."""
    media, buyers = sum(channel.spend for channel in arm.channels), _sum_step(arm.channels, "purchase")
    moved = f", {format_dollars(arm.moved)} of budget moved" if arm.moves else ""
    return f"{buyers:,.1f} buyers for {format_dollars(media)} of media{moved} (means, no interval)"


def describe_budget_move(move: dict[str, Any]) -> str:
    """One budget transfer, as a line of the audit trail."""
    decided = "" if move["decided_on"] is None else f" on day {move['decided_on']:.1f}"
    asked = "human approval required" if move["requires_human_approval"] else "no approval required"
    why = f" ({move['reason']})" if move["reason"] else ""
    return (
        f"day {move['proposed_on']:g}: {move['from_channel_id']} to {move['to_channel_id']}, "
        f"{format_dollars(move['amount'])}, probability of a gain {move['gain_probability']:.2f}; {asked}; "
        f"{move['status']}{decided}{why}"
    )


def acquisition_blocks(comparison: "Comparison") -> list[Block]:
    """The section on campaigns; empty where the scenario has none."""
    if not comparison.acquisition:
        return []
    blocks: list[Block] = [
        Heading(2, "Campaigns"),
        Paragraph(TOTALS),
        Paragraph("Mean per run by channel: media spend and its results. Cost per buyer is media spend per buyer."),
    ]
    for name, arm in comparison.acquisition.items():
        blocks += [
            Heading(3, name),
            Grid(COLUMNS, tuple(channel_rows(arm)), numbers_to=6),
            Paragraph(describe_budget_moves(arm)),
        ]
        if arm.trail:
            blocks += [
                Paragraph("Audit trail of the first replication:"),
                Items(tuple(describe_budget_move(move) for move in arm.trail)),
            ]
    return blocks
