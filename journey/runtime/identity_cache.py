"""What was made lately, for whoever asks for the same again.

Runs of one arm follow one another, replication by replication, and what does not depend on luck need not be made for
each of them.
"""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Made = TypeVar("Made")

_KEPT = 8
"""So many things are remembered: as many as a comparison has arms, or nearly."""


class Lately(Generic[Made]):
    """The last few things that were made, none of which anybody changes."""

    def __init__(self) -> None:
        self._kept: list[tuple[tuple[object, ...], tuple[object, ...], Made]] = []

    def made(self, of: Sequence[object], how: tuple[object, ...], make: Callable[[], Made]) -> Made:
        """What was made lately, or is made now.

        Args:
            of: Of which objects it is made: of these very ones, because comparing arms takes longer than most of what
                is made of them.
            how: All else that it depends on.
            make: Makes it.
        """
        # A copy, because other threads may remember something meanwhile.
        for known, asked, found in tuple(self._kept):
            if asked == how and len(known) == len(of) and all(map(is_, known, of)):
                return found
        found = make()
        self._kept.insert(0, (tuple(of), how, found))
        del self._kept[_KEPT:]
        return found
