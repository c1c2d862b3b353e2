"""What happens next at the gate, in order of time: a heap for the present, and lists for what is later.

An entry is a time, an order among what happens at one time, and what it is about: whom, in which version, and what. A
heap of all that is to come would be as large as the gate is busy, and every access would miss the cache. So time is cut
into short stretches: only the entries of the present one stand in a heap, all others in an unordered list for each
stretch, from which they are taken when their stretch begins.
"""

from typing import Any

from simulation.compiled import state
from simulation.compiled.state_columns import NOTHING
from simulation.kernels.heap import heap_pop, heap_push


def push(S: Any, time: float, kind: int, who: int, version: int, what: int) -> None:
    """Note something, ordered by (time, kind, when it was noted); what is due after the last stretch never happens."""
    order = (kind << 56) | S.counters[state.NEXT_SEQUENCE]
    S.counters[state.NEXT_SEQUENCE] += 1
    stretches = time * S.gate[state.STRETCHES_PER_DAY]
    if stretches >= len(S.later_first):
        return
    stretch = int(stretches)
    if stretch <= S.counters[state.STRETCH]:
        heap_push(S.heap_floats, S.heap_ints, S.counters[state.HEAP_SIZE], time, 0.0, order, who, version, what)
        S.counters[state.HEAP_SIZE] += 1
        return
    place = S.counters[state.LATER_FREE]
    S.counters[state.LATER_FREE] = S.later_ints[place, 4]
    S.counters[state.LATER] += 1
    S.later_floats[place] = time
    S.later_ints[place, 0] = order
    S.later_ints[place, 1] = who
    S.later_ints[place, 2] = version
    S.later_ints[place, 3] = what
    S.later_ints[place, 4] = S.later_first[stretch]
    S.later_first[stretch] = place


def turn_page(S: Any) -> None:
    """Take the entries of the next stretch into the heap."""
    S.counters[state.STRETCH] += 1
    stretch = S.counters[state.STRETCH]
    place = S.later_first[stretch]
    S.later_first[stretch] = NOTHING
    while place != NOTHING:
        heap_push(
            S.heap_floats, S.heap_ints, S.counters[state.HEAP_SIZE], S.later_floats[place], 0.0,
            S.later_ints[place, 0], S.later_ints[place, 1], S.later_ints[place, 2], S.later_ints[place, 3],
        )  # fmt: skip
        S.counters[state.HEAP_SIZE] += 1
        following = S.later_ints[place, 4]
        S.later_ints[place, 4] = S.counters[state.LATER_FREE]
        S.counters[state.LATER_FREE] = place
        S.counters[state.LATER] -= 1
        place = following


def is_anything_due(S: Any, limit: float) -> bool:
    """Whether something is due before a moment; it then stands first in the heap."""
    while S.counters[state.HEAP_SIZE] == 0 and S.counters[state.LATER] > 0:
        turn_page(S)
    return bool(S.counters[state.HEAP_SIZE] > 0 and S.heap_floats[0, 0] < limit)


def strike(S: Any) -> None:
    """Take the first entry out of the heap."""
    heap_pop(S.heap_floats, S.heap_ints, S.counters[state.HEAP_SIZE])
    S.counters[state.HEAP_SIZE] -= 1


KERNELS: tuple[Any, ...] = (push, turn_page, is_anything_due, strike)
"""The functions that compiled code uses, callees before callers."""
