"""A binary heap of records, ordered by two floats and then by an integer.

Entries are ordered by `first`, then `second`, then `order`, which is unique. The other fields are data.
"""

from typing import Any

from simulation.kernels.branchless import select

ENTRY_FIELDS = [("first", "f8"), ("second", "f8"), ("order", "i8"), ("row", "i8"), ("version", "i8"), ("purpose", "i8")]
"""Fields of an entry's structured type."""


def is_before(first: float, second: float, order: int, entry: Any) -> bool:
    """Whether an entry with these numbers comes before the given one."""
    if first != entry.first:
        return bool(first < entry.first)
    if second != entry.second:
        return bool(second < entry.second)
    return bool(order < entry.order)


def heap_push(
    heap: Any, size: int, first: float, second: float, order: int, row: int, version: int, purpose: int
) -> None:
    """Add an entry to a heap of `size` entries; the array must have room for it."""
    index = size
    while index > 0:
        parent = (index - 1) >> 1
        if not is_before(first, second, order, heap[parent]):
            break
        heap[index] = heap[parent]
        index = parent
    entry = heap[index]
    entry.first = first
    entry.second = second
    entry.order = order
    entry.row = row
    entry.version = version
    entry.purpose = purpose


def heap_pop(heap: Any, size: int) -> None:
    """Remove the first entry from a heap of `size` entries; `size` must be at least 1."""
    index, last = 0, size - 1
    entry = heap[last]
    while True:
        child = 2 * index + 1
        if child >= last:
            break
        other = child + 1
        if other < last:
            sooner = is_before(heap[other].first, heap[other].second, heap[other].order, heap[child])
            child = select(sooner, other, child)
        if is_before(entry.first, entry.second, entry.order, heap[child]):
            break
        heap[index] = heap[child]
        index = child
    heap[index] = entry


KERNELS: tuple[Any, ...] = (is_before, heap_push, heap_pop)
"""Functions to compile, callees before callers."""

INLINED: tuple[Any, ...] = (is_before, heap_push, heap_pop)
"""Functions to inline, because most events call them."""
