"""The event list of the review queue: a calendar queue (Brown 1988).

An event has a time, an order among events of the same time, a row, a version of that row, and a purpose. One heap of
all future events would not fit into the processor's cache. Time is therefore divided into short buckets. The events of
the current bucket are in a heap. Those of later buckets are in one unordered list per bucket, which is moved into the
heap when its bucket begins.
"""

from typing import Any

from simulation.compiled import state
from simulation.compiled.state_columns import NO_INDEX
from simulation.kernels.heap import heap_pop, heap_push


def push(S: Any, time: float, kind: int, row: int, version: int, purpose: int) -> None:
    """Add an event, ordered by (time, kind, order of insertion).

    Events after the last bucket are dropped, because they are after the horizon.
    """
    order = (kind << 56) | S.counters[state.NEXT_SEQUENCE]
    S.counters[state.NEXT_SEQUENCE] += 1
    position = time * S.gate[state.BUCKETS_PER_DAY]
    if position >= len(S.later_first):
        return
    bucket = int(position)
    if bucket <= S.counters[state.BUCKET]:
        heap_push(S.heap_floats, S.heap_ints, S.counters[state.HEAP_SIZE], time, 0.0, order, row, version, purpose)
        S.counters[state.HEAP_SIZE] += 1
        return
    slot = S.counters[state.LATER_FREE]
    S.counters[state.LATER_FREE] = S.later_ints[slot, 4]
    S.counters[state.LATER_EVENTS] += 1
    S.later_floats[slot] = time
    S.later_ints[slot, 0] = order
    S.later_ints[slot, 1] = row
    S.later_ints[slot, 2] = version
    S.later_ints[slot, 3] = purpose
    S.later_ints[slot, 4] = S.later_first[bucket]
    S.later_first[bucket] = slot


def advance_bucket(S: Any) -> None:
    """Move the events of the next bucket into the heap."""
    S.counters[state.BUCKET] += 1
    bucket = S.counters[state.BUCKET]
    slot = S.later_first[bucket]
    S.later_first[bucket] = NO_INDEX
    while slot != NO_INDEX:
        heap_push(
            S.heap_floats, S.heap_ints, S.counters[state.HEAP_SIZE], S.later_floats[slot], 0.0,
            S.later_ints[slot, 0], S.later_ints[slot, 1], S.later_ints[slot, 2], S.later_ints[slot, 3],
        )  # fmt: skip
        S.counters[state.HEAP_SIZE] += 1
        following = S.later_ints[slot, 4]
        S.later_ints[slot, 4] = S.counters[state.LATER_FREE]
        S.counters[state.LATER_FREE] = slot
        S.counters[state.LATER_EVENTS] -= 1
        slot = following


def is_event_due(S: Any, limit: float) -> bool:
    """Whether an event is due before `limit`; if so, it is the first in the heap."""
    while S.counters[state.HEAP_SIZE] == 0 and S.counters[state.LATER_EVENTS] > 0:
        advance_bucket(S)
    return bool(S.counters[state.HEAP_SIZE] > 0 and S.heap_floats[0, 0] < limit)


def pop(S: Any) -> None:
    """Remove the first event from the heap."""
    heap_pop(S.heap_floats, S.heap_ints, S.counters[state.HEAP_SIZE])
    S.counters[state.HEAP_SIZE] -= 1


KERNELS: tuple[Any, ...] = (push, advance_bucket, is_event_due, pop)
"""The functions that compiled code uses, callees before callers."""

INLINED: tuple[Any, ...] = (push, pop)
"""The functions that are inlined where compiled code calls them, because most events call them."""
