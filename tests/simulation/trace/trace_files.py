"""Traces on disk, read back, and written in windows so small that a short run has many."""

import duckdb

from simulation.trace import files
from simulation.trace.events import Row


def in_small_windows(monkeypatch, folder, rows=400):
    """Where a trace can be written; about `rows` rows of several sources are sorted at a time."""
    monkeypatch.setattr(files, "ROWS_PER_WINDOW", rows)
    monkeypatch.setattr(files, "_ROW_GROUP_SIZE", rows // 4)
    return folder / "trace.parquet"


def rows_in(path):
    """The rows of a Parquet file, in its order."""
    with duckdb.connect() as connection:
        return [Row(*row) for row in connection.execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchall()]
