"""Campaigns of a comparison for people: who the customers are, channels side by side, and the moves of budget."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from scenarios.metrics.definitions import dollars
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


def customers_text(found: "Comparison") -> str:
    """Who lives in the arms, for instance ``customers: 276 (baseline), 233 (treated)``."""
    if not found.acquisition:
        return f"{found.customers:,} customers"
    return "customers: " + ", ".join(f"{arm.customers:,.0f} ({name})" for name, arm in found.acquisition.items())


def channel_rows(arm: "ArmAcquisition") -> Iterator[tuple[str, ...]]:
    """The channels of an arm, as `COLUMNS`; the last row is their sum."""
    for channel in arm.channels:
        yield (f"{channel.campaign}/{channel.channel}", *_cells([channel]))
    if len(arm.channels) > 1:
        yield ("all", *_cells(arm.channels))


def _cells(channels: "tuple[ChannelMeans, ...] | list[ChannelMeans]") -> tuple[str, ...]:
    spend = sum(channel.spend for channel in channels)
    bought = _made(channels, "purchase")
    segments: dict[str, float] = {}
    for channel in channels:
        for segment, many in channel.buyers.items():
            segments[segment] = segments.get(segment, 0.0) + many
    return (
        dollars(spend),
        f"{_made(channels, 'click'):,.0f}",
        f"{_made(channels, 'signup'):,.0f}",
        f"{bought:,.1f}",
        dollars(spend / bought) if bought else "n/a",
        ", ".join(f"{segment} {many:,.1f}" for segment, many in segments.items() if many),
    )


def _made(channels: "tuple[ChannelMeans, ...] | list[ChannelMeans]", step: str) -> float:
    return sum(channel.steps.get(step, 0.0) for channel in channels)


def moves_text(arm: "ArmAcquisition") -> str:
    """How much budget was moved, in one sentence."""
    if not arm.moves:
        return "No budget was moved."
    ended = ", ".join(f"{many:,.1f} {status}" for status, many in arm.moves.items())
    return f"Budget moved: {dollars(arm.moved)} a run, mean; moves proposed, by what became of them: {ended}."


def move_text(move: dict[str, Any]) -> str:
    """One move of budget, as a line of the audit trail."""
    decided = "" if move["decided_on"] is None else f" on day {move['decided_on']:.1f}"
    asked = "a person was asked" if move["requires_human_approval"] else "no person needed to be asked"
    why = f" ({move['reason']})" if move["reason"] else ""
    return (
        f"day {move['proposed_on']:g}: {move['from_channel_id']} to {move['to_channel_id']}, "
        f"{dollars(move['amount'])}, gains with probability {move['gain_probability']:.2f}; {asked}; "
        f"{move['status']}{decided}{why}"
    )


def acquisition_blocks(found: "Comparison") -> list[Block]:
    """The section on campaigns; empty where customers come by none."""
    if not found.acquisition:
        return []
    blocks: list[Block] = [
        Heading(2, "Campaigns"),
        Paragraph(TOTALS),
        Paragraph("By channel, mean per run: media bought and what it brought. Cost each is media per buyer."),
    ]
    for name, arm in found.acquisition.items():
        blocks += [
            Heading(3, name),
            Grid(COLUMNS, tuple(channel_rows(arm)), numbers_to=6),
            Paragraph(moves_text(arm)),
        ]
        if arm.trail:
            blocks += [
                Paragraph("The audit trail of the first replication:"),
                Items(tuple(move_text(move) for move in arm.trail)),
            ]
    return blocks
