"""Legal moves: one arc of the machine, and the rule that stands for several arcs."""

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
        name: What happens, as a verb: ``activate``.
        source: The stage it leaves.
        destination: The stage it enters; it may be the same.
        guard: The condition it carries, if any.
    """

    name: str
    source: str
    destination: str
    guard: Guard | None = None

    def arcs(self, live: Sequence[str]) -> tuple[Move, ...]:
        """The moves this stands for: itself, or one per live stage if its source says so."""
        if self.source == EVERY_LIVE_STAGE:
            return MoveRule(self.name, self.source, self.destination, self.guard).arcs(live)
        return (self,)

    def __str__(self) -> str:
        guard = f" [{self.guard}]" if self.guard else ""
        return f"{self.source} -{self.name}{guard}-> {self.destination}"


@dataclass(frozen=True, slots=True)
class MoveRule:
    """The same move from several stages to one destination.

    Attributes:
        name: What happens.
        sources: The stages it leaves, or `EVERY_LIVE_STAGE`.
        destination: The stage it enters.
        guard: The condition each of the moves carries, if any.
    """

    name: str
    sources: str | tuple[str, ...]
    destination: str
    guard: Guard | None = None

    def arcs(self, live: Sequence[str]) -> tuple[Move, ...]:
        """One move per source."""
        if self.sources == EVERY_LIVE_STAGE:
            sources = tuple(stage for stage in live if stage != self.destination)
        else:
            sources = (self.sources,) if isinstance(self.sources, str) else tuple(self.sources)
        return tuple(Move(self.name, source, self.destination, self.guard) for source in sources)
