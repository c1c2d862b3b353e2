"""A SimPy environment in which things happen at exact times.

SimPy schedules by delay, and ``now + (due - now)`` is not always ``due``. Here an event is scheduled at its due time,
to the last bit, so that the order of events and the times in the trace do not depend on who waited since when.
"""

from __future__ import annotations

from heapq import heappush
from typing import TYPE_CHECKING

import simpy

if TYPE_CHECKING:
    from collections.abc import Callable

# What happens at one instant happens in this order. SimPy's own interrupts are URGENT (0).
BEFORE_ALL = simpy.events.EventPriority(0)
CUSTOMERS = simpy.events.EventPriority(1)
AFTER_ALL = simpy.events.EventPriority(2)


class ExactEnvironment(simpy.Environment):
    """An environment with absolute times."""

    def at(self, time: float, priority: simpy.events.EventPriority = CUSTOMERS) -> simpy.Event:
        """An event that happens at `time` (or now, should that have passed)."""
        event = simpy.Event(self)
        # Triggered but not yet processed, as SimPy's own Timeout is; the private names are those of our base class.
        event._ok, event._value = True, None  # noqa: SLF001
        heappush(self._queue, (max(time, self._now), priority, next(self._eid), event))
        return event

    def call_at(self, time: float, priority: simpy.events.EventPriority, action: Callable[[], None]) -> None:
        """Call `action` at `time`."""
        event = self.at(time, priority)
        assert event.callbacks is not None
        event.callbacks.append(lambda _: action())
