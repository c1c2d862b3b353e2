"""The options of one run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options of one run, which `simulation.runs.run` passes to an engine.

    Attributes:
        seed: The scenario's seed, 0 or more.
        replication: Number of the replication, from 0.
        days: Length of the run, more than 0.
        engine: ``reference``, ``compiled`` or ``auto`` (`simulation.runs.engine_choice`).
        keep_trace: Whether the result contains the rows of the trace.
        trace_folder: The folder of `simulation.trace.files.trace_file` to write the rows to, or None.
    """

    seed: int
    replication: int
    days: float
    engine: str = "reference"
    keep_trace: bool = False
    trace_folder: Path | None = None
