"""Clocks and times for tests of benchmarks."""

from dataclasses import replace

import numpy as np

from scenarios.latency.machine import Timer
from scenarios.latency.rounds import Customers, ProcessTimes

CUSTOMERS = Customers("records", "2030-01-01", {"customers": 4}, ("support", None, "onboarding", "limbo"), (0, 3, 4, 9))


class SteppingClock:
    """A clock that advances by one microsecond at each reading; `stop_at` is the reading at which Ctrl-C comes."""

    def __init__(self, stop_at=None):
        self.readings = 0
        self.stop_at = stop_at

    def __call__(self):
        self.readings += 1
        if self.readings == self.stop_at:
            raise KeyboardInterrupt
        return 1_000 * self.readings


def process_times(with_reasons, single, pace=1_000.0, batch=8_000, **changes):
    """The times of a process that measured four customers."""
    times = ProcessTimes(
        customers=CUSTOMERS,
        rounds=2,
        passes=1,
        warm_up=4,
        timer=Timer("test", 1.0, 1, 1.0),
        with_reasons=np.array(with_reasons),
        single=np.array(single),
        pace_ns=pace,
        batch_ns=batch,
        batch_peak_bytes=100,
        batch_added_bytes=10,
        interrupted=False,
    )
    return replace(times, **changes)
