"""A trace that goes to Parquet while a cohort lives: rows a second, and what it does to memory.

Measured on the command itself, at two horizons for the same customers: start-up and loading of compiled code are in
both, so the rate of a row is taken between them, and what memory grows by is the rows alone.
"""

import json
import tempfile
from pathlib import Path

import duckdb

from benchmarks.measuring import Done, journey, load_engine
from benchmarks.tables import Figure, at_most
from benchmarks.worlds import ARM, SCENARIO

CUSTOMERS = 100_000
HORIZONS = (73, 365)


def run() -> list[Figure]:
    """Two commands, one after the other."""
    load_engine()
    with tempfile.TemporaryDirectory() as folder:
        (small, few), (large, many) = (_traced(Path(folder), days) for days in HORIZONS)
    sizes = f"{HORIZONS[0]} and {HORIZONS[1]} days of {CUSTOMERS:,} customers ({few:,} and {many:,} rows)"
    mib = 2**20
    return [
        Figure("rows of a trace to Parquet", (many - few) / (large.seconds - small.seconds), "rows/s", None,
               f"journey simulate scale.toml --trace F.parquet, between {sizes}; living, sorting and writing"),
        Figure("the same, as a whole command", many / large.seconds, "rows/s", None,
               f"{CUSTOMERS:,} customers, {HORIZONS[1]} days"),
        Figure("peak memory of the smaller", small.peak / mib, "MiB", None, f"{few:,} rows"),
        Figure("peak memory of the larger", large.peak / mib, "MiB", None, f"{many:,} rows"),
        Figure("peak memory, larger over smaller", large.peak / small.peak, "times", at_most(1.25),
               f"{many / few:.1f} times the rows: a trace that is streamed does not stay in memory"),
        Figure("growth of peak memory by the row", (large.peak - small.peak) / (many - few), "bytes", None, sizes),
    ]  # fmt: skip


def _traced(folder: Path, days: int) -> tuple[Done, int]:
    """A run whose trace is on disk; the rows that the file has, which are as many as the command says, in order."""
    file = folder / f"{days}.parquet"
    done = journey("simulate", str(SCENARIO), "--arm", ARM, "--customers", str(CUSTOMERS), "--days", str(days),
                   "--engine", "compiled", "--trace", str(file), "--json")  # fmt: skip
    with duckdb.connect() as connection:
        found = connection.execute("SELECT count(*) FROM read_parquet(?)", [str(file)]).fetchone()
    rows = int(found[0]) if found else 0
    assert rows == json.loads(done.output)["events"]
    file.unlink()
    return done, rows
