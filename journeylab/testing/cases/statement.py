"""What a journey file states, read from its keys alone: the expectation that the journey is tested against.

It is a second reading of the file, which shares no code with `Journey`. It expands rules with several sources, and
keeps the conditions of guards as they are written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_EVERY_LIVE_STAGE = "every_live_stage"


@dataclass(frozen=True, slots=True)
class StatedMove:
    """A move as the file states it.

    Attributes:
        name: Name of the move.
        source: The stage that it leaves.
        destination: The stage that it leads to.
        conditions: The conditions of its guard, by name.
        restarts_clocks: Whether it begins a new stay.
    """

    name: str
    source: str
    destination: str
    conditions: Mapping[str, Any] = field(default_factory=dict)
    restarts_clocks: bool = True

    def __str__(self) -> str:
        return f"{self.source} -{self.name}-> {self.destination}"


@dataclass(frozen=True, slots=True)
class StatedStage:
    """The details of a stage as the file states them; None where it states none."""

    pays: float | None = None
    roles: tuple[str, ...] = ()
    typical_days: float | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """A journey as a file states it.

    Attributes:
        source: The file.
        stages: The stages in order.
        initial: The initial stages, the default first.
        terminal: The terminal stages.
        moves: The moves by stage and name.
        details: The details of each stage.
    """

    source: str
    stages: tuple[str, ...]
    initial: tuple[str, ...]
    terminal: tuple[str, ...]
    moves: Mapping[tuple[str, str], StatedMove]
    details: Mapping[str, StatedStage]

    @property
    def move_names(self) -> tuple[str, ...]:
        """The names of all moves, each once."""
        return tuple(dict.fromkeys(name for _, name in self.moves))


def read_statement(table: Mapping[str, Any], source: str) -> Statement:
    """The statement of a table ``[journey]`` that has passed all checks.

    Args:
        table: The keys of the table, with stages and moves.
        source: The file, for messages.
    """
    stages, terminal = _list(table["stages"]), _list(table.get("terminal", ()))
    moves = [move for rule in table["moves"] for move in _expand(rule, stages, terminal)]
    details = table.get("stage", {})
    return Statement(
        source,
        stages,
        _list(table["initial"]),
        terminal,
        {(move.source, move.name): move for move in moves},
        {stage: _read_stage(details.get(stage, {})) for stage in stages},
    )


def _expand(rule: Mapping[str, Any], stages: tuple[str, ...], terminal: tuple[str, ...]) -> list[StatedMove]:
    sources = _list(rule["sources"] if "sources" in rule else rule["source"])
    if sources == (_EVERY_LIVE_STAGE,):
        sources = tuple(stage for stage in stages if stage not in terminal and stage != rule["destination"])
    return [
        StatedMove(
            rule["name"],
            source,
            rule["destination"],
            rule.get("guard") or {},
            rule.get("restarts_clocks", True) or source != rule["destination"],
        )
        for source in sources
    ]


def _read_stage(given: Mapping[str, Any]) -> StatedStage:
    return StatedStage(given.get("pays"), _list(given.get("roles", ())), given.get("typical_days"))


def _list(given: Any) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
