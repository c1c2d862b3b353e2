"""Waiting times: for help, for a small run, and for the first compilation on a machine."""

import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.measuring import ROOT, journey
from benchmarks.tables import Figure, at_most

TIMES = 7
SMALL = ("compare", "onboarding_outreach", "--set", "population.size=200", "--replications", "4", "--json")
COMPILED = ("simulate", "default", "--customers", "100", "--engine", "compiled", "--json")
COMMAND = Path(sys.executable).with_name("journey")


def run() -> list[Figure]:
    """Whole commands, each in a process of its own; medians."""
    small = "two arms, 200 customers, half a year, 4 replications"
    with tempfile.TemporaryDirectory() as name:
        cache = Path(name)
        automatic = journey(*SMALL, cache=cache).seconds
        cold = journey(*COMPILED, cache=cache).seconds
        warm = median(journey(*COMPILED, cache=cache).seconds for _ in range(3))
        comparing = median(journey(*SMALL, "--engine", "compiled", cache=cache).seconds for _ in range(3))
    return [
        Figure("journey --help", _help(), "s", at_most(0.3), f"median of {TIMES}"),
        Figure("a small comparison, nothing compiled yet", automatic, "s", None,
               f"{small}, --engine auto, which does not wait for the compiler"),
        Figure("a small comparison, compiled before", comparing, "s", None, f"{small}, --engine compiled, median of 3"),
        Figure("a small run, compiled before", warm, "s", None, "100 customers, --engine compiled, median of 3"),
        Figure("a small run that has to compile", cold, "s", None,
               "the same with an empty cache; happens once per installation"),
    ]  # fmt: skip


def _help() -> float:
    return median(_seconds() for _ in range(TIMES))


def _seconds() -> float:
    started = perf_counter()
    subprocess.run([COMMAND, "--help"], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    return perf_counter() - started
