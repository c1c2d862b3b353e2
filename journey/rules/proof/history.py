"""Histories of moves, without times and without events that the journey does not determine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from journey.rules.event_names import MOVE, STAGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journey.machine import Move
    from journey.rules.proof.configurations import Step

Event = tuple[str, str]
"""An event: its kind and its label."""

_SHOWN_MOVES = 10
"""Moves at the beginning and at the end of a history that its text has."""


@dataclass(frozen=True, slots=True)
class History:
    """A history of moves.

    Attributes:
        start: The stage in which it begins.
        moves: Its moves; none if it only begins.
        open_moves: Those with guards that the journey alone does not decide.
        is_complete: Whether it has ended in a terminal stage.
    """

    start: str
    moves: tuple[Move, ...] = ()
    open_moves: tuple[Move, ...] = ()
    is_complete: bool = False

    def to_rows(self) -> list[dict[str, str]]:
        """The moves as the command line's JSON."""
        return [{"stage": move.source, "move": move.name, "to_stage": move.destination} for move in self.moves]

    def __str__(self) -> str:
        """The history as a path; the middle of a long one is left out."""
        steps = [f" -{move.name}-> {move.destination}" for move in self.moves]
        if len(steps) > 2 * _SHOWN_MOVES:
            left_out = len(steps) - 2 * _SHOWN_MOVES
            steps[_SHOWN_MOVES:-_SHOWN_MOVES] = [f" ... ({left_out} moves) ..."]
        return self.start + "".join(steps)


def list_move_events(move: Move) -> tuple[Event, ...]:
    """The events of a move: the move, and the entry into its destination, if a stay begins there."""
    if move.restarts_clocks or move.source != move.destination:
        return (MOVE, move.name), (STAGE, move.destination)
    return ((MOVE, move.name),)


def build_history(start: str, steps: Sequence[Step], *, is_complete: bool) -> History:
    """The history of some steps."""
    open_moves = dict.fromkeys(step.move for step in steps if step.is_open)
    return History(start, tuple(step.move for step in steps), tuple(open_moves), is_complete)
