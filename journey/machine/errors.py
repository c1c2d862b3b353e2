"""Errors of the state machine: an invalid definition, and a move that cannot be made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from journey.core.errors import InputError, JourneyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journey.machine.moves import Move


class JourneyDefinitionError(InputError):
    """The definition of a journey is invalid.

    Attributes:
        problems: One sentence per mistake: what is wrong, where, and how to correct it.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        if len(self.problems) == 1:
            return self.problems[0]
        lines = "".join(f"\n  - {problem}" for problem in self.problems)
        return f"the journey has {len(self.problems)} mistakes:{lines}"


class UnknownStageError(InputError):
    """A stage name is not a stage of the journey.

    Attributes:
        stage: The name as given.
        stages: The stages of the journey.
    """

    def __init__(self, stage: str, stages: Sequence[str]) -> None:
        super().__init__(stage, tuple(stages))
        self.stage = stage
        self.stages = tuple(stages)

    def __str__(self) -> str:
        return f"there is no stage {self.stage!r}; the stages are {', '.join(self.stages)}"


class MoveError(JourneyError):
    """A requested move was not made.

    Attributes:
        stage: The customer's stage, which is unchanged.
        move: The requested move.
        legal_moves: The moves that exist from that stage.
    """

    def __init__(self, stage: str, move: str, legal_moves: Sequence[Move], *more: str) -> None:
        # All arguments go to the base class, so that the error survives pickling between processes.
        super().__init__(stage, move, tuple(legal_moves), *more)
        self.stage = stage
        self.move = move
        self.legal_moves = tuple(legal_moves)

    def _legal(self) -> str:
        if not self.legal_moves:
            return "no move is legal from there"
        return f"legal from there: {', '.join(move.name for move in self.legal_moves)}"


class IllegalMoveError(MoveError):
    """The stage has no such move."""

    def __str__(self) -> str:
        return f"illegal move {self.move!r} from stage {self.stage!r}; {self._legal()}"


class BlockedMoveError(MoveError):
    """The move exists, but the condition of its guard is not met.

    Attributes:
        guard: The guard's condition in words.
    """

    def __init__(self, stage: str, move: str, legal_moves: Sequence[Move], guard: str) -> None:
        super().__init__(stage, move, legal_moves, guard)
        self.guard = guard

    def __str__(self) -> str:
        return f"blocked move {self.move!r} from stage {self.stage!r}: it needs {self.guard}; {self._legal()}"
