"""Failures of memory, disk, encoding and database are messages."""

import errno
import os
from pathlib import Path

import duckdb
import pytest
import typer

from scenarios.cli.error_handling import WRONG_INPUT, handle_errors
from tests.scenarios.cli.invocation import invoke

FAILURES = [
    (MemoryError(), "there is not enough memory; give the command fewer records"),
    (duckdb.OutOfMemoryException("Out of Memory Error: failed to pin block"), "not enough memory for the records"),
    (duckdb.IOException("IO Error: No space left on device"), "No space left on device; check the disk's space"),
    (OSError(errno.ENOSPC, "No space left on device", "out.csv"), "out.csv: No space left on device; free some space"),
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
    assert [path.name for path in tmp_path.iterdir()] == ["records"]
