"""Legal moves: single moves, and rules that stand for several moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journey.machine.guards import Guard

EVERY_LIVE_STAGE = "every_live_stage"
"""As a rule's source: every stage that is not terminal, other than the rule's own destination."""


@dataclass(frozen=True, slots=True)
class Move:
    """One legal move.

    Attributes:
        name: The event, as a verb: ``activate``.
        source: The stage it starts from.
        destination: The stage it leads to; may equal the source.
        guard: Its condition, if any.
        restarts_clocks: Whether a move from a stage to itself begins a new stay: the clocks of all moves out of the
            stage start again, and the days in the stage count from 0. Otherwise only its own clock starts again.
    """

    name: str
    source: str
    destination: str
    guard: Guard | None = None
    restarts_clocks: bool = True

    def arcs(self, live: Sequence[str]) -> tuple[Move, ...]:
        """The single moves it stands for: itself, or one per live stage if its source is `EVERY_LIVE_STAGE`."""
        if self.source == EVERY_LIVE_STAGE:
            return MoveRule(self.name, self.source, self.destination, self.guard, self.restarts_clocks).arcs(live)
        return (self,)

    def __str__(self) -> str:
        guard = f" [{self.guard}]" if self.guard else ""
        return f"{self.source} -{self.name}{guard}-> {self.destination}"


@dataclass(frozen=True, slots=True)
class MoveRule:
    """The same move from several stages to one destination.

    Attributes:
        name: The event, as a verb.
        sources: The stages it starts from, or `EVERY_LIVE_STAGE`.
        destination: The stage it leads to.
        guard: The condition of each of the moves, if any.
        restarts_clocks: Whether the move from the destination to itself begins a new stay; see `Move`.
    """

    name: str
    sources: str | tuple[str, ...]
    destination: str
    guard: Guard | None = None
    restarts_clocks: bool = True

    def arcs(self, live: Sequence[str]) -> tuple[Move, ...]:
        """One move per source."""
        if self.sources == EVERY_LIVE_STAGE:
            sources = tuple(stage for stage in live if stage != self.destination)
        else:
            sources = (self.sources,) if isinstance(self.sources, str) else tuple(self.sources)
        return tuple(
            Move(
                self.name,
                source,
                self.destination,
                self.guard,
                self.restarts_clocks or source != self.destination,
            )
            for source in sources
        )
