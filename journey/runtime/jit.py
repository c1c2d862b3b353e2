"""Compiling scalar functions for whole populations, from the very source that runs interpreted.

A module of such functions (`journey.decision.rules`, `journey.decision.steps`) lists them in `KERNELS` and knows
nothing of Numba. Here they are copied into a namespace in which they find each other compiled, so there is one source
and no second copy. Numba is imported by the first call, because that takes half a second.

Compiled code is kept on disk, in the user's cache folder, under a hash of every function it was made from and of the
constants that these use: Numba itself looks only at the file of the outermost function and would miss a change in a
function that it calls. What is hashed is what this process has loaded, not what now stands on disk, so that a file
edited in the meantime cannot give new code an old name. Where that folder cannot be written, code is compiled anew in
each process. Where several processes need the same code at once, one compiles it (`journey.runtime.compile_lock`).
"""

import hashlib
import os
import platform
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType, ModuleType, SimpleNamespace
from typing import Any

from journey.runtime.compile_lock import serialise_compilation

CACHE_VARIABLE = "JOURNEYLAB_CACHE"
"""Environment variable that names another cache folder."""

NO_REFCOUNT_OPTIONS: Mapping[str, Any] = {"_nrt": False, "error_model": "numpy", "nogil": True}
"""Options for functions that make no array and divide by no zero.

Without Numba's runtime (``_nrt``) no references to arrays are counted, which atomically, element by element, takes
two thirds of a kernel's time; and other threads go on meanwhile."""


def compile_kernels(
    *modules: ModuleType,
    constants: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
    inlined: Collection[str] = (),
    non_negative_indices: bool = False,
    cache: bool = True,
) -> SimpleNamespace:
    """The functions of these modules, compiled.

    Args:
        modules: Modules with a tuple `KERNELS`, callees before callers; later modules may call earlier ones.
        constants: Values that take the place of module constants of that name, for instance with another type.
        options: Options for Numba's ``njit``.
        inlined: Names of functions that become part of their callers, where a call costs as much as what is called.
        non_negative_indices: Whether none of them ever uses a negative index
            (`journey.runtime.compile_lock.assume_non_negative_indices`).
        cache: Whether to keep compiled code on disk.

    Returns:
        A namespace with every function by name. They are compiled at their first call, for the types of its arguments.
    """
    _skip_linear_algebra()
    settings = {**(constants or {}), **(options or {}), "inlined": sorted(inlined), "from_0": non_negative_indices}
    folder = cache_folder(modules, settings) if cache else None
    with _numba_cache(folder):
        kernels = _compile_modules(modules, constants or {}, {**(options or {}), "cache": folder is not None}, inlined)
    serialise_compilation(kernels.values(), non_negative_indices=non_negative_indices)
    return SimpleNamespace(**kernels)


def _skip_linear_algebra() -> None:
    """Load that part of Numba which loads SciPy's linear algebra, just to see whether it is there, without it.

    That takes a third of a second, and kernels of scalars multiply no matrices. What comes of it is that Numba takes a
    loop of its own for ``np.correlate``; ``np.dot`` and the like look for SciPy when they are called for.
    """
    if "numba.np.arraymath" in sys.modules:
        return
    from numba.np import linalg

    def raise_import_error() -> None:
        raise ImportError

    original, linalg.ensure_blas = linalg.ensure_blas, raise_import_error
    try:
        import_module("numba.np.arraymath")
    finally:
        linalg.ensure_blas = original


def _compile_modules(
    modules: Sequence[ModuleType], constants: Mapping[str, Any], options: Mapping[str, Any], inlined: Collection[str]
) -> dict[str, Any]:
    from numba import njit

    kernels: dict[str, Any] = {}
    for module in modules:
        scope = {**vars(module), **constants}
        for function in module.KERNELS:
            # What stands under the name of a compiled function must be that function and not a namesake.
            scope |= {name: kernel for name, kernel in kernels.items() if _is_original(scope.get(name), kernel)}
            copy = _copy_function(function, scope)
            kernels[function.__name__] = njit(**options, forceinline=function.__name__ in inlined)(copy)
    return kernels


def _is_original(found: object, kernel: Any) -> bool:
    return isinstance(found, FunctionType) and found.__code__ is kernel.py_func.__code__


def _copy_function(function: FunctionType, scope: dict[str, Any]) -> FunctionType:
    copy = FunctionType(function.__code__, dict(scope), function.__name__, function.__defaults__, function.__closure__)
    copy.__qualname__ = function.__qualname__
    copy.__module__ = function.__module__
    copy.__doc__ = function.__doc__
    return copy


def cache_folder(modules: Sequence[ModuleType], constants: Mapping[str, Any] | None = None) -> Path | None:
    """The folder for code compiled from these modules with these constants; None where nothing can be written."""
    import numba

    digest = hashlib.sha256()
    for part in (sys.version, numba.__version__, platform.machine()):
        digest.update(part.encode())
    for module in modules:
        for function in module.KERNELS:
            for part in _code_identity(function.__code__, vars(module)):
                digest.update(repr(part).encode())
    # A constant stands for itself by its text: numbers and types, nothing with an address in it.
    digest.update(repr(sorted((constants or {}).items())).encode())
    folder = _cache_root() / "compiled" / digest.hexdigest()[:20]
    return folder if _can_write(folder) else None


def _code_identity(code: CodeType, scope: Mapping[str, Any]) -> Iterator[Any]:
    """What a function does: its code, and the constants that it takes from its module or from others."""
    yield from (code.co_name, code.co_code, code.co_names, code.co_varnames)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _code_identity(constant, scope)
        else:
            yield constant
    for name in code.co_names:
        found = scope.get(name)
        if isinstance(found, ModuleType):
            yield from ((name, each, value) for each in code.co_names if _is_plain(value := vars(found).get(each)))
        elif _is_plain(found):
            yield name, found


def _is_plain(value: object) -> bool:
    return isinstance(value, int | float | str | bytes | tuple)


def _cache_root() -> Path:
    override = os.environ.get(CACHE_VARIABLE)
    if override:
        return Path(override)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
        return Path(base or Path.home() / "AppData" / "Local") / "journeylab"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "journeylab"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "journeylab"


def _can_write(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except (OSError, RuntimeError):
        # RuntimeError: there is no home folder.
        return False


@contextmanager
def _numba_cache(folder: Path | None) -> Iterator[None]:
    """Point Numba at our cache folder while functions are being declared; it looks at that moment only."""
    from numba import config

    before = config.CACHE_DIR
    if folder is not None:
        config.CACHE_DIR = str(folder)
    try:
        yield
    finally:
        config.CACHE_DIR = before
