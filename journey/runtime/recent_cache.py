"""A small cache of the most recent results.

A comparison runs the same arms for one replication after another. Inputs that do not depend on random numbers are
prepared once and reused.
"""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Value = TypeVar("Value")

_CAPACITY = 8
"""Default number of cached results: about the number of arms in a comparison."""


class RecentCache(Generic[Value]):
    """A cache of the last few results. Callers must not modify a cached result."""

    def __init__(self, capacity: int = _CAPACITY, matches: Callable[[object, object], object] = is_) -> None:
        """An empty cache.

        Args:
            capacity: Number of results to keep.
            matches: Compares the objects of a request with those of a cached result. `operator.is_`, the default, suits
                large objects that are costly to compare; `operator.eq` also finds results of equal objects.
        """
        self._capacity, self._matches = capacity, matches
        self._entries: list[tuple[tuple[object, ...], tuple[object, ...], Value]] = []

    def get_or_create(self, objects: Sequence[object], key: tuple[object, ...], create: Callable[[], Value]) -> Value:
        """The cached result for these objects and this key; it is created and cached if there is none.

        Args:
            objects: The objects that the result depends on, compared by `matches`.
            key: All other values that the result depends on, compared by equality.
            create: Creates the result. If it raises an error, nothing is cached.
        """
        # Iterate over a copy: other threads may add entries in the meantime.
        for entry_objects, entry_key, value in tuple(self._entries):
            same_length = len(entry_objects) == len(objects)
            if entry_key == key and same_length and all(map(self._matches, entry_objects, objects)):
                return value
        value = create()
        self._entries.insert(0, (tuple(objects), key, value))
        del self._entries[self._capacity :]
        return value

    def clear(self) -> None:
        """Remove all cached results."""
        self._entries.clear()
