"""The smallest set of paths that makes every move of a journey at least once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from journey.machine.definition import Journey
    from journey.machine.moves import Move


def covering_paths(journey: Journey) -> tuple[tuple[Move, ...], ...]:
    """The smallest set of paths from the initial stages that makes every reachable move."""
    raise NotImplementedError
