"""Which moves do the user's own tests make? Records the moves of journeys while a test runs."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from journey.machine import MoveResult, requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from journey.machine import Facts, Journey
    from journey.machine.requests import HasStage

MadeMove = tuple[str, str, str]
"""The fingerprint of a journey, a stage, and the name of a move that was made from it."""


@contextmanager
def recording(made: set[MadeMove]) -> Iterator[None]:
    """Record every move that `Journey.request` or `Journey.move` makes meanwhile."""
    original = requests.request

    def request(journey: Journey, where: HasStage | str, move: str, facts: Facts | None) -> MoveResult:
        stage = where if isinstance(where, str) else where.stage
        result = original(journey, where, move, facts)
        if result is MoveResult.MOVED:
            made.add((journey.fingerprint, stage, move))
        return result

    requests.request = request
    try:
        yield
    finally:
        requests.request = original
