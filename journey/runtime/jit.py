"""Compile scalar functions for whole populations, from the source that also runs interpreted.

A module of such functions (`journey.decision.rules`, `journey.decision.steps`) lists them in `KERNELS` and does not
depend on Numba. It may list in `INLINED` those to inline: functions whose call takes as long as their body. The
functions are copied into a namespace in which they call each other's compiled versions, so each is written once. Those
that Python calls are compiled together with all that they call (`journey.runtime.linked_code`). The first call imports
Numba, which takes half a second.

Compiled code is cached in the user's cache folder, under a hash of all compiled functions, the constants they use and
the code that tells Numba how to compile them. Numba's own key is the file of the outermost function only, so it would
miss a change in a function that is called. The hash covers the code that this process has loaded, not the files on
disk. A file edited in the meantime therefore cannot store new code under an old name. `journey.runtime.code_cache` has
the rules for the folder. If several processes need the same code, one of them compiles it
(`journey.runtime.compile_lock`).
"""

import hashlib
import inspect
import platform
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from journey.runtime import compile_lock
from journey.runtime.address_space import refuse_small_address_space
from journey.runtime.code_cache import open_version
from journey.runtime.compile_lock import serialise_compilation

NO_REFCOUNT_OPTIONS: Mapping[str, Any] = {"_nrt": False, "error_model": "numpy", "nogil": True}
"""Options for functions that create no array and never divide by zero.

Without Numba's runtime (``_nrt``) references to arrays are not counted. The atomic counting would take two thirds of a
kernel's time. The functions release the GIL."""

_LEAST_BYTES = 150_000_000
"""Smallest address space in bytes for the compiler; with less, it aborts the process."""

Function = Callable[..., Any]


class CompiledFunctions:
    """Functions by name. Each is compiled at its first call from Python, for the types of its arguments."""

    def __init__(self, declarations: Mapping[str, Callable[[], Any]]) -> None:
        self._declarations = declarations

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._declarations:
            raise AttributeError(f"no compiled function is named {name}")
        function = self._declarations[name]()
        setattr(self, name, function)
        return function


def compile_kernels(
    *modules: ModuleType,
    entries: Collection[Function] = (),
    constants: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
    replacements: Mapping[Function, Function] | None = None,
    extensions: Sequence[ModuleType] = (),
    non_negative_indices: bool = False,
) -> CompiledFunctions:
    """The functions of these modules, compiled.

    Args:
        modules: Modules with a tuple `KERNELS`, callees before callers; later modules may call earlier ones. Functions
            in a tuple `INLINED` of one of them are inlined.
        entries: The functions that Python calls. Their code is cached on disk, with that of all functions that they
            call. Python can call the others too, but then each process compiles them.
        constants: Values that replace module constants of the same name, for instance with another type.
        options: Options for Numba's ``njit``.
        replacements: Functions that compiled code never calls, each with the function that it calls instead. The
            latter is in `KERNELS` of a module before those whose functions call the former.
        extensions: Modules that extend Numba by types that the functions use. Intrinsics need not be given.
        non_negative_indices: Whether none of them ever uses a negative index
            (`journey.runtime.compile_lock.assume_non_negative_indices`).

    Raises:
        InputError: The limit on the address space leaves too little for the compiler.
        ValueError: A replacement is not compiled before it is needed, or replaces a function that is not called; or an
            entry or a function in `INLINED` is not in `KERNELS`; or two functions have one name.
    """
    refuse_small_address_space("compiled code", _LEAST_BYTES)
    _skip_linear_algebra()
    from journey.runtime import linked_code

    njit_options = options or {}
    inlined = _find_inlined(modules)
    settings = {
        **(constants or {}),
        **njit_options,
        "inlined": sorted(map(_full_name, inlined)),
        "replacements": sorted((_full_name(old), _full_name(new)) for old, new in (replacements or {}).items()),
        "from_0": non_negative_indices,
    }
    inner = _declare_inner_functions(modules, constants or {}, njit_options, inlined, replacements or {})
    for entry in entries:
        if entry not in inner:
            raise ValueError(f"{_full_name(entry)} is an entry but in KERNELS of no module.")
    folder = cache_folder(modules, settings, extensions) if entries else None

    def declare(function: Function) -> Any:
        with _numba_cache(folder):
            cached = folder is not None and function in entries
            kernel = linked_code.declare_entry(inner[function].py_func, njit_options, cached=cached)
        serialise_compilation(kernel, non_negative_indices=non_negative_indices)
        return kernel

    return CompiledFunctions({name: partial(declare, function) for name, function in _by_name(inner).items()})


