"""Whether the compiled engine's code lies on disk, so that using it costs seconds and not a minute.

Numba finds out function by function, while it compiles. Here an empty file beside the code says of one kind of run
that everything it takes was compiled, by this engine, for this processor.
"""

from __future__ import annotations

import hashlib
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING

from journey.locks import lock

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOOK_EVERY_SECONDS = 0.1


def is_ready(arms: int, *, traced: bool) -> bool:
    """Whether a run would find all its code on disk.

    Args:
        arms: How many arms live in it together; each number is compiled for itself.
        traced: Whether rows are written.
    """
    mark = _mark(arms, traced=traced)
    return mark is not None and mark.exists()


@contextmanager
def one_at_a_time(arms: int, *, traced: bool) -> Iterator[None]:
    """Wait while another process compiles for such a run; then what it made is read, and not made again.

    Numba lets two processes compile one function at once, and each keep its own; but for different types they may give
    their files the same name, and one would later be taken for the other.
    """
    with ExitStack() as held:
        mark = _mark(arms, traced=traced)
        if mark is not None and not mark.exists():
            # A folder that cannot be written has no code in it to mix up.
            with suppress(OSError):
                file = held.enter_context(mark.with_name("compiling").open("wb"))
                while not lock(file) and not mark.exists():
                    sleep(_LOOK_EVERY_SECONDS)
                if mark.exists():
                    # Reading it is for all at the same time.
                    held.close()
        yield


def remember(arms: int, *, traced: bool) -> None:
    """Note that such a run has just had everything compiled, or read from disk."""
    mark = _mark(arms, traced=traced)
    if mark is not None:
        # A folder that cannot be written does not hold the code either.
        with suppress(OSError):
            mark.touch()


def _mark(arms: int, *, traced: bool) -> Path | None:
    """The file that says so; None where compiled code is not kept."""
    from numba.core.registry import cpu_target

    from simulation.compiled.engine import kernels

    kept = [kernel for kernel in vars(kernels()).values() if kernel.stats.cache_path is not None]
    if not kept:
        return None
    # As Numba does, code is kept for one processor, and only as long as its source file has the same date and size.
    processor = cpu_target.target_context.codegen().magic_tuple()
    sources = sorted({kernel.py_func.__code__.co_filename for kernel in kept})
    dates = [(source, Path(source).stat().st_mtime_ns, Path(source).stat().st_size) for source in sources]
    digest = hashlib.sha256(repr((arms, traced, processor, dates)).encode()).hexdigest()
    return Path(kept[0].stats.cache_path) / f"ready-{digest[:20]}"
