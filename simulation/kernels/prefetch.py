"""Telling the processor which rows come next, so that they are in its cache when their turn comes.

A hint and nothing more: no result depends on it. Rows of customers at the gate are visited in order of time, which is
no order in memory.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_CACHE_LINE = 64
_TO_READ, _TO_KEEP, _DATA = 0, 3, 1
"""What LLVM's prefetch asks to be told: that it is for reading, that it will be used soon, that it is data."""


@intrinsic  # type: ignore[untyped-decorator]
def fetch_row(_context: Any, array: Any, row: Any) -> Any:
    """Have the processor fetch one row of an array, from its first byte to its last."""
    return types.void(array, row), _fetch


def _fetch(context: Any, builder: Any, signature: Any, given: Any) -> Any:
    array = context.make_array(signature.args[0])(context, builder, given[0])
    stride = builder.extract_value(array.strides, 0)
    start = builder.mul(stride, given[1])
    first = builder.bitcast(array.data, cgutils.voidptr_t)
    kinds = (cgutils.voidptr_t, cgutils.int32_t, cgutils.int32_t, cgutils.int32_t)
    hint = builder.module.declare_intrinsic("llvm.prefetch", [cgutils.voidptr_t], ir.FunctionType(ir.VoidType(), kinds))
    asked = [cgutils.int32_t(which) for which in (_TO_READ, _TO_KEEP, _DATA)]
    size, step = context.get_constant(types.intp, 0), context.get_constant(types.intp, _CACHE_LINE)
    with cgutils.for_range_slice(builder, size, stride, step) as (offset, _):
        builder.call(hint, [builder.gep(first, [builder.add(start, offset)]), *asked])
    return context.get_dummy_value()


def fetch(state: Any, i: int) -> None:
    """Have the row of a customer fetched, whose turn comes next."""
    fetch_row(state.ints, i)
    fetch_row(state.floats, i)
    fetch_row(state.key, i)
    fetch_row(state.number, i)
    fetch_row(state.contacts, i)


KERNELS: tuple[Any, ...] = (fetch,)
"""The functions that compiled code uses, callees before callers."""
