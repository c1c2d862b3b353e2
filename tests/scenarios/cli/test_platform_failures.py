"""Failures of memory, disk, encoding and database are messages."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest
import typer

from journey.records import database
from journey.runtime import duckdb as duckdb_connections
from scenarios.cli.error_handling import WRONG_INPUT, handle_errors
from tests.scenarios.cli.invocation import RUN, invoke

SIMULATE = ("simulate", "default", "--customers", "50", "--days", "20", "--engine")
COMPARE = ("compare", "onboarding_outreach", "--replications", "2", "--set", "population.size=50")

FAILURES = [
    (MemoryError(), "there is not enough memory; give the command fewer records"),
    (duckdb.OutOfMemoryException("Out of Memory Error: failed to pin block"), "there is not enough memory; give"),
    (ImportError("x.so: failed to map segment from shared object"), "there is not enough memory; give"),
    (OSError("Could not find/load shared object file 'libllvmlite.so'"), "there is not enough memory; give"),
    (OSError(errno.ENOMEM, "Cannot allocate memory"), "there is not enough memory; give"),
    (RuntimeError("can't start new thread"), "no thread can be started: there is too little memory"),
    (duckdb.IOException("IO Error: No space left on device"), "No space left on device; check the disk's space"),
    (OSError(errno.ENOSPC, "No space left on device", "out.csv"), "out.csv: the disk or the output is full (No"),
    (OSError(errno.ENOSPC, "No space left on device"), "free some space, or redirect the output to another place"),
    (OSError(errno.EACCES, "Permission denied", "out.csv"), "out.csv: Permission denied"),
    (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), "in its encoding (invalid start byte)"),
]


@pytest.mark.parametrize(("failure", "message"), FAILURES)
def test_a_failure_is_a_message(failure: Exception, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    def command() -> None:
        raise failure

    with pytest.raises(typer.Exit) as found:
        handle_errors(command)()
    assert found.value.exit_code == WRONG_INPUT
    assert message in capsys.readouterr().err


def test_a_defect_is_no_failure_of_the_platform() -> None:
    def command() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        handle_errors(command)()


@pytest.mark.parametrize(
    "arguments",
    [("check", b"no\xff"), ("evaluate", "--customer", b"\xff"), ("campaigns", b"a\xff", b"b\xfe"),
     ("simulate", "default", "--customers", 5, "--days", 3, "--trace", b"\xff.csv")],
)  # fmt: skip
def test_an_argument_that_is_not_utf_8_is_refused_before_anything_runs(
    arguments: tuple[object, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "records").mkdir()
    result = invoke(*(os.fsdecode(part) if isinstance(part, bytes) else part for part in arguments))
    assert result.exit_code == WRONG_INPUT
    assert "is not UTF-8 text; rename" in result.stderr
    assert "\\xf" in result.stderr
    assert "udcf" not in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["records"]


@pytest.mark.parametrize(
    ("reader", "error"),
    [("read_json_objects", "customers.json"), ("read_csv", "customers.csv"), ("read_parquet", "customers.parquet")],
)
def test_a_file_is_not_blamed_for_a_lack_of_memory(
    reader: str, error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"customer_id": "C1", "segment": "SMB", "current_state": "onboarding", "days_in_stage": 1}
    writers = {".json": pl.DataFrame.write_json, ".csv": pl.DataFrame.write_csv, ".parquet": pl.DataFrame.write_parquet}
    writers[Path(error).suffix](pl.DataFrame([row]), tmp_path / error)
    connect = duckdb_connections.connect_in_memory

    class FullConnection:
        """A connection that has no memory left for reading files."""

        def __init__(self, connection: object) -> None:
            self._connection = connection

        def __getattr__(self, name: str) -> object:
            return getattr(self._connection, name)

        def cursor(self) -> "FullConnection":
            return FullConnection(self._connection.cursor())  # type: ignore[attr-defined]

        def execute(self, sql: str, *more: object) -> object:
            if reader in sql:
                raise duckdb.OutOfMemoryException("Out of Memory Error: Failed to allocate block (bad allocation)")
            return self._connection.execute(sql, *more)  # type: ignore[attr-defined]

    monkeypatch.setattr(database, "connect_in_memory", lambda **options: FullConnection(connect(**options)))
    result = invoke("check", tmp_path)
    assert result.exit_code == WRONG_INPUT
    assert result.stderr.startswith("journey: there is not enough memory; ")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no limit on the address space")
@pytest.mark.parametrize("megabytes", [300, 500, 700, 1000, 1400, 1700, 2500, 4000])
@pytest.mark.parametrize("arguments", [("check",), ("evaluate",), ("campaigns",), COMPARE, (*SIMULATE, "compiled")])
def test_with_little_memory_a_command_ends_well_or_says_what_to_do(arguments: tuple[str, ...], megabytes: int) -> None:
    limited = ["bash", "-c", f'ulimit -v {megabytes * 1024}; exec "$@"', "bash", *RUN, *arguments]
    done = subprocess.run(limited, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode in (0, WRONG_INPUT), done.stderr
    if done.returncode == WRONG_INPUT:
        assert "memory" in done.stderr
        assert "ulimit -v" in done.stderr
    else:
        assert megabytes > 500
    assert "Traceback" not in done.stderr
    assert done.returncode == 0 or megabytes < 2500
