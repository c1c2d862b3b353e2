"""Which engine runs: the one that is asked for, or with ``auto`` the one that is done first, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.model.arm import ArmSpec

REFERENCE = "reference"
COMPILED = "compiled"
AUTO = "auto"

COMPILE_THRESHOLD = 100e6
"""Customer-days from which ``auto`` compiles: the reference engine needs minutes for them, and the compiler two,
once for each installation."""

LOAD_THRESHOLD = 1e6
"""Customer-days from which ``auto`` takes compiled code that lies on disk: reading it takes a few seconds, in which the
reference engine is through with so many."""


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """An engine, and why.

    Attributes:
        engine: Its name.
        reason: Why it was chosen, to follow "because"; empty where it was asked for.
    """

    engine: str
    reason: str = ""

    def __str__(self) -> str:
        """``engine: reference, because ...``."""
        return f"engine: {self.engine}, because {self.reason}" if self.reason else f"engine: {self.engine}"


def choose_engine(
    requested: str, arm_specs: Sequence[ArmSpec], customer_days: float, *, arms_per_run: int = 1
) -> EngineChoice:
    """The engine that is asked for, or with ``auto`` the one that is done first.

    Small work never waits for the compiler. Whether compiled code lies on disk is looked up for work of some size only,
    because looking takes a second.

    Args:
        requested: ``reference``, ``compiled`` or ``auto``.
        arm_specs: The arms; they live by one journey.
        customer_days: All the work there is to do.
        arms_per_run: How many arms live in one run.
    """
    if requested != AUTO:
        return EngineChoice(requested)
    if customer_days < LOAD_THRESHOLD:
        return EngineChoice(
            REFERENCE, f"it is done with {customer_days:,.0f} customer-days before the compiled one is loaded"
        )
    from simulation.compiled.guards import supports_guards

    if not supports_guards(arm_specs[0].journey):
        return EngineChoice(REFERENCE, "the journey has a guard of your own, and the compiled one does not know it")
    if customer_days >= COMPILE_THRESHOLD:
        return EngineChoice(COMPILED, f"{customer_days:,.0f} customer-days are worth compiling it")
    from simulation.compiled.cache_status import is_cached

    if is_cached(arms_per_run):
        return EngineChoice(COMPILED, "it lies on disk, compiled by an earlier run")
    return EngineChoice(
        REFERENCE,
        "the compiled one would have to be compiled first, which takes two minutes and is worth it from "
        f"{COMPILE_THRESHOLD:,.0f} customer-days; these are {customer_days:,.0f}. --engine compiled does it once "
        "for all",
    )
