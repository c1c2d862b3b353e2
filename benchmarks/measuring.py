"""Peak memory, and commands in processes of their own."""

import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from scenarios.latency.machine import read_peak_bytes, reset_peak_bytes

ROOT = Path(__file__).parent.parent


def peak_bytes() -> int:
    """Peak resident memory of this process; 0 where the system does not report it."""
    return read_peak_bytes() or 0


def settled_bytes() -> int:
    """Take out the garbage, set the high-water mark to what is resident now, and give it.

    Where the mark cannot be set (it is a feature of Linux), a growth below an earlier peak is not seen.
    """
    gc.collect()
    return reset_peak_bytes() or 0


class Done(NamedTuple):
    """A finished command.

    Attributes:
        seconds: From start to end, as a person waits for it.
        peak: Peak resident memory of its main process, in bytes; that of workers is not in it.
        output: What it wrote to standard output.
    """

    seconds: float
    peak: int
    output: str


def journey(*arguments: str, cache: Path | None = None) -> Done:
    """Run the command ``journey`` in a new process.

    Args:
        arguments: What stands after the command's name.
        cache: A folder for compiled code, in place of the user's.

    Raises:
        RuntimeError: It failed; with what it wrote to standard error.
    """
    code = "import sys; from benchmarks.measuring import run_journey; run_journey(sys.argv[1:])"
    return _run([sys.executable, "-c", code, *arguments], cache)


def run_journey(arguments: list[str]) -> None:
    """Run the command ``journey`` with these arguments; prints the peak memory as the last line of standard error."""
    from scenarios.cli import main

    sys.argv = ["journey", *arguments]
    try:
        main()
    finally:
        sys.stdout.flush()
        print(peak_bytes(), file=sys.stderr)


def load_engine() -> None:
    """Compile and cache the engine, with and without a trace, so that no measurement includes compilation."""
    run = ("simulate", "default", "--customers", "100", "--days", "60", "--engine", "compiled", "--json")
    journey(*run)
    with tempfile.TemporaryDirectory() as folder:
        journey(*run, "--trace", str(Path(folder) / "trace.parquet"))


def measured_apart(function: str, *arguments: Any) -> Any:
    """The result of a function in a new process.

    Args:
        function: Module and name, as in ``benchmarks.bench_scale:simulate_cohort``.
        arguments: What it is called with, as JSON has it.
    """
    code = (
        "import json, sys; from importlib import import_module; module, name = sys.argv[1].split(':'); "
        "print(json.dumps(getattr(import_module(module), name)(*json.loads(sys.argv[2]))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, function, json.dumps(arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def _run(command: list[str], cache: Path | None) -> Done:
    environment = dict(os.environ) if cache is None else {**os.environ, "JOURNEYLAB_CACHE": str(cache)}
    started = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - started
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[3:])} ended with {done.returncode}: {done.stderr[-2000:]}")
    return Done(seconds, int(done.stderr.splitlines()[-1]), done.stdout)
