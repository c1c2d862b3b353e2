"""Requests for moves: the `transitions` machine of a journey, and the three results of a request.

One machine serves any number of customers: each request passes a small unregistered object to the machine's event.
(Registering models takes time that grows with the square of their number, and memory for unused bound methods.)
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any, Protocol

from journey.machine.errors import BlockedMoveError, IllegalMoveError

if TYPE_CHECKING:
    from journey.machine.definition import Journey
    from journey.machine.guards import Facts


class MoveResult(IntEnum):
    """Result of a request for a move. Compare it with the members; as booleans all of them are true."""

    MOVED = 1
    """The move was made."""
    BLOCKED = 2
    """The move exists from this stage, but the condition of its guard is not met."""
    ILLEGAL = 3
    """The stage has no such move."""


class HasStage(Protocol):
    """An object with a stage in a journey."""

    stage: str


class Position:
    """The position of one customer in a journey, in a minimal object.

    Attributes:
        stage: Name of the current stage.
    """

    __slots__ = ("stage",)

    def __init__(self, stage: str) -> None:
        self.stage = stage

    def __repr__(self) -> str:
        return f"Position({self.stage!r})"


def build_machine(journey: Journey) -> Any:
    """The `transitions.Machine` of the journey, without automatic moves and without registered models.

    It has no `on_exception` handler: with one, the library passes the error for an illegal move to the handler and
    continues.
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
        # `Guard.allows` returns a bool, because the library compares the result with `== True`.
        conditions: Any = [move.guard.allows] if move.guard else None
        machine.add_transition(move.name, move.source, move.destination, conditions=conditions)
    return machine


def request(journey: Journey, where: HasStage | str, move: str, facts: Facts | None) -> MoveResult:
    """Request a move from the journey's machine; see `Journey.request`."""
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
    # The library also returns False if `event.transitions[stage]` was read before, which inserts an empty list.
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
