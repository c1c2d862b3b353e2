"""The choice of the engine: the requested one, or with ``auto`` the one that is expected to finish first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.model.arm import ArmSpec

REFERENCE = "reference"
COMPILED = "compiled"
AUTO = "auto"
ENGINES = (AUTO, REFERENCE, COMPILED)
"""What a user may request."""

COMPILE_THRESHOLD = 20e6
"""Customer-days from which ``auto`` compiles: the reference engine takes longer for them than compiling does, which is
about 20 seconds, once per installation."""

LOAD_THRESHOLD = 1e6
"""Customer-days from which ``auto`` uses cached compiled code: the reference engine simulates this number of
customer-days in the few seconds that loading the code takes."""


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """An engine and the reason for choosing it.

    Attributes:
        engine: Name of the engine.
        reason: The reason, as a clause to follow "because"; empty if the engine was requested.
    """

    engine: str
    reason: str = ""

    def __str__(self) -> str:
        """``engine: reference, because ...``."""
        return f"engine: {self.engine}, because {self.reason}" if self.reason else f"engine: {self.engine}"


def choose_engine(requested: str, arm_specs: Sequence[ArmSpec], customer_days: float) -> EngineChoice:
    """The requested engine, or with ``auto`` the one that is expected to finish first.

    Small runs never wait for the compiler. The cache is only checked for larger runs, because that takes a second.

    Args:
        requested: ``reference``, ``compiled`` or ``auto``.
        arm_specs: The arms, which share one journey.
        customer_days: Total work, in customer-days.
    """
    if requested != AUTO:
        return EngineChoice(requested)
    if customer_days < LOAD_THRESHOLD:
        return EngineChoice(
            REFERENCE, f"it simulates {customer_days:,.0f} customer-days faster than the compiled engine loads"
        )
    from simulation.compiled.guards import supports_guards

    if not supports_guards(arm_specs[0].journey):
        return EngineChoice(
            REFERENCE, "the journey has a user-defined guard, which the compiled engine does not support"
        )
    if customer_days >= COMPILE_THRESHOLD:
        return EngineChoice(COMPILED, f"compiling it pays off for {customer_days:,.0f} customer-days")
    from simulation.compiled.cache_status import is_cached

    if is_cached():
        return EngineChoice(COMPILED, "an earlier run has compiled it")
    return EngineChoice(
        REFERENCE,
        "the compiled engine must be compiled first; this takes about 20 seconds and pays off from "
        f"{COMPILE_THRESHOLD:,.0f} customer-days, and this run has {customer_days:,.0f}. --engine compiled compiles it "
        "once for all later runs",
    )
