"""The event list of the review queue: a calendar queue (Brown 1988).

An event has a time, an order among events of the same time, a row, a version of that row, and a purpose. One heap of
all future events would not fit into the processor's cache. Time is therefore divided into short buckets. The events of
the current bucket are in a heap. Those of later buckets are in one unordered list per bucket, which is moved into the
heap when its bucket begins.
"""

from typing import Any

from simulation.customer.state import NO_INDEX
from simulation.kernels.heap import heap_pop, heap_push


def push(engine: Any, time: float, kind: int, row: int, version: int, purpose: int) -> None:
    """Add an event, ordered by (time, kind, order of insertion).

    Events after the last bucket are dropped, because they are after the horizon.
    """
    run = engine.run[0]
    order = (kind << 56) | run.next_sequence
    run.next_sequence += 1
    position = time * engine.buckets_per_day
    if position >= len(engine.later_first):
        return
    bucket = int(position)
    if bucket <= run.bucket:
        heap_push(engine.heap, run.heap_size, time, 0.0, order, row, version, purpose)
        run.heap_size += 1
        return
    slot = run.free_later_event
    event = engine.later[slot]
    run.free_later_event = event.following
    run.later_events += 1
    event.time = time
    event.order = order
    event.row = row
    event.version = version
    event.purpose = purpose
    event.following = engine.later_first[bucket]
    engine.later_first[bucket] = slot


def advance_bucket(engine: Any) -> None:
    """Move the events of the next bucket into the heap."""
    run = engine.run[0]
    run.bucket += 1
    slot = engine.later_first[run.bucket]
    engine.later_first[run.bucket] = NO_INDEX
    while slot != NO_INDEX:
        event = engine.later[slot]
        heap_push(engine.heap, run.heap_size, event.time, 0.0, event.order, event.row, event.version, event.purpose)
        run.heap_size += 1
        following = event.following
        event.following = run.free_later_event
        run.free_later_event = slot
        run.later_events -= 1
        slot = following


def is_event_due(engine: Any, limit: float) -> bool:
    """Whether an event is due before `limit`; if so, it is the first in the heap."""
    run = engine.run[0]
    while run.heap_size == 0 and run.later_events > 0:
        advance_bucket(engine)
    return bool(run.heap_size > 0 and engine.heap[0].first < limit)


def pop(engine: Any) -> None:
    """Remove the first event from the heap."""
    run = engine.run[0]
    heap_pop(engine.heap, run.heap_size)
    run.heap_size -= 1


KERNELS: tuple[Any, ...] = (push, advance_bucket, is_event_due, pop)
"""Functions to compile, callees before callers."""

INLINED: tuple[Any, ...] = (push, pop)
"""Functions to inline, because most events call them."""
