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
def prefetch_row(_context: Any, array: Any, row: Any) -> Any:
    """Have the processor fetch one row of an array, from its first byte to its last."""
    return types.void(array, row), _prefetch


def _prefetch(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    stride = builder.extract_value(array.strides, 0)
    start = builder.mul(stride, arguments[1])
    first = builder.bitcast(array.data, cgutils.voidptr_t)
    kinds = (cgutils.voidptr_t, cgutils.int32_t, cgutils.int32_t, cgutils.int32_t)
    hint = builder.module.declare_intrinsic("llvm.prefetch", [cgutils.voidptr_t], ir.FunctionType(ir.VoidType(), kinds))
    hints = [cgutils.int32_t(which) for which in (_TO_READ, _TO_KEEP, _DATA)]
    size, step = context.get_constant(types.intp, 0), context.get_constant(types.intp, _CACHE_LINE)
    with cgutils.for_range_slice(builder, size, stride, step) as (offset, _):
        builder.call(hint, [builder.gep(first, [builder.add(start, offset)]), *hints])
    return context.get_dummy_value()


def prefetch_customer(engine: Any, row: int) -> None:
    """Have the row of a customer fetched, whose turn comes next."""
    prefetch_row(engine.ints, row)
    prefetch_row(engine.floats, row)
    prefetch_row(engine.key, row)
    prefetch_row(engine.number, row)
    prefetch_row(engine.contacts, row)


KERNELS: tuple[Any, ...] = (prefetch_customer,)
"""The functions that compiled code uses, callees before callers."""
