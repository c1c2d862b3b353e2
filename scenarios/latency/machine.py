"""The machine of a measurement: its description, its memory, and its pace.

The pace is the duration of a fixed calculation. It changes with the load of the machine, the clock of its processor and
the version of Python, so times of two runs are compared as multiples of it.
"""

import os
import platform
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from math import exp, log1p
from pathlib import Path
from time import get_clock_info
from typing import NamedTuple, TypeAlias

from scenarios.execution.executor import count_usable_cpus

Clock: TypeAlias = Callable[[], int]
"""Returns a time in nanoseconds, such as `time.perf_counter_ns`."""

CALIBRATION_STEPS = 1_000
"""Steps of the calibration loop, about half a millisecond. A change makes saved runs incomparable: raise
`scenarios.latency.saved_run.FORMAT_VERSION` with it."""

TIMER_READINGS = 2_000
"""Pairs of readings of the clock from which its step and its overhead are found."""

_STATUS = Path("/proc/self/status")
_RESET_PEAK = Path("/proc/self/clear_refs")


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine and the interpreter on it.

    Attributes:
        processor: Name of the processor.
        cores: Number of cores that this process may use.
        system: Operating system and architecture.
        python: Version of Python.
        load_average: Mean number of running processes over the last minute; None where the system does not count them.
    """

    processor: str
    cores: int
    system: str
    python: str
    load_average: float | None


class Timer(NamedTuple):
    """A clock, in nanoseconds.

    Attributes:
        clock: Its implementation.
        resolution_ns: Resolution that the system states.
        step_ns: Smallest difference between two readings that differ.
        overhead_ns: Median difference between two readings that follow each other; it is part of each measured time.
    """

    clock: str
    resolution_ns: float
    step_ns: int
    overhead_ns: float


def describe_machine() -> Machine:
    """Describe this machine."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    system = f"{platform.system()} {platform.machine()}"
    return Machine(describe_processor(), count_usable_cpus(), system, platform.python_version(), load)


def describe_processor() -> str:
    """Return the name of the processor."""
    file = Path("/proc/cpuinfo")
    if file.exists():
        for line in file.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown processor"


def measure_timer(clock: Clock) -> Timer:
    """Measure the step and the overhead of a clock."""
    differences = []
    for _ in range(TIMER_READINGS):
        started = clock()
        differences.append(clock() - started)
    differences.sort()
    info = get_clock_info("perf_counter")
    step = next((difference for difference in differences if difference > 0), 0)
    return Timer(info.implementation, info.resolution * 1e9, step, float(differences[len(differences) // 2]))


def measure_pace(clock: Clock, loops: int = 3) -> int:
    """Return the nanoseconds of the calibration loop, the best of `loops`."""
    return min(_time_loop(clock) for _ in range(loops))


def _time_loop(clock: Clock) -> int:
    """Time a mix of what an evaluation does: arithmetic, tuples, look-ups, comparisons and texts."""
    weights = {"a": 0.25, "b": 0.5, "c": 0.75}
    names = ("a", "b", "c")
    total = 0.0
    started = clock()
    for step in range(CALIBRATION_STEPS):
        row = (step, names[step % 3], 0.5)
        fade = exp(-0.001 * row[0])
        if row[2] < fade:
            total += weights[row[1]] * fade - log1p(-row[2] * fade)
        f"{row[1]} {total:.2f}"
    return clock() - started


def read_peak_bytes() -> int | None:
    """Return the peak resident memory of this process in bytes; None where the system does not report it.

    From the kernel's own high-water mark where there is one: what ``getrusage`` reports begins, after a start from a
    large parent, with the parent's.
    """
    if _STATUS.exists():
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def reset_peak_bytes() -> int | None:
    """Set the peak to what is resident now, and return it.

    Where the peak cannot be set (it is a feature of Linux), a growth below an earlier peak is not seen.
    """
    with suppress(OSError):
        _RESET_PEAK.write_text("5")
    return read_peak_bytes()
