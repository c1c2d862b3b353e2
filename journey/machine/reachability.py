"""Questions about the structure of a journey: reachable stages, dead ends and paths.

Guards are ignored: the answers are about the rules, not about one customer.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from journey.core.findings import Finding, FindingSeverity
from journey.machine.errors import UnknownStageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from journey.machine.definition import Journey
    from journey.machine.moves import Move


def reachable_stages(journey: Journey) -> frozenset[str]:
    """The stages that some path from an initial stage reaches, the initial stages included."""
    return _closure(journey.initial, ((m.source, m.destination) for m in journey.moves))


def unreachable_stages(journey: Journey) -> tuple[str, ...]:
    """Stages that no path from an initial stage reaches, in stage order."""
    reached = reachable_stages(journey)
    return tuple(stage for stage in journey.stages if stage not in reached)


def dead_ends(journey: Journey) -> tuple[str, ...]:
    """Live stages without an outgoing move (a move back into the same stage does not count)."""
    left = {move.source for move in journey.moves if move.source != move.destination}
    return tuple(stage for stage in journey.live if stage not in left)


def cannot_finish(journey: Journey) -> tuple[str, ...]:
    """Live stages from which no path leads to a terminal stage; all of them if no stage is terminal."""
    finishing = _closure(journey.terminal, ((m.destination, m.source) for m in journey.moves))
    return tuple(stage for stage in journey.live if stage not in finishing)


def shortest_path(journey: Journey, start: str, end: str) -> tuple[Move, ...] | None:
    """The fewest moves from `start` to `end`, ties broken by the journey's order; None if there is no path.

    Raises:
        UnknownStageError: The journey does not have one of the stages.
    """
    for stage in (start, end):
        if stage not in journey.stages:
            raise UnknownStageError(stage, journey.stages)
    move_to: dict[str, Move | None] = {start: None}
    queue = deque([start])
    while queue and end not in move_to:
        stage_reached = queue.popleft()
        for move in journey.moves:
            if move.source == stage_reached and move.destination not in move_to:
                move_to[move.destination] = move
                queue.append(move.destination)
    return _trace_back(move_to, end) if end in move_to else None


def _trace_back(move_to: dict[str, Move | None], end: str) -> tuple[Move, ...]:
    path: list[Move] = []
    move = move_to[end]
    while move is not None:
        path.append(move)
        move = move_to[move.source]
    return tuple(reversed(path))


def _closure(seeds: Iterable[str], arcs: Iterable[tuple[str, str]]) -> frozenset[str]:
    """All stages reachable from the seeds along the arcs, the seeds included."""
    outgoing: dict[str, list[str]] = {}
    for source, destination in arcs:
        outgoing.setdefault(source, []).append(destination)
    reached = set(seeds)
    queue = list(reached)
    while queue:
        for stage in outgoing.get(queue.pop(), ()):
            if stage not in reached:
                reached.add(stage)
                queue.append(stage)
    return frozenset(reached)


def findings(journey: Journey) -> list[Finding]:
    """Weaknesses of valid rules, as findings on the set ``journey``."""
    ends = set(dead_ends(journey))
    return [
        *(
            _build_finding("unreachable-stage", stage, "no path from an initial stage leads to it")
            for stage in unreachable_stages(journey)
        ),
        *(
            _build_finding("dead-end-stage", stage, "it is not terminal and no move leaves it")
            for stage in dead_ends(journey)
        ),
        *(
            _build_finding("cannot-finish", stage, "no path from it leads to a terminal stage")
            for stage in cannot_finish(journey)
            if stage not in ends and journey.terminal
        ),
    ]


def _build_finding(code: str, stage: str, why: str) -> Finding:
    return Finding(code, FindingSeverity.WARNING, "journey", stage, None, f"Stage {stage!r}: {why}.")
