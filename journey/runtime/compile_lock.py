"""One process compiles; the other processes wait for it and then load the compiled code.

Numba lets two processes compile one function at the same time. That wastes the time of every core. It is also unsafe:
for different argument types both may choose the same file name, and one file would later be loaded for the other.

The cache folder has an empty marker file for each kind of call for which all code is compiled, from these sources and
for this processor. A process that finds the marker loads the code; otherwise it compiles, one process per folder at a
time.
"""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from time import sleep
from typing import Any

from journey.runtime.locks import lock

_POLL_SECONDS = 0.1


def ready_marker(kernel: Any, kind: object) -> Path | None:
    """The marker file of a kind of call whose code is cached; None where no code is cached.

    Args:
        kernel: The function that Python calls (`journey.runtime.jit.compile_kernels`).
        kind: The kind of call; its text identifies it.
    """
    from numba.core.registry import cpu_target

    if kernel.stats.cache_path is None:
        return None
    # Like Numba's, this cache is valid for one processor, and while the source file keeps its date and size.
    processor = cpu_target.target_context.codegen().magic_tuple()
    source = Path(kernel.py_func.__code__.co_filename)
    identity = (kernel.py_func.__qualname__, kind, processor, source.stat().st_mtime_ns, source.stat().st_size)
    return Path(kernel.stats.cache_path) / f"ready-{hashlib.sha256(repr(identity).encode()).hexdigest()[:20]}"


@contextmanager
def compile_exclusively(marker: Path | None) -> Iterator[None]:
    """Wait while another process compiles in the marker's folder; write the marker on success.

    Args:
        marker: The file that exists once all code is compiled; None where every process compiles for itself.
    """
    with ExitStack() as stack:
        if marker is not None and not marker.exists():
            # A folder that cannot be written contains no code, so nothing can be confused.
            with suppress(OSError):
                file = stack.enter_context(marker.with_name("compiling").open("wb"))
                while not lock(file) and not marker.exists():
                    sleep(_POLL_SECONDS)
                if marker.exists():
                    # Processes may load the code at the same time.
                    stack.close()
        yield
        write_marker(marker)


def write_marker(marker: Path | None) -> None:
    """Write a marker, unless its folder cannot be written."""
    if marker is not None:
        # A folder that cannot be written contains no code either.
        with suppress(OSError):
            if not marker.exists():
                marker.touch()


def serialise_compilation(kernel: Any, *, non_negative_indices: bool = False) -> None:
    """Make a function wait for other processes before it is compiled for new argument types.

    Args:
        kernel: The function, as returned by Numba's `njit`.
        non_negative_indices: Whether no code that it runs uses a negative index: see `assume_non_negative_indices`.
    """
    compile_context = assume_non_negative_indices if non_negative_indices else nullcontext
    # Numba calls this for unknown argument types, to load the code from the cache or to compile it.
    compile_for = kernel._compile_for_args  # noqa: SLF001 - there is no public hook

    def compile_locked(*arguments: Any) -> Any:
        types = [str(kernel.typeof_pyval(argument)) for argument in arguments]
        with compile_exclusively(ready_marker(kernel, types)), compile_context():
            return compile_for(*arguments)

    kernel._compile_for_args = compile_locked  # noqa: SLF001


@contextmanager
def assume_non_negative_indices() -> Iterator[None]:
    """Compile array accesses without the check for a negative index, which counts from the end.

    Numba checks every index whose sign it does not know. That takes a twelfth of the simulation engine's time, and the
    engine never uses a negative index. Numba has no option for it. No other thread can compile in the meantime.
    """
    from numba.core.compiler_lock import global_compiler_lock
    from numba.np import arrayobj

    with global_compiler_lock:
        original = arrayobj.fix_integer_index
        arrayobj.fix_integer_index = _keep_index
        try:
            yield
        finally:
            arrayobj.fix_integer_index = original


def _keep_index(context: Any, builder: Any, kind: Any, index: Any, _size: Any) -> Any:
    from numba.core import types

    return context.cast(builder, index, kind, types.intp if kind.signed else types.uintp)
