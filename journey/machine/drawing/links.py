"""The arrow between two stages, labelled with all moves between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from journey.machine.definition import Journey
    from journey.machine.moves import Move


@dataclass(frozen=True, slots=True)
class Link:
    """An arrow.

    Attributes:
        source: The stage it leaves.
        destination: The stage it enters.
        moves: The moves that make this step, in the journey's order.
    """

    source: str
    destination: str
    moves: tuple[Move, ...] = ()


def build_links(journey: Journey) -> tuple[Link, ...]:
    """The arrows of a journey, by source and destination in stage order."""
    steps: dict[tuple[str, str], list[Move]] = {}
    for move in journey.moves:
        steps.setdefault((move.source, move.destination), []).append(move)
    position = {stage: code for code, stage in enumerate(journey.stages)}
    in_order = sorted(steps, key=lambda step: (position[step[0]], position[step[1]]))
    return tuple(Link(*step, tuple(steps[step])) for step in in_order)


def format_move(move: Move) -> str:
    """A move's name, with its guard in brackets."""
    return f"{move.name} [{move.guard}]" if move.guard else move.name
