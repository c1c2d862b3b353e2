"""Writing a trace to Parquet during a simulation: rows per second, and memory.

Measured on the command itself, at two horizons for the same customers: start-up and loading of compiled code are in
both, so the rate of a row is taken between them, and what memory grows by is the rows alone. The same is done with
review pods, whose rows are put in order once all of them are there; one process lives them all.
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
PODS = 10


def run() -> list[Figure]:
    """Two commands, one after the other, without and with pods."""
    load_engine()
    with tempfile.TemporaryDirectory() as folder:
        return [figure for pods in (1, PODS) for figure in _figures(Path(folder), pods)]


def _figures(folder: Path, pods: int) -> list[Figure]:
    (small, few), (large, many) = (_traced(folder, days, pods) for days in HORIZONS)
    sizes = f"{HORIZONS[0]} and {HORIZONS[1]} days of {CUSTOMERS:,} customers ({few:,} and {many:,} rows)"
    mib, of = 2**20, "" if pods == 1 else f", {pods} pods"
    return [
        Figure(f"rows of a trace to Parquet{of}", (many - few) / (large.seconds - small.seconds), "rows/s", None,
               f"journey simulate scale.toml --trace F.parquet, between {sizes}; simulating, sorting and writing"),
        Figure(f"the same, as a whole command{of}", many / large.seconds, "rows/s", None,
               f"{CUSTOMERS:,} customers, {HORIZONS[1]} days"),
        Figure(f"peak memory of the smaller{of}", small.peak / mib, "MiB", None, f"{few:,} rows"),
        Figure(f"peak memory of the larger{of}", large.peak / mib, "MiB", None, f"{many:,} rows"),
        Figure(f"peak memory, larger over smaller{of}", large.peak / small.peak, "times", at_most(1.25),
               f"{many / few:.1f} times the rows: a trace that is streamed does not stay in memory"),
        Figure(f"growth of peak memory by the row{of}", (large.peak - small.peak) / (many - few), "bytes", None, sizes),
    ]  # fmt: skip


def _traced(folder: Path, days: int, pods: int) -> tuple[Done, int]:
    """A run with a trace file, and its number of rows; checks the count and the order of the rows."""
    file = folder / f"{days}.parquet"
    done = journey("simulate", str(SCENARIO), "--arm", ARM, "--customers", str(CUSTOMERS), "--days", str(days),
                   "--set", f"reviewers.pods={pods}", "--workers", "1", "--engine", "compiled",
                   "--trace", str(file), "--json")  # fmt: skip
    with duckdb.connect() as connection:
        found = connection.execute("SELECT count(*) FROM read_parquet(?)", [str(file)]).fetchone()
    rows = int(found[0]) if found else 0
    assert rows == json.loads(done.output)["events"]
    file.unlink()
    return done, rows
