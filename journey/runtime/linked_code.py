"""Compile each function that Python calls together with all functions that it calls, once.

Numba optimises each function by itself together with all functions that it calls, emits machine code for it, and caches
both. With hundreds of functions that call each other, most of that time and space is for code that Python never calls.
Here only the entry points, which Python calls, are optimised and become machine code. The functions that they call stay
in LLVM's intermediate representation until they are linked into an entry point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llvmlite.binding import Linkage  # type: ignore[import-untyped]
from numba import _dynfunc, njit, types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import FunctionType


def declare_inner(function: FunctionType, options: Mapping[str, Any], *, inlined: bool) -> Any:
    """Declare a function that only other compiled functions call.

    Integers are passed to it as 64 bits. Numba would compile it again for each integer that is a constant, and for 32
    bits.

    Args:
        function: The function, whose global names refer to declared functions.
        options: Options for Numba's `njit`.
        inlined: Whether to inline it where it is called.
    """
    declared = njit(**options, forceinline=inlined, pipeline_class=_InnerCompiler)(function)
    get_call_template = declared.get_call_template

    def get_widened(arguments: Iterable[Any], keywords: Mapping[str, Any]) -> Any:
        return get_call_template([*map(_widen, arguments)], {name: _widen(kind) for name, kind in keywords.items()})

    declared.get_call_template = get_widened
    return declared


def declare_entry(function: FunctionType, options: Mapping[str, Any], *, cached: bool) -> Any:
    """Declare a function that only Python calls.

    Args:
        function: The function, whose global names refer to functions from `declare_inner`.
        options: Options for Numba's `njit`.
        cached: Whether to cache its code on disk.
    """
    declared = njit(**options, cache=cached, pipeline_class=_EntryCompiler)(function)
    declared.get_call_template = _reject_call
    return declared


def _widen(kind: Any) -> Any:
    kind = types.unliteral(kind) if isinstance(kind, types.IntegerLiteral) else kind
    return types.int64 if isinstance(kind, types.Integer) and kind.signed else kind


def _reject_call(_arguments: Any, _keywords: Any) -> Any:
    raise TypeError("This function is an entry point for Python; other compiled functions cannot call it.")


class _InnerCompiler(Compiler):  # type: ignore[misc]  # Numba has no types
    def __init__(self, typing_context: Any, target_context: Any, _library: Any, *others: Any) -> None:
        super().__init__(typing_context, target_context, _InnerLibrary(target_context.codegen(), "inner"), *others)
        # This context is a copy for one compilation.
        self.state.targetctx.get_executable = _make_uncallable
        self.state.flags.no_cpython_wrapper = True
        self.state.flags.no_cfunc_wrapper = True


class _EntryCompiler(Compiler):  # type: ignore[misc]
    def __init__(self, typing_context: Any, target_context: Any, _library: Any, *others: Any) -> None:
        library = _EntryLibrary(target_context.codegen(), "entry")
        library.enable_object_caching()
        super().__init__(typing_context, target_context, library, *others)
        self.state.flags.no_cfunc_wrapper = True


def _make_uncallable(library: Any, descriptor: Any, environment: Any) -> Any:
    """The object by which Numba knows a compiled function. Python must not call it: it has no machine code."""
    name = descriptor.qualname.split(".")[-1]
    return _dynfunc.make_function(descriptor.lookup_module(), name, "", 0, environment, (library,))


class _InnerLibrary(JITCodeLibrary):  # type: ignore[misc]
    """Code that is neither optimised nor emitted before it is linked into an entry point."""

    @property
    def callees(self) -> list[Any]:
        """The libraries that this code calls."""
        return list(self._linking_libraries)

    def finalize(self) -> None:
        self._raise_if_finalized()
        self._finalized = True

    def _get_module_for_linking(self) -> Any:
        return self._final_module


class _EntryLibrary(JITCodeLibrary):  # type: ignore[misc]
    """Code that is linked with all functions that it calls, directly or not, and then optimised."""

    def finalize(self) -> None:
        self._exported = {function.name for function in self._final_module.functions if not function.is_declaration}
        self._linking_libraries: list[Any] = _find_libraries(self._linking_libraries)
        super().finalize()

    def _optimize_final_module(self) -> None:
        # Nothing else calls the functions that were linked, so they need not remain where their calls are inlined.
        for function in self._final_module.functions:
            if not function.is_declaration and function.name not in self._exported:
                function.linkage = Linkage.internal
        super()._optimize_final_module()


def _find_libraries(libraries: Iterable[Any]) -> list[Any]:
    """These libraries and those that they call, inner ones first.

    The others already contain all that they call. LLVM links their definitions only into code that calls them, so they
    come last.
    """
    inner: dict[_InnerLibrary, None] = {}
    others: dict[Any, None] = {}
    remaining = list(libraries)
    while remaining:
        library = remaining.pop()
        if not isinstance(library, _InnerLibrary):
            others[library] = None
        elif library not in inner:
            inner[library] = None
            remaining.extend(library.callees)
    return [*inner, *others]
