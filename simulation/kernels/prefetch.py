"""A hint to the processor to load a row of an array into its cache. It never changes a result."""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_CACHE_LINE = 64
_FOR_READING, _HIGH_LOCALITY, _DATA_CACHE = 0, 3, 1
"""Arguments of LLVM's ``prefetch``: access, locality and kind of cache."""


@intrinsic  # type: ignore[untyped-decorator]
def prefetch_row(_context: Any, array: Any, row: Any) -> Any:
    """Load one row of an array into the processor's cache, from its first byte to its last."""
    return types.void(array, row), _prefetch


def _prefetch(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    stride = builder.extract_value(array.strides, 0)
    start = builder.mul(stride, arguments[1])
    first = builder.bitcast(array.data, cgutils.voidptr_t)
    kinds = (cgutils.voidptr_t, cgutils.int32_t, cgutils.int32_t, cgutils.int32_t)
    hint = builder.module.declare_intrinsic("llvm.prefetch", [cgutils.voidptr_t], ir.FunctionType(ir.VoidType(), kinds))
    hints = [cgutils.int32_t(argument) for argument in (_FOR_READING, _HIGH_LOCALITY, _DATA_CACHE)]
    size, step = context.get_constant(types.intp, 0), context.get_constant(types.intp, _CACHE_LINE)
    with cgutils.for_range_slice(builder, size, stride, step) as (offset, _):
        builder.call(hint, [builder.gep(first, [builder.add(start, offset)]), *hints])
    return context.get_dummy_value()
