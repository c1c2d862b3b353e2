"""DuckDB in memory, and silent: standard output belongs to results, so no progress bar of its own appears there."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


def connect_in_memory(**config: str) -> "duckdb.DuckDBPyConnection":
    """A private database in memory. It is the one place where a connection is made.

    Args:
        config: Settings of DuckDB that hold from the beginning.
    """
    import duckdb

    return disable_progress_bar(duckdb.connect(":memory:", config=dict(config)))


def disable_progress_bar(connection: "duckdb.DuckDBPyConnection") -> "duckdb.DuckDBPyConnection":
    """The same connection, without a progress bar of its own."""
    # On by default, and printed to standard output by any statement that takes more than two seconds.
    connection.execute("SET enable_progress_bar = false")
    return connection