def _by_name(functions: Iterable[Function]) -> dict[str, Function]:
    """The functions by name.

    Raises:
        ValueError: Two of them have one name.
    """
    found: dict[str, Function] = {}
    for function in functions:
        other = found.setdefault(function.__name__, function)
        if other is not function:
            raise ValueError(f"{_full_name(other)} and {_full_name(function)} are two kernels of one name.")
    return found


def _skip_linear_algebra() -> None:
    """Import the part of Numba that tests for SciPy's linear algebra, without importing SciPy.

    The import would take a third of a second, and scalar kernels multiply no matrices. As a consequence Numba uses its
    own loop for ``np.correlate``; ``np.dot`` and similar functions import SciPy when they are compiled.
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


def _declare_inner_functions(
    modules: Sequence[ModuleType],
    constants: Mapping[str, Any],
    options: Mapping[str, Any],
    inlined: Collection[Function],
    replacements: Mapping[Function, Function],
) -> dict[Function, Any]:
    """The functions as compiled functions call them, by the original."""
    from journey.runtime.linked_code import declare_inner

    _check_replacements(modules, replacements)
    inner: dict[Function, Any] = {}
    for module in modules:
        scope = {**vars(module), **constants}
        for function in module.KERNELS:
            copy = _copy_function(function, scope | _find_callees(function, scope, inner, replacements))
            inner[function] = declare_inner(copy, options, inlined=function in inlined)
    return inner


def _find_inlined(modules: Sequence[ModuleType]) -> set[Function]:
    listed = {function for module in modules for function in module.KERNELS}
    inlined = {function: module for module in modules for function in getattr(module, "INLINED", ())}
    for function, module in inlined.items():
        if function not in listed:
            raise ValueError(f"{_full_name(function)} is in INLINED of {module.__name__} but in KERNELS of no module.")
    return set(inlined)


def _find_callees(
    function: Function,
    scope: Mapping[str, Any],
    compiled: Mapping[Function, Any],
    replacements: Mapping[Function, Function],
) -> dict[str, Any]:
    """The compiled functions that a function calls, by the names under which it calls them."""
    callees = {}
    for name, called in _called_functions(function, scope).items():
        replacement = replacements.get(called)
        if replacement is not None and replacement not in compiled:
            raise ValueError(
                f"{_full_name(function)} calls {_full_name(called)}, but {_full_name(replacement)}, which replaces it, "
                "is not compiled yet. List the module of the replacement first."
            )
        called = called if replacement is None else replacement
        if called in compiled:
            callees[name] = compiled[called]
    return callees


def _called_functions(function: Function, scope: Mapping[str, Any]) -> dict[str, Function]:
    found = {name: scope.get(name) for name in _global_names(function.__code__)}
    return {name: value for name, value in found.items() if isinstance(value, FunctionType)}


def _global_names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _global_names(constant)


def _check_replacements(modules: Sequence[ModuleType], replacements: Mapping[Function, Function]) -> None:
    listed = {function for module in modules for function in module.KERNELS}
    called = {
        each
        for module in modules
        for function in module.KERNELS
        for each in _called_functions(function, vars(module)).values()
    }
    for old, new in replacements.items():
        if new not in listed:
            raise ValueError(f"{_full_name(new)} replaces {_full_name(old)} but is in KERNELS of no module.")
        if old in listed:
            raise ValueError(f"{_full_name(old)} is replaced and therefore must not be in KERNELS.")
        if old not in called:
            raise ValueError(f"{_full_name(old)} is replaced, but no function in KERNELS calls it.")


def _full_name(function: Function) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def _copy_function(function: Function, scope: dict[str, Any]) -> FunctionType:
    copy = FunctionType(function.__code__, dict(scope), function.__name__, function.__defaults__, function.__closure__)
    copy.__qualname__ = function.__qualname__
    copy.__module__ = function.__module__
    copy.__doc__ = function.__doc__
    return copy


def cache_folder(
    modules: Sequence[ModuleType], settings: Mapping[str, Any] | None = None, extensions: Sequence[ModuleType] = ()
) -> Path | None:
    """The cache folder for code compiled from these modules; None if no folder is safe to use.

    Args:
        modules: Modules with a tuple `KERNELS`.
        settings: Constants that replace others, and options. They are identified by their text.
        extensions: Modules that extend Numba.
    """
    import llvmlite  # type: ignore[import-untyped]
    import numba

    digest = hashlib.sha256()
    for part in (sys.version, numba.__version__, llvmlite.__version__, platform.machine()):
        digest.update(part.encode())
    for module in modules:
        for function in module.KERNELS:
            for part in _code_identity(function.__code__, vars(module)):
                digest.update(repr(part).encode())
    for extension in _find_extensions(modules, extensions):
        for part in _module_identity(extension):
            digest.update(repr(part).encode())
    # Settings are hashed by their text: they are numbers, names and types, whose text contains no address.
    digest.update(repr(sorted((settings or {}).items())).encode())
    return open_version(digest.hexdigest()[:20])


def _find_extensions(modules: Sequence[ModuleType], extensions: Sequence[ModuleType]) -> list[ModuleType]:
    """The modules that determine how Numba compiles: those given, those of intrinsics, and the project's own."""
    from journey.runtime import linked_code

    found = {compile_lock.__name__, linked_code.__name__, *(extension.__name__ for extension in extensions)}
    for module in modules:
        for function in module.KERNELS:
            used = (vars(module).get(name) for name in _global_names(function.__code__))
            found |= {value.__module__ for value in used if hasattr(value, "_defn")}
    return [sys.modules[name] for name in sorted(found)]


