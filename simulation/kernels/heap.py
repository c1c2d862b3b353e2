"""A binary heap in two arrays, ordered by two floats and then by an integer.

Row `k` of `floats` (two columns) and of `ints` (four) is one entry. Entries are ordered by ``floats[k, 0]``, then
``floats[k, 1]``, then ``ints[k, 0]``, which is unique. The other columns are data.
"""

from typing import Any

from simulation.kernels.branchless import select


def is_before(first: float, second: float, number: int, floats: Any, ints: Any, index: int) -> bool:
    """Whether an entry with these numbers comes before the entry at `index`."""
    if first != floats[index, 0]:
        return bool(first < floats[index, 0])
    if second != floats[index, 1]:
        return bool(second < floats[index, 1])
    return bool(number < ints[index, 0])


def copy_entry(floats: Any, ints: Any, target: int, source: int) -> None:
    """Copy the entry at `source` to `target`."""
    floats[target, 0] = floats[source, 0]
    floats[target, 1] = floats[source, 1]
    for column in range(4):
        ints[target, column] = ints[source, column]


def heap_push(
    floats: Any, ints: Any, size: int, first: float, second: float, number: int, a: int, b: int, c: int
) -> None:
    """Add an entry to a heap of `size` entries; the arrays must have room for it."""
    index = size
    while index > 0:
        parent = (index - 1) >> 1
        if not is_before(first, second, number, floats, ints, parent):
            break
        copy_entry(floats, ints, index, parent)
        index = parent
    floats[index, 0] = first
    floats[index, 1] = second
    ints[index, 0] = number
    ints[index, 1] = a
    ints[index, 2] = b
    ints[index, 3] = c


def heap_pop(floats: Any, ints: Any, size: int) -> None:
    """Remove the first entry from a heap of `size` entries; `size` must be at least 1."""
    last = size - 1
    index = 0
    while True:
        child = 2 * index + 1
        if child >= last:
            break
        other = child + 1
        if other < last:
            sooner = is_before(floats[other, 0], floats[other, 1], ints[other, 0], floats, ints, child)
            child = select(sooner, other, child)
        if is_before(floats[last, 0], floats[last, 1], ints[last, 0], floats, ints, child):
            break
        copy_entry(floats, ints, index, child)
        index = child
    copy_entry(floats, ints, index, last)


KERNELS: tuple[Any, ...] = (is_before, copy_entry, heap_push, heap_pop)
"""The functions that compiled code uses, callees before callers."""

INLINED: tuple[Any, ...] = (is_before, copy_entry, heap_push, heap_pop)
"""The functions that are inlined where compiled code calls them, because most events call them."""
