"""Whether the compiled engine's code is cached on disk, so that its first run does not compile for 20 seconds.

A marker file beside the code (`journey.runtime.compile_lock`) records that it has been compiled, by this engine and for
this processor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from journey.runtime.compile_lock import ready_marker, write_marker

if TYPE_CHECKING:
    from pathlib import Path


def is_cached() -> bool:
    """Whether a run would find all its code on disk, with any number of arms, with or without a trace."""
    mark = _cache_mark()
    return mark is not None and mark.exists()


def mark_cached() -> None:
    """Record that all code for a run is now compiled or loaded from disk."""
    write_marker(_cache_mark())


def _cache_mark() -> Path | None:
    from simulation.compiled.engine import kernels

    return ready_marker(kernels().run_kernel, "run")
