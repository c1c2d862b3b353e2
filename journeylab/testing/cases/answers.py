"""The answers of a journey to a request, in every form in which the software uses it."""

from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING, NamedTuple

from journey.machine import BlockedMoveError, IllegalMoveError, Journey, MoveResult, Position
from journeylab.testing.cases.case import CaseError

if TYPE_CHECKING:
    from journey.machine import Facts

MACHINE, COLUMNS, FILE, COPY = "the state machine", "the tables", "the journey written and read", "a pickled copy"
"""The forms of a journey."""


class Answer(NamedTuple):
    """The answer to a request.

    Attributes:
        result: The result.
        stage: The stage afterwards.
    """

    result: MoveResult
    stage: str

    def __str__(self) -> str:
        return f"MOVED to {self.stage}" if self.result is MoveResult.MOVED else self.result.name


class Forms:
    """One journey in its forms: the machine of `transitions`, integer tables, text, and a copy in another process.

    Args:
        journey: The journey.
    """

    def __init__(self, journey: Journey) -> None:
        self.journey = journey
        self._machines = {
            MACHINE: journey,
            FILE: Journey.from_dict(json.loads(json.dumps(journey.to_dict()))),
            COPY: pickle.loads(pickle.dumps(journey)),  # noqa: S301 - pickled here
        }

    def ask(self, stage: str, move: str, facts: Facts) -> dict[str, Answer]:
        """The answer of each form to a request."""
        answers = {form: _ask_machine(journey, stage, move, facts) for form, journey in self._machines.items()}
        return {**answers, COLUMNS: _ask_tables(self.journey, stage, move, facts)}


def _ask_machine(journey: Journey, stage: str, move: str, facts: Facts) -> Answer:
    position = Position(stage)
    result = journey.request(position, move, facts)
    asked = Answer(result, position.stage)
    try:
        made = Answer(MoveResult.MOVED, journey.move(stage, move, facts))
    except IllegalMoveError:
        made = Answer(MoveResult.ILLEGAL, stage)
    except BlockedMoveError:
        made = Answer(MoveResult.BLOCKED, stage)
    if made != asked:
        raise CaseError(f"{move} from {stage}: `request` answers {asked}, and `move` {made}")
    return asked


def _ask_tables(journey: Journey, stage: str, move: str, facts: Facts) -> Answer:
    compiled = journey.compile()
    at, by = compiled.encode_stages([stage]), compiled.encode_moves([move])
    result = MoveResult(int(compiled.request(at, by, facts.as_columns())[0]))
    if result is not MoveResult.MOVED:
        return Answer(result, stage)
    return Answer(result, compiled.stages[compiled.rows[int(at[0])][int(by[0])]])
