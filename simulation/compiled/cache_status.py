"""Whether the compiled engine's code lies on disk, so that using it costs seconds and not two minutes.

Numba finds out function by function, while it compiles. Here a mark beside the code (`journey.runtime.compile_lock`)
says of one kind of run that everything it takes was compiled, by this engine, for this processor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from journey.runtime.compile_lock import ready_marker, write_marker

if TYPE_CHECKING:
    from pathlib import Path


def is_cached(arms: int) -> bool:
    """Whether a run would find all its code on disk, with a trace or without.

    Args:
        arms: How many arms live in it together; each number is compiled for itself.
    """
    mark = _cache_mark(arms)
    return mark is not None and mark.exists()


def mark_cached(arms: int) -> None:
    """Note that a run of so many arms has just had everything compiled, or read from disk."""
    write_marker(_cache_mark(arms))


def _cache_mark(arms: int) -> Path | None:
    from simulation.compiled.engine import kernels

    return ready_marker(vars(kernels()).values(), (arms,))
