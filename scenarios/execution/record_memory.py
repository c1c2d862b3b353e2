"""Whether the records of a folder will fit in memory, said before they are read, where their number can be foreseen."""

from pathlib import Path

from journey.core.errors import InputError
from scenarios.execution.memory import NEGLIGIBLE_BYTES, available_memory, format_bytes

BYTES_PER_ROW = 500.0
"""What reading, checking and judging take at their peak for each row of a folder: 2.6 GB for a million customers with
three signals each, five million rows, measured by `benchmarks.bench_evaluate_scale`."""


def refuse_large_records(folder: Path, available: float | None = None) -> None:
    """Say before reading that there is too much to read; only Parquet tells how many rows it has.

    Args:
        folder: Holds the records.
        available: Bytes that there are; left out, what the system says. Where it says nothing, nothing is refused.

    Raises:
        InputError: It will not fit; the message says how much it is and what to do.
    """
    files = sorted(folder.glob("*.parquet"))
    # A row takes a byte at the very least, so small files need not be opened.
    rows = _rows(files) if sum(file.stat().st_size for file in files) * BYTES_PER_ROW > NEGLIGIBLE_BYTES else 0
    needed = rows * BYTES_PER_ROW
    available = available_memory() if available is None else available
    if needed <= NEGLIGIBLE_BYTES or available is None or needed <= available:
        return
    raise InputError(
        f"{folder}: this will not fit in memory: {rows:,} rows take about {format_bytes(needed)} while they are "
        "checked and"
        f" judged, and {format_bytes(available)} are available. Split the folder by customer (every set by "
        "customer_id) and"
        " evaluate the parts, or use a machine with more memory."
    )


def _rows(files: list[Path]) -> int:
    """How many rows these files say they have; what cannot be read is left to the reader, which says why."""
    import duckdb

    from journey.runtime.duckdb import connect_in_memory

    with connect_in_memory() as connection:
        total = 0
        for file in files:
            try:
                found = connection.execute("SELECT sum(num_rows) FROM parquet_file_metadata(?)", [str(file)]).fetchall()
            except duckdb.Error:
                continue
            total += int(found[0][0] or 0)
    return total
