"""What was made lately, for whoever asks for the same again.

Runs of one arm follow one another, replication by replication, and what does not depend on luck need not be made for
each of them.
"""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Value = TypeVar("Value")

_CAPACITY = 8
"""So many things are remembered: as many as a comparison has arms, or nearly."""


class IdentityCache(Generic[Value]):
    """The last few things that were made, none of which anybody changes."""

    def __init__(self) -> None:
        self._entries: list[tuple[tuple[object, ...], tuple[object, ...], Value]] = []

    def get_or_create(self, objects: Sequence[object], key: tuple[object, ...], create: Callable[[], Value]) -> Value:
        """What was made lately, or is made now.

        Args:
            objects: Of which objects it is made: of these very ones, because comparing arms takes longer than most of
                what is made of them.
            key: All else that it depends on.
            create: Makes it.
        """
        # A copy, because other threads may remember something meanwhile.
        for entry_objects, entry_key, value in tuple(self._entries):
            if entry_key == key and len(entry_objects) == len(objects) and all(map(is_, entry_objects, objects)):
                return value
        value = create()
        self._entries.insert(0, (tuple(objects), key, value))
        del self._entries[_CAPACITY:]
        return value