def _module_identity(module: ModuleType) -> Iterator[Any]:
    """The parts that identify all functions of a module, also those of its classes and behind decorators."""
    for name, value in vars(module).items():
        for each in vars(value).values() if isinstance(value, type) else (value,):
            function = inspect.unwrap(each) if callable(each) else each
            if isinstance(function, FunctionType) and function.__module__ == module.__name__:
                yield name
                yield from _code_identity(function.__code__, vars(module))


def _code_identity(code: CodeType, scope: Mapping[str, Any]) -> Iterator[Any]:
    """The parts that identify a function: its code, and the constants it reads from modules."""
    yield from (code.co_name, code.co_code, code.co_names, code.co_varnames)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _code_identity(constant, scope)
        else:
            # The order of a set differs between processes.
            yield sorted(map(repr, constant)) if isinstance(constant, frozenset) else constant
    for name in code.co_names:
        found = scope.get(name)
        if isinstance(found, ModuleType):
            yield from ((name, each, value) for each in code.co_names if _is_plain(value := vars(found).get(each)))
        elif _is_plain(found):
            yield name, found


def _is_plain(value: object) -> bool:
    return isinstance(value, int | float | str | bytes | tuple)


@contextmanager
def _numba_cache(folder: Path | None) -> Iterator[None]:
    """Set Numba's cache folder while functions are declared, the only time when Numba reads it."""
    from numba import config

    before = config.CACHE_DIR
    if folder is not None:
        config.CACHE_DIR = str(folder)
    try:
        yield
    finally:
        config.CACHE_DIR = before
