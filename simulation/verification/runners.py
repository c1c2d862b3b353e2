"""How checks have an arm lived: by one engine or the other, always with its trace."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

from simulation.runs.engine_choice import COMPILED, REFERENCE
from simulation.runs.run import run_arm

if TYPE_CHECKING:
    from simulation.metrics.run_results import Run
    from simulation.model.arm import ArmSpec


class Runner(Protocol):
    """One cohort in one arm, once, with its trace."""

    def __call__(self, arm_spec: ArmSpec, *, seed: int, days: float) -> Run:
        """Live the cohort; see `simulation.runs.run.run_arm`."""
        ...


run_reference: Runner = partial(run_arm, replication=0, trace=True, engine=REFERENCE)
"""By the reference engine."""

run_compiled: Runner = partial(run_arm, replication=0, trace=True, engine=COMPILED)
"""By the compiled engine."""


def is_compiled_cached() -> bool:
    """Whether the compiled engine's code lies on disk from an earlier run, so that using it costs no minutes."""
    from simulation.compiled.cache_status import is_cached

    return is_cached(1)
