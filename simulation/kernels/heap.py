"""A binary heap in two arrays: what is first by two numbers, and by a third where they are equal.

Row `k` of `floats` (two columns) and of `ints` (four) is one entry; the order is that of ``floats[k, 0]``, then
``floats[k, 1]``, then ``ints[k, 0]``, which no two entries share. The other columns are luggage.
"""

from typing import Any

from simulation.kernels.branchless import either


def is_before(first: float, second: float, number: int, floats: Any, ints: Any, place: int) -> bool:
    """Whether an entry with these numbers comes before the one at `place`."""
    if first != floats[place, 0]:
        return bool(first < floats[place, 0])
    if second != floats[place, 1]:
        return bool(second < floats[place, 1])
    return bool(number < ints[place, 0])


def set_down(floats: Any, ints: Any, place: int, source: int) -> None:
    """Copy the entry at `source` to `place`."""
    floats[place, 0] = floats[source, 0]
    floats[place, 1] = floats[source, 1]
    for column in range(4):
        ints[place, column] = ints[source, column]


def heap_push(
    floats: Any, ints: Any, size: int, first: float, second: float, number: int, a: int, b: int, c: int
) -> None:
    """Add an entry to a heap of `size` entries; there must be room for it."""
    place = size
    while place > 0:
        parent = (place - 1) >> 1
        if not is_before(first, second, number, floats, ints, parent):
            break
        set_down(floats, ints, place, parent)
        place = parent
    floats[place, 0] = first
    floats[place, 1] = second
    ints[place, 0] = number
    ints[place, 1] = a
    ints[place, 2] = b
    ints[place, 3] = c


def heap_pop(floats: Any, ints: Any, size: int) -> None:
    """Take the first entry out of a heap of `size` entries, at least one."""
    last = size - 1
    place = 0
    while True:
        child = 2 * place + 1
        if child >= last:
            break
        other = child + 1
        if other < last:
            sooner = is_before(floats[other, 0], floats[other, 1], ints[other, 0], floats, ints, child)
            child = either(sooner, other, child)
        if is_before(floats[last, 0], floats[last, 1], ints[last, 0], floats, ints, child):
            break
        set_down(floats, ints, place, child)
        place = child
    set_down(floats, ints, place, last)


KERNELS: tuple[Any, ...] = (is_before, set_down, heap_push, heap_pop)
"""The functions that compiled code uses, callees before callers."""
