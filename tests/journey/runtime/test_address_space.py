"""The address space that a limit leaves, and the settings of the database that fit in it."""

import pytest

from journey.core.errors import InputError
from journey.runtime import address_space, duckdb
from journey.runtime.address_space import MIB, refuse_small_address_space


@pytest.mark.parametrize(("free", "refused"), [(None, False), (100 * MIB, False), (100 * MIB - 1, True), (-5, True)])
def test_too_small_an_address_space_is_refused(free, refused, monkeypatch):
    monkeypatch.setattr(address_space, "free_address_space", lambda: free)
    if not refused:
        refuse_small_address_space("reading", 100 * MIB)
        return
    with pytest.raises(InputError, match=r"reading needs at least 105 MB, .* leaves (105|0) MB; raise the limit"):
        refuse_small_address_space("reading", 100 * MIB)


@pytest.mark.parametrize(
    ("free", "threads", "memory"), [(1300 * MIB, 1, 650), (1600 * MIB, 2, 800), (100_000 * MIB, 16, 50_000)]
)
def test_a_limited_database_takes_part_of_what_is_free(free, threads, memory, monkeypatch):
    monkeypatch.setattr(address_space, "free_address_space", lambda: free)
    monkeypatch.setattr(duckdb, "free_address_space", lambda: free)
    monkeypatch.setattr(duckdb.os, "cpu_count", lambda: 16)
    with duckdb.connect_in_memory() as connection:
        found = connection.execute("SELECT current_setting('threads'), current_setting('memory_limit')").fetchone()
    assert found[0] == threads
    assert found[1].split()[0] == f"{memory / 1024 if memory > 1024 else memory:.1f}"
