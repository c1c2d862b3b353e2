"""In-memory DuckDB connections without a progress bar, because standard output is for results."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


def connect_in_memory(**config: str) -> "duckdb.DuckDBPyConnection":
    """A private in-memory database. All connections are created here.

    Args:
        config: Settings of DuckDB for the new connection.
    """
    import duckdb

    return disable_progress_bar(duckdb.connect(":memory:", config=dict(config)))


def disable_progress_bar(connection: "duckdb.DuckDBPyConnection") -> "duckdb.DuckDBPyConnection":
    """The same connection, with the progress bar disabled."""
    # By default, any statement of more than two seconds prints one to standard output.
    connection.execute("SET enable_progress_bar = false")
    return connection
