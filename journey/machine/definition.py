"""The rules of a journey: stages and legal moves, immutable, checked when they are made.

The rules live apart from whoever has a stage. A `Journey` answers questions about the rules and hands out the
machine; it holds no customer.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from journey.machine import path_cover, reachability, requests, serialisation, validation
from journey.machine.moves import EVERY_LIVE_STAGE, Move, MoveRule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from journey.core.findings import Finding
    from journey.machine.compiled import CompiledJourney
    from journey.machine.guards import Facts


@dataclass(frozen=True)
class Journey:
    """An explicit finite-state machine: the single source of truth for which moves are legal.

    Most are made with `Journey.build`, which expands rules with several sources, or with `Journey.from_dict`.

    Attributes:
        stages: All stages, in their order; a stage's place is its code in tables.
        moves: The legal moves, one per (stage, move name), ordered by move, then by stage.
        initial: Stages in which a customer may begin; the first is the default.
        terminal: Stages in which a journey ends, in stage order; no move leaves them.
        name: A title for pictures and messages; it has no part in equality or in the fingerprint.

    Raises:
        JourneyDefinitionError: The definition cannot work; the error lists every mistake.
    """

    stages: tuple[str, ...]
    moves: tuple[Move, ...]
    initial: tuple[str, ...]
    terminal: tuple[str, ...] = ()
    name: str = field(default="journey", compare=False)

    def __post_init__(self) -> None:
        for given in ("stages", "initial", "terminal"):
            object.__setattr__(self, given, _as_names(getattr(self, given)))
        validation.refuse_mistakes(self.stages, self.moves, self.initial, self.terminal)
        # One canonical order, so that two journeys with the same rules are equal and compile to the same codes.
        names = {name: code for code, name in enumerate(_unique(m.name for m in self.moves))}
        stages = {stage: code for code, stage in enumerate(self.stages)}
        moves = sorted(self.moves, key=lambda m: (names[m.name], stages[m.source]))
        object.__setattr__(self, "moves", tuple(moves))
        object.__setattr__(self, "terminal", tuple(sorted(self.terminal, key=stages.__getitem__)))

    @classmethod
    def build(
        cls,
        *,
        stages: Iterable[str],
        moves: Iterable[Move | MoveRule],
        initial: str | Iterable[str],
        terminal: str | Iterable[str] = (),
        name: str = "journey",
    ) -> Journey:
        """A journey from rules, some of which may have several sources.

        Args:
            stages: Stage names in order.
            moves: Single moves, or rules such as ``MoveRule("churn", EVERY_LIVE_STAGE, "churned")``.
            initial: The stage, or stages, in which a customer may begin.
            terminal: The stage, or stages, in which a journey ends.
            name: A title.

        Raises:
            JourneyDefinitionError: The definition cannot work; the error lists every mistake.
        """
        all_stages = _as_names(stages)
        ends = _as_names(terminal)
        live = [stage for stage in all_stages if stage not in ends]
        arcs = [arc for rule in moves for arc in rule.arcs(live)]
        return cls(all_stages, tuple(arcs), _as_names(initial), ends, name)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Journey:
        """A journey as a scenario file spells it; see `journey.machine.serialisation`.

        Raises:
            JourneyDefinitionError: A key is unknown, missing or of the wrong kind, or the definition cannot work.
        """
        return cls.build(**serialisation.parse_journey(data))

    def to_dict(self) -> dict[str, Any]:
        """The journey as plain data for a scenario file; the inverse of `from_dict`."""
        return serialisation.serialise_journey(self)

    @cached_property
    def move_names(self) -> tuple[str, ...]:
        """The names of all moves, each once; a name's place is its code in tables."""
        return _unique(move.name for move in self.moves)

    @cached_property
    def live(self) -> tuple[str, ...]:
        """The stages that are not terminal, in stage order."""
        return tuple(stage for stage in self.stages if stage not in self.terminal)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the rules, in hexadecimal: equal for equal journeys, on every machine and in every version."""
        rules = {
            "stages": self.stages,
            "initial": self.initial,
            "terminal": self.terminal,
            "moves": [(m.name, m.source, m.destination, m.guard.to_dict() if m.guard else None) for m in self.moves],
        }
        text = json.dumps(rules, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def arcs(self) -> Mapping[tuple[str, str], Move]:
        """Every legal move by (stage, move name)."""
        return {(move.source, move.name): move for move in self.moves}

    # -- asking for moves ------------------------------------------------------------------------

    def request(self, where: requests.HasStage | str, move: str, facts: Facts | None = None) -> requests.MoveResult:
        """Ask for a move; never raises because of a stage or a move that does not exist.

        Args:
            where: A customer's position, which is moved if the answer is MOVED; or the name of a stage, to only ask.
            move: Name of the move.
            facts: What guards may look at. Left out, a guarded move is blocked.

        Returns:
            MOVED, BLOCKED (the guard said no) or ILLEGAL (there is no such move).
        """
        return requests.request(self, where, move, facts)

    def move(self, where: requests.HasStage | str, move: str, facts: Facts | None = None) -> str:
        """Make a move and return the stage it leads to; see `request` for the arguments.

        Raises:
            IllegalMoveError: There is no such move from this stage.
            BlockedMoveError: The move's guard said no.
        """
        return requests.move_or_raise(self, where, move, facts)

    @cached_property
    def machine(self) -> Any:
        """The `transitions.Machine` of this journey, without any model registered to it."""
        return requests.build_machine(self)

    def compile(self) -> CompiledJourney:
        """The journey as integer tables, for every place where speed matters; made once."""
        return self._compiled

    @cached_property
    def _compiled(self) -> CompiledJourney:
        from journey.machine.compiled import compile_journey

        return compile_journey(self)

    # -- questions -------------------------------------------------------------------------------

    def is_legal(self, stage: str, move: str) -> bool:
        """Whether the move exists from this stage, whatever its guard says."""
        return (stage, move) in self.arcs

    def legal_moves(self, stage: str) -> tuple[str, ...]:
        """The moves that exist from this stage, in the journey's order; none for a stage that does not exist."""
        return tuple(name for name in self.move_names if (stage, name) in self.arcs)

    def is_legal_step(self, stage: str, to_stage: str) -> bool:
        """Whether some move leads from one stage directly to the other."""
        return any(m.source == stage and m.destination == to_stage for m in self.moves)

    def unreachable_stages(self) -> tuple[str, ...]:
        """Stages that no path from an initial stage leads to."""
        return reachability.unreachable_stages(self)

    def dead_ends(self) -> tuple[str, ...]:
        """Stages that cannot be left although they are not terminal."""
        return reachability.dead_ends(self)

    def cannot_finish(self) -> tuple[str, ...]:
        """Stages that are not terminal and from which no path leads to a terminal stage."""
        return reachability.cannot_finish(self)

    def shortest_path(self, start: str, end: str) -> tuple[Move, ...] | None:
        """The fewest moves from one stage to another; empty if they are the same, None if there is no way.

        Raises:
            UnknownStageError: The journey does not have one of the stages.
        """
        return reachability.shortest_path(self, start, end)

    def covering_paths(self) -> tuple[tuple[Move, ...], ...]:
        """The smallest set of paths from the initial stages that makes every reachable move; see `covering`."""
        return path_cover.covering_paths(self)

    def findings(self) -> list[Finding]:
        """What is legal but odd about the rules: stages never reached, never left, or with no way to an end."""
        return reachability.findings(self)

    def __reduce__(self) -> tuple[Any, ...]:
        # The machine and the tables are made again where they are needed, not sent between processes.
        return (Journey, (self.stages, self.moves, self.initial, self.terminal, self.name))


def _as_names(given: str | Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def default_journey() -> Journey:
    """The journey of a subscription customer: from onboarding to retention, with support, escalation and churn.

    ``support -> engagement`` is left out on purpose: who comes back from support comes back to retention.
    """
    return Journey.build(
        name="customer journey",
        stages=("onboarding", "engagement", "retention", "support", "escalation", "churned"),
        initial="onboarding",
        terminal="churned",
        moves=(
            Move("activate", "onboarding", "engagement"),
            Move("mature", "engagement", "retention"),
            MoveRule("open_ticket", ("engagement", "retention"), "support"),
            Move("resolve", "support", "retention"),
            Move("escalate", "support", "escalation"),
            Move("de_escalate", "escalation", "support"),
            Move("recover", "escalation", "retention"),
            MoveRule("churn", EVERY_LIVE_STAGE, "churned"),
        ),
    )
