"""Whether the compiled engine's code lies on disk, so that using it costs seconds and not a minute.

Numba finds out function by function, while it compiles. Here a mark beside the code (`journey.compiling`) says of one
kind of run that everything it takes was compiled, by this engine, for this processor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from journey.compiling import leave, mark_of

if TYPE_CHECKING:
    from pathlib import Path


def is_ready(arms: int, *, traced: bool) -> bool:
    """Whether a run would find all its code on disk.

    Args:
        arms: How many arms live in it together; each number is compiled for itself.
        traced: Whether rows are written.
    """
    mark = _mark(arms, traced=traced)
    return mark is not None and mark.exists()


def remember(arms: int, *, traced: bool) -> None:
    """Note that such a run has just had everything compiled, or read from disk."""
    leave(_mark(arms, traced=traced))


def _mark(arms: int, *, traced: bool) -> Path | None:
    from simulation.compiled.engine import kernels

    return mark_of(vars(kernels()).values(), (arms, traced))
