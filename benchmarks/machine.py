"""The machine and versions of a measurement."""

import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from time import process_time

from scenarios.execution.executor import count_usable_cpus
from scenarios.latency.machine import describe_processor

STEPS = 1_000_000

VERSIONS = ("journeylab", "numpy", "numba", "scipy", "duckdb", "simpy")


def machine_lines() -> list[str]:
    """Date, machine and versions, one line each."""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in VERSIONS)
    busy = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    system = f"{platform.system()} {platform.machine()}"
    return [
        f"Date: {datetime.now(tz=UTC):%Y-%m-%d %H:%M} UTC",
        f"Machine: {describe_processor()}, {count_usable_cpus()} cores, {_memory()}, {system}",
        f"Busy before the start: load average {busy} over a minute; on an idle machine it is near 0",
        f"Versions: Python {platform.python_version()}, {versions}",
    ]


def pace() -> float:
    """Milliseconds of processor time that the same loop takes each time, best of three.

    What it takes longer at one time than at another is the machine's doing: a neighbour on the same processor, or its
    clock. No load average shows that.
    """
    return 1000 * min(_loop() for _ in range(3))


def _loop() -> float:
    started, total = process_time(), 0
    for step in range(STEPS):
        total += step
    return process_time() - started


def between(paces: Sequence[float]) -> str:
    """Minimum and maximum, as text."""
    return f"{min(paces):.0f} to {max(paces):.0f} ms"


def _memory() -> str:
    if sys.platform == "win32":
        return "memory unknown"
    size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{size / 2**30:.0f} GiB of memory"
