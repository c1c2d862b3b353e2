"""Which of a customer's scheduled events is due first."""

from typing import Any

from simulation.kernels.branchless import select
from simulation.model.event_types import EVENT_COUNT

_HALF = (EVENT_COUNT + 1) // 2


def next_event(customer: Any) -> int:
    """The customer's event that is due first."""
    times = customer.event_times
    entry, time = 0, times[0]
    for other in range(1, EVENT_COUNT):
        sooner = times[other] < time
        entry, time = select(sooner, other, entry), select(sooner, times[other], time)
    return int(entry)


def next_event_except(customer: Any, excluded: int) -> int:
    """The event that is due first, apart from `excluded`, which must not be the first event of either half."""
    times = customer.event_times
    # The two halves are independent, so the processor can compare them in parallel.
    early, first = 0, times[0]
    late, second = _HALF, times[_HALF]
    for entry in range(1, _HALF):
        if entry != excluded:
            sooner = times[entry] < first
            early, first = select(sooner, entry, early), select(sooner, times[entry], first)
        other = _HALF + entry
        if other < EVENT_COUNT and other != excluded:
            sooner = times[other] < second
            late, second = select(sooner, other, late), select(sooner, times[other], second)
    return int(select(first <= second, early, late))


KERNELS: tuple[Any, ...] = (next_event, next_event_except)
"""The functions that compiled code uses."""

INLINED: tuple[Any, ...] = (next_event_except,)
"""The functions that are inlined where compiled code calls them, because most events call them."""
