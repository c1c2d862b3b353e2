"""Asking for moves: the `transitions` machine behind a journey, and the three answers it can give.

One machine serves any number of customers: an unregistered light object is handed to the machine's event. (Registering
thousands of models takes time that grows with their square, and memory for bound methods that nobody calls.)
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any, Protocol

from journey.machine.errors import BlockedMoveError, IllegalMoveError

if TYPE_CHECKING:
    from journey.machine.definition import Journey
    from journey.machine.guards import Facts


class MoveResult(IntEnum):
    """What became of a request for a move. Compare with the members; all of them are true as booleans."""

    MOVED = 1
    """The move was made."""
    BLOCKED = 2
    """The move exists from this stage; its guard said no."""
    ILLEGAL = 3
    """There is no such move from this stage."""


class HasStage(Protocol):
    """Anything that is somewhere in a journey."""

    stage: str


class Position:
    """Where one customer is in a journey: as light as an object can be.

    Attributes:
        stage: Name of the present stage.
    """

    __slots__ = ("stage",)

    def __init__(self, stage: str) -> None:
        self.stage = stage

    def __repr__(self) -> str:
        return f"Position({self.stage!r})"


def build_machine(journey: Journey) -> Any:
    """The `transitions.Machine` of the journey, without automatic moves and without registered models.

    No `on_exception` handler is set: with one, the library hands it the error that says "illegal" and goes on as if
    nothing had happened.
    """
    from transitions import Machine

    machine = Machine(
        model=None,
        states=list(journey.stages),
        initial=None,
        auto_transitions=False,
        model_attribute="stage",
    )
    for move in journey.moves:
        # `Guard.allows` returns a real bool; the library compares the answer with `== True`.
        conditions: Any = [move.guard.allows] if move.guard else None
        machine.add_transition(move.name, move.source, move.destination, conditions=conditions)
    return machine


def request(journey: Journey, where: HasStage | str, move: str, facts: Facts | None) -> MoveResult:
    """Ask the journey's machine for a move; see `Journey.request`."""
    from transitions import MachineError

    position = Position(where) if isinstance(where, str) else where
    event = journey.machine.events.get(move)
    if event is None or position.stage not in journey.machine.states:
        return MoveResult.ILLEGAL
    try:
        moved = event.trigger(position, facts)
    except MachineError:
        return MoveResult.ILLEGAL
    if moved:
        return MoveResult.MOVED
    # The library also answers False where someone has read `event.transitions[stage]` and so inserted an empty list.
    return MoveResult.BLOCKED if (position.stage, move) in journey.arcs else MoveResult.ILLEGAL


def move_or_raise(journey: Journey, where: HasStage | str, move: str, facts: Facts | None) -> str:
    """Make a move and return the new stage, or raise; see `Journey.move`."""
    position = Position(where) if isinstance(where, str) else where
    stage = position.stage
    result = request(journey, position, move, facts)
    if result is MoveResult.ILLEGAL:
        raise IllegalMoveError(stage, move, journey.legal_moves(stage))
    if result is MoveResult.BLOCKED:
        guard = journey.arcs[stage, move].guard
        raise BlockedMoveError(stage, move, journey.legal_moves(stage), str(guard))
    return position.stage
