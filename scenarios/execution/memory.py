"""Memory checks before a run or before records are read: the estimated need is compared with the memory available.

The figures are measured on the built-in worlds (`tests/scenarios/execution/test_memory.py` measures them again). For
other worlds they are accurate to about a factor of two, so only work that is clearly too large is refused.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from journey.core.errors import InputError
from journey.records.model import CUSTOMER_FAMILY
from journey.records.sources import FORMATS, split_name
from journey.runtime.address_space import MIB, address_space_limit
from scenarios.text.phrases import round_down

NEGLIGIBLE_BYTES = 128 * MIB
"""A run that needs no more than this, beyond the program itself, is never refused."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """Memory that an engine needs, in bytes.

    Attributes:
        program: A process with the engine loaded, before any customer.
        customer: A customer on day 0.
        customer_day: What each simulated day adds per customer.
        traced_customer: What a trace adds per customer.
        traced_event: A row of a trace that is kept in memory.
        mark: A mark of a rule of a customer.
        window: The rows in memory at any time when rows are streamed; None where the engine keeps them all.
    """

    program: float
    customer: float
    customer_day: float
    traced_customer: float
    traced_event: float
    mark: float
    window: float | None


FOOTPRINTS = {
    "reference": Footprint(
        program=48 * MIB,
        customer=4300.0,
        customer_day=2.3,
        traced_customer=0.0,
        traced_event=215.0,
        mark=16.0,
        window=None,
    ),
    "compiled": Footprint(
        program=170 * MIB,
        customer=10.0,
        customer_day=0.38,
        traced_customer=1050.0,
        traced_event=540.0,
        mark=8.0,
        window=85 * MIB,
    ),
}

EVENTS_PER_CUSTOMER_DAY = 0.085
"""Trace events per customer and day in the built-in base world."""

BYTES_PER_RESULT = 12_000.0
"""Bytes of the results of one run, which are kept until all runs are done."""


@dataclass(frozen=True, slots=True)
class Workload:
    """The work to be done.

    Attributes:
        engine: ``reference`` or ``compiled``.
        customers: Size of the cohort.
        days: Length of a run, in days.
        processes: Number of cohorts that are simulated at the same time.
        runs: Runs in all, whose results are kept.
        trace: Whether a trace is recorded.
        streamed: Whether the rows of the trace are written as they arise, and not kept in memory.
        marks: Number of marks of rules per customer (`simulation.model.rule_parameters`).
    """

    engine: str
    customers: int
    days: float
    processes: int = 1
    runs: int = 1
    trace: bool = False
    streamed: bool = False
    marks: int = 0

    @property
    def bytes_per_customer(self) -> float:
        """Bytes per customer at the end of the run."""
        footprint = FOOTPRINTS[self.engine]
        untraced = footprint.customer + self.days * footprint.customer_day
        # Without a trace the compiled engine keeps only some customers in a row of its own.
        kept = 1.0 if self.trace or not footprint.traced_customer else min(1.0, untraced / footprint.traced_customer)
        untraced += kept * self.marks * footprint.mark
        if not self.trace:
            return untraced
        if self._uses_window:
            return untraced + footprint.traced_customer
        return untraced + footprint.traced_customer + self.days * EVENTS_PER_CUSTOMER_DAY * footprint.traced_event

    @property
    def cohort_bytes(self) -> float:
        """Bytes of the customers that are simulated at the same time, of the streamed rows, and of the results."""
        window_bytes = (FOOTPRINTS[self.engine].window or 0.0) if self._uses_window else 0.0
        return self.processes * (self.customers * self.bytes_per_customer + window_bytes) + self.runs * BYTES_PER_RESULT

    @property
    def _uses_window(self) -> bool:
        return self.trace and self.streamed and FOOTPRINTS[self.engine].window is not None

    @property
    def total(self) -> float:
        """Bytes of the cohorts and of the programs."""
        return self.cohort_bytes + self.processes * FOOTPRINTS[self.engine].program


def refuse_what_does_not_fit(workload: Workload, available: float | None = None) -> None:
    """Refuse a run that will not fit in memory, before it starts.

    Args:
        workload: The work to be done.
        available: Bytes available. Default: what the system reports. Where it reports nothing, nothing is refused.

    Raises:
        InputError: It will not fit; the message gives the estimate and what would fit.
    """
    if workload.cohort_bytes <= NEGLIGIBLE_BYTES:
        return
    if available is None:
        available = available_memory()
    if available is None or workload.total <= available:
        return
    raise InputError(_too_large_message(workload, available))


def _too_large_message(workload: Workload, available: float) -> str:
    cohorts = f"{workload.processes} cohorts" if workload.processes > 1 else "a cohort"
    at_once = " simulated at the same time" if workload.processes > 1 else ""
    trace = " with their trace" if workload.trace else ""
    return (
        f"this will not fit in memory: {cohorts} of {workload.customers:,} customers over {workload.days:g} days{trace}"
        f"{at_once} would take about {format_bytes(workload.total)} "
        f"({workload.bytes_per_customer / 1000:.1f} kB per customer, "
        f"{workload.engine} engine), and {format_bytes(available)} are available. "
        f"{'; '.join(_suggestions(workload, available))}."
    )


def _suggestions(workload: Workload, available: float) -> Iterator[str]:
    footprint = FOOTPRINTS[workload.engine]
    free_bytes = available - workload.processes * footprint.program - workload.runs * BYTES_PER_RESULT
    fitting = int(free_bytes / (workload.processes * workload.bytes_per_customer))
    if fitting >= 1:
        yield f"Set population.size to {round_down(fitting):,} or fewer"
    else:
        yield "Set a smaller population.size and run fewer replications"
    process_bytes = workload.customers * workload.bytes_per_customer + footprint.program
    workers = int((available - workload.runs * BYTES_PER_RESULT) / process_bytes)
    if workload.processes > 1 and workers >= 1:
        yield f"or use --workers {workers}"
    if workload.trace:
        yield "or run without a trace"
    compiled = replace(workload, engine="compiled")
    if compiled.total < workload.total:
        yield f"or use --engine compiled, which takes about {format_bytes(compiled.total)}"


def format_bytes(size: float) -> str:
    """Bytes as text: ``3.2 GB``, ``410 MB``."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def available_memory() -> int | None:
    """Bytes that a new process can use without swapping; None where the system does not report it."""
    limits = [size for size in (_machine_memory(), _container_memory(), address_space_limit()) if size is not None]
    return min(limits, default=None)


