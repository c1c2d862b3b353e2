"""The engines that checks use to simulate an arm, always with a trace."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

from simulation.runs.engine_choice import COMPILED, REFERENCE
from simulation.runs.run import run_arm

if TYPE_CHECKING:
    from simulation.metrics.run_results import Run
    from simulation.model.arm import ArmSpec


class Runner(Protocol):
    """Simulates one population in one arm, once, with a trace."""

    def __call__(self, arm_spec: ArmSpec, *, seed: int, days: float) -> Run:
        """Simulate the arm; see `simulation.runs.run.run_arm`."""
        ...


run_reference: Runner = partial(run_arm, replication=0, trace=True, engine=REFERENCE)
"""The reference engine."""

run_compiled: Runner = partial(run_arm, replication=0, trace=True, engine=COMPILED)
"""The compiled engine."""


def is_compiled_cached() -> bool:
    """Whether the compiled engine's code is cached on disk, so that its first run does not compile."""
    from simulation.compiled.cache_status import is_cached

    return is_cached()
