"""Commands as processes: signals at any moment, and streams that are closed, full, or left by their reader."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

from journey.records.folder import bundled_folder
from tests.fuzz.commands import SECONDS, UnsoundEndError, snapshot
from tests.scenarios.cli.invocation import RUN

SMALL = ("--set", "population.size=200", "--set", "horizon_days=200", "--engine", "reference")


def _commands(folder: Path) -> list[tuple[list, list[str]]]:
    """Commands with the files that each was asked for."""
    return [
        (["check", bundled_folder().parent / "imperfect", "--quarantine", folder / "bad"], []),
        (["evaluate", "--decisions", folder / "d.csv", "--report", folder / "r.html"], ["d.csv", "r.html"]),
        (["campaigns", "--report", folder / "r.md"], ["r.md"]),
        (["simulate", "default", *SMALL, "--trace", folder / "t.csv", "--records", folder / "rows"], ["t.csv"]),
        (
            ["compare", "default", *SMALL, "--replications", 3, "--workers", 2, "--resume", folder / "kept.jsonl"],
            ["kept.jsonl"],
        ),
        (["draw", "default"], []),
    ]


def fuzz_signals(random: Random, folder: Path) -> None:
    """A signal at any moment leaves no temporary file, no process and no traceback behind."""
    arguments, _ = random.choice(_commands(folder))
    sent = random.choice((signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    with _start_main(arguments) as process:
        time.sleep(random.random() * 3)
        if process.poll() is None:
            process.send_signal(sent)
        _, told = _ended(process, arguments)
    if process.returncode not in (0, 1, 2, 130, 143, 129, -sent):
        raise UnsoundEndError(f"{arguments}: exit code {process.returncode} after {sent.name}: {told}")
    _refuse_traceback(arguments, told)
    left = [name for name in snapshot(folder) if ".journey-" in name]
    if left:
        raise UnsoundEndError(f"{arguments}: {sent.name} left {left}")


def fuzz_streams(random: Random, folder: Path) -> None:
    """With any reader of stdout, the files that were asked for are written if the exit code is 0."""
    arguments, files = random.choice(_commands(folder))
    how = random.choice(("full", "closed", "left", "ascii", "narrow"))
    if "draw" not in arguments and random.random() < 0.5:
        arguments = [*arguments, "--json"]
    told, code = _with_stream(how, arguments)
    _refuse_traceback([how, *arguments], told)
    if code not in (0, 1, 2):
        raise UnsoundEndError(f"{how} {arguments}: exit code {code}: {told}")
    missing = [name for name in files if not (folder / name).exists()]
    if code == 0 and missing:
        raise UnsoundEndError(f"{how} {arguments}: exit code 0, but not written: {missing}")
    if code == 2 and not told.strip():
        raise UnsoundEndError(f"{how} {arguments}: exit code 2 without a message")


def _with_stream(how: str, arguments: list) -> tuple[str, int]:
    environment = {"ascii": {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}, "narrow": {"COLUMNS": "20"}}.get(how, {})
    if how == "full":
        with Path("/dev/full").open("w", encoding="utf-8") as full, _start(arguments, stdout=full) as process:
            _, told = _ended(process, arguments)
    elif how == "closed":
        with _start(arguments, stdout=None, before=lambda: os.close(1)) as process:
            _, told = _ended(process, arguments)
    elif how == "left":
        with _start(arguments, stdout=subprocess.PIPE) as process:
            process.stdout.close()
            process.stdout = None
            _, told = _ended(process, arguments)
    else:
        with _start(arguments, stdout=subprocess.PIPE, **environment) as process:
            _, told = _ended(process, arguments)
    return told, process.returncode


_RUN_AND_TELL = "import os, sys; from scenarios.cli import main; os.write(int(sys.argv.pop(1)), b'.'); main()"


def _start_main(arguments: list) -> subprocess.Popen:
    """A command that has reached `main`: what happens earlier is in the hands of the interpreter."""
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", _RUN_AND_TELL, str(writing), *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        pass_fds=[writing],
    )
    os.close(writing)
    os.read(reading, 1)
    os.close(reading)
    return process


def _start(arguments: list, *, stdout, before=None, **environment) -> subprocess.Popen:
    return subprocess.Popen(
        [*RUN, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env={**os.environ, **environment},
        preexec_fn=before,
    )


def _ended(process: subprocess.Popen, arguments: list) -> tuple[str, str]:
    try:
        return process.communicate(timeout=2 * SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise UnsoundEndError(f"{arguments}: no end after {2 * SECONDS} s") from None


def _refuse_traceback(arguments: list, told: str) -> None:
    if "Traceback" in told or "Exception ignored" in told:
        raise UnsoundEndError(f"{arguments}: {told[-3000:]}")