def _machine_memory() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def _container_memory(root: Path = Path("/sys/fs/cgroup")) -> int | None:
    """The unused part of the limit on this control group (a container or a batch job)."""
    for limit, used in (
        (root / "memory.max", root / "memory.current"),
        (root / "memory" / "memory.limit_in_bytes", root / "memory" / "memory.usage_in_bytes"),
    ):
        try:
            maximum, current = int(limit.read_text(encoding="ascii")), int(used.read_text(encoding="ascii"))
        except (OSError, ValueError):
            continue  # Without the file, or with `max` in it, there is no limit.
        return max(0, maximum - current + _reclaimable_memory(limit.parent))
    return None


def _reclaimable_memory(group: Path) -> int:
    """Bytes that count as used but are freed on demand."""
    try:
        lines = (group / "memory.stat").read_text(encoding="ascii").splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("inactive_file "))
    except (OSError, ValueError, IndexError):
        return 0


# -- folders of records -----------------------------------------------------------------------------

BYTES_PER_ROW = 500.0
"""Peak memory of `journey evaluate` per row of the records.

Measured by `benchmarks.bench_evaluate_scale`: 2.6 GB for five million rows (a million customers with three signals
each).
"""


BYTES_PER_FILE_BYTE = {"json": 5.0, "lines": 5.0, "csv": 15.0}
"""Memory per byte of a file of text, half of what `journey check` was measured to take."""

_COMPRESSION = 5.0
"""Bytes of text in a byte of a compressed file, at least."""


def refuse_large_records(folder: Path, available: float | None = None) -> None:
    """Refuse a folder of records that will clearly not fit in memory, before it is read.

    Parquet files state their number of rows; for files of text, their size counts.

    Args:
        folder: The folder of the records.
        available: Bytes available. Default: what the system reports. Where it reports nothing, nothing is refused.

    Raises:
        InputError: It will not fit; the message gives the estimate and the cure.
    """
    files = [
        (file, FORMATS[ending])
        for file in sorted(folder.iterdir())
        for dataset, ending in (split_name(file),)
        if dataset in CUSTOMER_FAMILY.datasets and ending in FORMATS and file.is_file()
    ]
    tables = [file for file, kind in files if kind == "parquet"]
    # A row takes at least one byte, so small files need not be opened.
    rows = _count_rows(tables) if sum(file.stat().st_size for file in tables) * BYTES_PER_ROW > NEGLIGIBLE_BYTES else 0
    needed = rows * BYTES_PER_ROW + sum(_estimate_text_bytes(file, kind) for file, kind in files)
    available = available_memory() if available is None else available
    if needed <= NEGLIGIBLE_BYTES or available is None or needed <= available:
        return
    raise InputError(
        f"{folder}: this will not fit in memory: checking and evaluating the records takes about "
        f"{format_bytes(needed)}, and {format_bytes(available)} are available. Split the folder by customer (every "
        "file by customer_id) and evaluate the parts, or use a machine with more memory."
    )


def _estimate_text_bytes(file: Path, kind: str) -> float:
    """Memory for a file of text; 0 for Parquet."""
    unpacked = _COMPRESSION if file.suffix.lower() == ".gz" else 1.0
    return file.stat().st_size * unpacked * BYTES_PER_FILE_BYTE.get(kind, 0.0)


def _count_rows(files: list[Path]) -> int:
    """Number of rows that the files state; unreadable files are left to the reader, which reports why."""
    import duckdb

    from journey.runtime.duckdb import connect_in_memory

    with connect_in_memory() as connection:
        total = 0
        for file in files:
            try:
                rows = connection.execute("SELECT sum(num_rows) FROM parquet_file_metadata(?)", [str(file)]).fetchall()
            except duckdb.Error:
                continue
            total += int(rows[0][0] or 0)
    return total
