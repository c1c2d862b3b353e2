"""Simulation of customer journeys: random streams, dwell times, the world, the engines and the trace."""

from pathlib import Path
from runpy import run_path

# By its path, because a module of the user may hide the package `journey`.
run_path(str(Path(__file__).parents[1] / "journey/core/shadowing.py"))["refuse_shadowed"](__file__, "journey")
