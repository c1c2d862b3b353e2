"""In-memory DuckDB connections without a progress bar, because standard output is for results."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from journey.runtime.address_space import MIB, free_address_space, refuse_small_address_space

if TYPE_CHECKING:
    import duckdb

_LEAST_BYTES = 1200 * MIB
"""Address space in bytes that even the smallest records need, without the database's threads."""

_THREAD_BYTES = 160 * MIB
"""Address space in bytes that each thread of the database reserves: its stack and its own heap."""

_SHARE_OF_DATA = 0.5
"""Share of a limited address space for the data; the rest is for the program, threads and fragments."""


def connect_in_memory(**config: str) -> "duckdb.DuckDBPyConnection":
    """A private in-memory database. All connections are created here.

    Args:
        config: Settings of DuckDB for the new connection.

    Raises:
        InputError: The limit on the address space leaves too little for a database.
    """
    settings = {**_fit_to_limit(), **config}
    import duckdb

    return disable_progress_bar(duckdb.connect(":memory:", config=dict(settings)))


def _fit_to_limit() -> dict[str, str]:
    """Settings for a process with limited address space. By default, DuckDB considers only the machine's memory."""
    refuse_small_address_space("reading records", _LEAST_BYTES)
    free = free_address_space()
    if free is None:
        return {}
    threads = min(os.cpu_count() or 1, max(1, int(free - _LEAST_BYTES) // _THREAD_BYTES))
    return {"threads": str(threads), "memory_limit": f"{int(_SHARE_OF_DATA * free) // MIB}MiB"}


@contextmanager
def distinguish_memory_failures() -> Iterator[None]:
    """Turn the database's errors for lack of memory into `MemoryError`, because they are not errors in the data.

    Raises:
        MemoryError: The database ran out of memory.
    """
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise MemoryError(str(error)) from error


def disable_progress_bar(connection: "duckdb.DuckDBPyConnection") -> "duckdb.DuckDBPyConnection":
    """The same connection, with the progress bar disabled."""
    # By default, any statement of more than two seconds prints one to standard output.
    connection.execute("SET enable_progress_bar = false")
    return connection
