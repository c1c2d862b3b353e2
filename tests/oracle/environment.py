"""A SimPy environment with exact event times.

SimPy schedules by delay, and ``now + (due - now)`` does not always equal ``due``. Here an event is scheduled at exactly
its due time, so that the order of events and the times in the trace do not depend on when the wait started.
"""

from __future__ import annotations

from heapq import heappush
from typing import TYPE_CHECKING

import simpy

if TYPE_CHECKING:
    from collections.abc import Callable

# Order of simultaneous events. SimPy's own interrupts are URGENT (0).
BEFORE_ALL = simpy.events.EventPriority(0)
CUSTOMERS = simpy.events.EventPriority(1)
AFTER_ALL = simpy.events.EventPriority(2)


class ExactEnvironment(simpy.Environment):
    """An environment with absolute times."""

    def at(self, time: float, priority: simpy.events.EventPriority = CUSTOMERS) -> simpy.Event:
        """An event at `time`, or now if `time` is in the past."""
        event = simpy.Event(self)
        # Triggered but not yet processed, like SimPy's Timeout, which sets the same private attributes.
        event._ok, event._value = True, None
        heappush(self._queue, (max(time, self._now), priority, next(self._eid), event))
        return event

    def call_at(self, time: float, priority: simpy.events.EventPriority, action: Callable[[], None]) -> None:
        """Call `action` at `time`."""
        event = self.at(time, priority)
        assert event.callbacks is not None
        event.callbacks.append(lambda _: action())
