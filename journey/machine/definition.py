"""The rules of a journey: stages and legal moves, immutable and validated when they are created.

A `Journey` contains rules only, no customers. It answers questions about the rules and builds the state machine.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from journey.machine import path_cover, reachability, requests, serialisation, validation
from journey.machine.moves import EVERY_LIVE_STAGE, Move, MoveRule
from journey.machine.stages import DEFAULT_TYPICAL_DAYS, ESCALATION, LOST, NO_DETAILS, SUPPORT, StageDetails

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from journey.core.findings import Finding
    from journey.machine.compiled import CompiledJourney
    from journey.machine.guards import Facts


@dataclass(frozen=True)
class Journey:
    """An explicit finite-state machine: the single source of truth for which moves are legal.

    Use `Journey.build`, which expands rules with several sources, or `Journey.from_dict` to create one.

    Attributes:
        stages: All stages, in order; a stage's index is its code in tables.
        moves: The legal moves, one per (stage, move name), ordered by move, then by stage.
        initial: Stages in which a customer may start; the first is the default.
        terminal: Stages in which a journey ends, in stage order; no move leads out of them.
        name: A title for diagrams and messages; equality and the fingerprint ignore it.
        details: The details of each stage, in stage order (`journey.machine.stages`); the fingerprint ignores them.

    Raises:
        JourneyDefinitionError: The definition is invalid; the error lists every mistake.
    """

    stages: tuple[str, ...]
    moves: tuple[Move, ...]
    initial: tuple[str, ...]
    terminal: tuple[str, ...] = ()
    name: str = field(default="journey", compare=False)
    details: tuple[StageDetails, ...] = ()

    def __post_init__(self) -> None:
        for attribute in ("stages", "initial", "terminal"):
            object.__setattr__(self, attribute, _as_names(getattr(self, attribute)))
        details = tuple(self.details) or (NO_DETAILS,) * len(self.stages)
        object.__setattr__(self, "details", details)
        validation.refuse_mistakes(self.stages, self.moves, self.initial, self.terminal, details)
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
        details: Mapping[str, StageDetails] | None = None,
    ) -> Journey:
        """A journey from rules, some of which may have several sources.

        Args:
            stages: Stage names in order.
            moves: Single moves, or rules such as ``MoveRule("churn", EVERY_LIVE_STAGE, "churned")``.
            initial: The stage, or stages, in which a customer may start.
            terminal: The stage, or stages, in which a journey ends.
            name: A title.
            details: Details of stages, by stage. Default: no details.

        Raises:
            JourneyDefinitionError: The definition is invalid; the error lists every mistake.
        """
        all_stages = _as_names(stages)
        ends = _as_names(terminal)
        live = [stage for stage in all_stages if stage not in ends]
        arcs = [arc for rule in moves for arc in rule.arcs(live)]
        own = tuple((details or {}).get(stage, NO_DETAILS) for stage in all_stages)
        with validation.refusing_unknown_stages(details or {}, all_stages):
            return cls(all_stages, tuple(arcs), _as_names(initial), ends, name, own)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Journey:
        """A journey from the data of a scenario file; see `journey.machine.serialisation`.

        Raises:
            JourneyDefinitionError: A key is unknown, missing or of the wrong type, or the definition is invalid.
        """
        return cls.build(**serialisation.parse_journey(data, default_journey))

    def to_dict(self) -> dict[str, Any]:
        """The journey as plain data for a scenario file; the inverse of `from_dict`."""
        return serialisation.serialise_journey(self)

    @cached_property
    def move_names(self) -> tuple[str, ...]:
        """The names of all moves, each once; a name's index is its code in tables."""
        return _unique(move.name for move in self.moves)

    @cached_property
    def live(self) -> tuple[str, ...]:
        """The stages that are not terminal, in stage order; `non_exit_stages` also excludes lost stages."""
        return tuple(stage for stage in self.stages if stage not in self.terminal)

    @cached_property
    def details_by_stage(self) -> Mapping[str, StageDetails]:
        """The details of each stage, in stage order."""
        return dict(zip(self.stages, self.details, strict=True))

    def with_details(self, details: Mapping[str, StageDetails]) -> Journey:
        """The same journey with other details of these stages.

        Raises:
            JourneyDefinitionError: A stage is unknown, or a detail is invalid.
        """
        changed = {**self.details_by_stage, **details}
        with validation.refusing_unknown_stages(details, self.stages):
            return replace(self, details=tuple(changed[stage] for stage in self.stages))

    def with_role(self, role: str, stages: Iterable[str]) -> Journey:
        """The same journey, in which these stages have this role besides their own.

        Raises:
            JourneyDefinitionError: A stage is unknown, or cannot have the role.
        """
        own = {stage: self.details_by_stage.get(stage, NO_DETAILS) for stage in stages}
        changed = {
            stage: replace(details, roles=(*details.roles, role))
            for stage, details in own.items()
            if role not in details.roles
        }
        return self.with_details(changed) if changed else self

    def stages_with(self, role: str) -> tuple[str, ...]:
        """The stages with this role, in stage order."""
        return tuple(stage for stage, details in self.details_by_stage.items() if role in details.roles)

    @cached_property
    def lost(self) -> tuple[str, ...]:
        """The stages with the role `lost` that are not terminal: customers have left, and may be won back."""
        return tuple(stage for stage in self.stages_with(LOST) if stage not in self.terminal)

    @cached_property
    def exit_stages(self) -> frozenset[str]:
        """The stages in which a customer has left: terminal and lost ones."""
        return frozenset((*self.terminal, *self.lost))

    @cached_property
    def non_exit_stages(self) -> tuple[str, ...]:
        """The stages in which a customer has not left: neither terminal nor lost, in stage order."""
        return tuple(stage for stage in self.stages if stage not in self.exit_stages)

    @cached_property
    def pays(self) -> tuple[float, ...]:
        """Share of the account value that customers pay, by stage: as stated, or else 1, and 0 where they have left."""
        return tuple(
            (0.0 if stage in self.exit_stages else 1.0) if details.pays is None else float(details.pays)
            for stage, details in self.details_by_stage.items()
        )

    @cached_property
    def typical_days(self) -> dict[str, float]:
        """Days after which a stay counts as stalled, by stage: as stated, or else those of `DEFAULT_TYPICAL_DAYS`."""
        stated = {
            stage: DEFAULT_TYPICAL_DAYS.get(stage) if details.typical_days is None else details.typical_days
            for stage, details in self.details_by_stage.items()
        }
        return {stage: float(days) for stage, days in stated.items() if days is not None}

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the rules, in hexadecimal; equal for equal rules, on every machine and in every version.

        The rules are the stages, the moves, and where a journey begins and ends; the details of stages are not rules.
        """
        rules = {
            "stages": self.stages,
            "initial": self.initial,
            "terminal": self.terminal,
            "moves": [
                (m.name, m.source, m.destination, m.guard.to_dict() if m.guard else None)
                + (() if m.restarts_clocks else (False,))
                for m in self.moves
            ],
        }
        text = json.dumps(rules, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def moves_within_stay(self) -> frozenset[tuple[str, str]]:
        """The moves, as (stage, move name), that lead back to their stage without beginning a new stay."""
        return frozenset((move.source, move.name) for move in self.moves if not move.restarts_clocks)

    @cached_property
    def arcs(self) -> Mapping[tuple[str, str], Move]:
        """Every legal move by (stage, move name)."""
        return {(move.source, move.name): move for move in self.moves}

    # -- requesting moves ------------------------------------------------------------------------

    def request(self, where: requests.HasStage | str, move: str, facts: Facts | None = None) -> requests.MoveResult:
        """Request a move; an unknown stage or move raises no error.

        Args:
            where: A customer's position, which changes if the result is MOVED; or the name of a stage, to test the
                move.
            move: Name of the move.
            facts: Facts for the guards. Default: unknown, so a guarded move is blocked.

        Returns:
            MOVED, BLOCKED (the guard's condition is not met) or ILLEGAL (the stage has no such move).
        """
        return requests.request(self, where, move, facts)

    def move(self, where: requests.HasStage | str, move: str, facts: Facts | None = None) -> str:
        """Make a move and return the stage it leads to; see `request` for the arguments.

        Raises:
            IllegalMoveError: The stage has no such move.
            BlockedMoveError: The condition of the move's guard is not met.
        """
        return requests.move_or_raise(self, where, move, facts)

    @cached_property
    def machine(self) -> Any:
        """The `transitions.Machine` of this journey, without a registered model."""
        return requests.build_machine(self)

    def compile(self) -> CompiledJourney:
        """The journey as integer tables, for fast code; built once."""
        return self._compiled

    @cached_property
    def _compiled(self) -> CompiledJourney:
        from journey.machine.compiled import compile_journey

        return compile_journey(self)

    # -- questions -------------------------------------------------------------------------------

    def is_legal(self, stage: str, move: str) -> bool:
        """Whether the move exists from this stage, regardless of its guard."""
        return (stage, move) in self.arcs

    def legal_moves(self, stage: str) -> tuple[Move, ...]:
        """The moves that exist from this stage, in the journey's order; empty for an unknown stage.

        Guards are ignored: each move has its condition in `Move.guard`.
        """
        return tuple(move for move in self.moves if move.source == stage)

    def is_legal_step(self, stage: str, to_stage: str) -> bool:
        """Whether some move leads from one stage directly to the other."""
        return any(m.source == stage and m.destination == to_stage for m in self.moves)

    def unreachable_stages(self) -> tuple[str, ...]:
        """Stages that no path from an initial stage reaches."""
        return reachability.unreachable_stages(self)

    def dead_ends(self) -> tuple[str, ...]:
        """Stages without an outgoing move that are not terminal."""
        return reachability.dead_ends(self)

    def cannot_finish(self) -> tuple[str, ...]:
        """Stages that are not terminal and from which no path leads to a terminal stage."""
        return reachability.cannot_finish(self)

    def shortest_path(self, start: str, end: str) -> tuple[Move, ...] | None:
        """The fewest moves from one stage to another; empty if they are the same, None if there is no path.

        Raises:
            UnknownStageError: The journey does not have one of the stages.
        """
        return reachability.shortest_path(self, start, end)

    def covering_paths(self) -> tuple[tuple[Move, ...], ...]:
        """The smallest set of paths from the initial stages with every reachable move; see `path_cover`."""
        return path_cover.covering_paths(self)

    def findings(self) -> list[Finding]:
        """Weaknesses of valid rules: unreachable stages, dead ends, and stages without a path to a terminal stage."""
        return reachability.findings(self)

    def __reduce__(self) -> tuple[Any, ...]:
        # The machine and the tables are rebuilt in each process instead of being pickled.
        return (Journey, (self.stages, self.moves, self.initial, self.terminal, self.name, self.details))


def _as_names(names: str | Iterable[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


_DEFAULT_ROLES = {"support": (SUPPORT,), "escalation": (ESCALATION,)}


def default_journey() -> Journey:
    """The journey of a subscription customer: from onboarding to retention, with support, escalation and churn.

    There is no ``support -> engagement`` on purpose: customers return from support to retention.
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
        details={
            stage: StageDetails(roles=_DEFAULT_ROLES.get(stage, ()), typical_days=days)
            for stage, days in DEFAULT_TYPICAL_DAYS.items()
        },
    )
