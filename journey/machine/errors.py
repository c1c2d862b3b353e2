"""What can go wrong with a machine: a definition that cannot stand, and a move that cannot be made."""

from collections.abc import Sequence

from journey.core.errors import InputError, JourneyError


class JourneyDefinitionError(InputError):
    """A journey was defined in a way that cannot work.

    Attributes:
        problems: One sentence per mistake, each saying what is wrong, where, and how to mend it.
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
    """A question named a stage that the journey does not have.

    Attributes:
        stage: The name as given.
        stages: The stages there are.
    """

    def __init__(self, stage: str, stages: Sequence[str]) -> None:
        super().__init__(stage, tuple(stages))
        self.stage = stage
        self.stages = tuple(stages)

    def __str__(self) -> str:
        return f"there is no stage {self.stage!r}; the stages are {', '.join(self.stages)}"


class MoveError(JourneyError):
    """A move was asked for and not made.

    Attributes:
        stage: Where the customer is, and stays.
        move: The move asked for.
        legal_moves: The moves that exist from that stage.
    """

    def __init__(self, stage: str, move: str, legal_moves: Sequence[str], *more: str) -> None:
        # All arguments go to the base class, so that the error survives pickling between processes.
        super().__init__(stage, move, tuple(legal_moves), *more)
        self.stage = stage
        self.move = move
        self.legal_moves = tuple(legal_moves)

    def _legal(self) -> str:
        if not self.legal_moves:
            return "no move is legal from there"
        return f"legal from there: {', '.join(self.legal_moves)}"


class IllegalMoveError(MoveError):
    """There is no such move from this stage."""

    def __str__(self) -> str:
        return f"illegal move {self.move!r} from stage {self.stage!r}; {self._legal()}"


class BlockedMoveError(MoveError):
    """The move exists, and its guard said no.

    Attributes:
        guard: The guard's condition in words.
    """

    def __init__(self, stage: str, move: str, legal_moves: Sequence[str], guard: str) -> None:
        super().__init__(stage, move, legal_moves, guard)
        self.guard = guard

    def __str__(self) -> str:
        return f"blocked move {self.move!r} from stage {self.stage!r}: it needs {self.guard}; {self._legal()}"
