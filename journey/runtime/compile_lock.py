"""One process compiles and the others wait for it; then all read what it made.

Numba lets two processes compile one function at once, and each keep its own. That is a minute of every core for
nothing; and for different types they may give their files the same name, and one would later be taken for the other.

Beside the code lies an empty file, a mark, for each kind of call for which everything was compiled, from these sources
and for this processor. Who finds it reads; who does not, compiles, one at a time in a folder.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from time import sleep
from typing import Any

from journey.runtime.locks import lock

_POLL_SECONDS = 0.1


def ready_marker(kernels: Iterable[Any], kind: object) -> Path | None:
    """The file that says that a call of some kind finds all its code on disk; None where none is kept there.

    Args:
        kernels: The functions that are compiled together (`journey.runtime.jit.compile_kernels`).
        kind: What kind of call it is; it stands for itself by its text.
    """
    from numba.core.registry import cpu_target

    cached = [kernel for kernel in kernels if kernel.stats.cache_path is not None]
    if not cached:
        return None
    # As Numba does, code is kept for one processor, and only as long as its source file has the same date and size.
    processor = cpu_target.target_context.codegen().magic_tuple()
    sources = sorted({kernel.py_func.__code__.co_filename for kernel in cached})
    dates = [(source, Path(source).stat().st_mtime_ns, Path(source).stat().st_size) for source in sources]
    digest = hashlib.sha256(repr((kind, processor, dates)).encode()).hexdigest()
    return Path(cached[0].stats.cache_path) / f"ready-{digest[:20]}"


@contextmanager
def compile_exclusively(marker: Path | None) -> Iterator[None]:
    """Wait while another process compiles in the folder of a mark; leave the mark when all went well.

    Args:
        marker: What says that nothing has to be compiled; None where every process compiles for itself.
    """
    with ExitStack() as stack:
        if marker is not None and not marker.exists():
            # A folder that cannot be written has no code in it to mix up.
            with suppress(OSError):
                file = stack.enter_context(marker.with_name("compiling").open("wb"))
                while not lock(file) and not marker.exists():
                    sleep(_POLL_SECONDS)
                if marker.exists():
                    # Reading it is for all at the same time.
                    stack.close()
        yield
        write_marker(marker)


def write_marker(marker: Path | None) -> None:
    """Leave a mark, where it can be."""
    if marker is not None:
        # A folder that cannot be written does not hold the code either.
        with suppress(OSError):
            if not marker.exists():
                marker.touch()


def serialise_compilation(kernels: Iterable[Any], *, non_negative_indices: bool = False) -> None:
    """Have every function wait for other processes before it is compiled for types that are new to it.

    Args:
        kernels: Those that are compiled together, as Numba's `njit` has made them.
        non_negative_indices: Whether none of them ever uses a negative index: see `assume_non_negative_indices`.
    """
    group = tuple(kernels)
    for kernel in group:
        _serialise_kernel(kernel, group, assume_non_negative_indices if non_negative_indices else nullcontext)


def _serialise_kernel(
    kernel: Any, group: tuple[Any, ...], compile_context: Callable[[], AbstractContextManager[None]]
) -> None:
    # Numba calls this where it knows no code for the types of a call's arguments, to read it from disk or compile it.
    compile_for = kernel._compile_for_args  # noqa: SLF001 - there is no public way in

    def compile_locked(*arguments: Any) -> Any:
        types = [str(kernel.typeof_pyval(argument)) for argument in arguments]
        with compile_exclusively(ready_marker(group, (kernel.py_func.__qualname__, types))), compile_context():
            return compile_for(*arguments)

    kernel._compile_for_args = compile_locked  # noqa: SLF001


@contextmanager
def assume_non_negative_indices() -> Iterator[None]:
    """Compile without looking, at each access to an array, whether the index is negative and counts from the end.

    Numba looks at every one whose sign it does not know: a twelfth of the simulation engine's time, for indices that
    are all of our own making. There is no option for it. Meanwhile nobody else compiles in this process.
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
