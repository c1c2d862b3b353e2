"""Named arrays behind one pointer.

Compiled functions that take a named tuple of sixty arrays take four hundred arguments each, and compiling them takes
minutes. Behind one pointer the same names cost nothing, and compiling takes seconds.

A box owns nothing as far as compiled code can tell, so reading from it counts no references: counting them, atomically,
took half the time of a run with Numba's own structure references. Whoever makes a box keeps it while it is used.
"""

from __future__ import annotations

from functools import cache
from struct import pack_into
from typing import Any

import numpy as np
from numba import typeof, types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    NativeValue,
    infer_getattr,
    lower_getattr_generic,
    models,
    register_model,
    typeof_impl,
    unbox,
)


class BoxType(types.Type):  # type: ignore[misc]  # Numba has no types
    """The type of a box: the names and types of its fields."""

    def __init__(self, fields: tuple[tuple[str, Any], ...]) -> None:
        self.fields = fields
        super().__init__(name=f"FixedBox({_told(fields)})")


class PayloadType(types.Type):  # type: ignore[misc]
    """The structure that the pointer of a box leads to."""

    def __init__(self, fields: tuple[tuple[str, Any], ...]) -> None:
        self.fields = fields
        super().__init__(name=f"Payload({_told(fields)})")


def _told(fields: tuple[tuple[str, Any], ...]) -> str:
    return ", ".join(f"{name}: {kind}" for name, kind in fields)


@register_model(PayloadType)
class _PayloadModel(models.StructModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: PayloadType) -> None:
        super().__init__(manager, kind, list(kind.fields))


@register_model(BoxType)
class _BoxModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: BoxType) -> None:
        super().__init__(manager, kind, manager.lookup(PayloadType(kind.fields)).get_data_type().as_pointer())


@infer_getattr
class _BoxFields(AttributeTemplate):  # type: ignore[misc]
    key = BoxType

    def generic_resolve(self, kind: BoxType, name: str) -> Any:
        return dict(kind.fields).get(name)


@lower_getattr_generic(BoxType)  # type: ignore[untyped-decorator]
def _field(context: Any, builder: Any, kind: BoxType, box: Any, name: str) -> Any:
    names = [field for field, _ in kind.fields]
    where = cgutils.gep_inbounds(builder, box, 0, names.index(name))
    model = context.data_model_manager.lookup(dict(kind.fields)[name])
    return model.load_from_data_pointer(_ReadsWhatStays(builder), where)


class _ReadsWhatStays:
    """A builder whose loads tell LLVM that what they read never changes: fields are written before compiled code runs.

    Otherwise every store into an array may change, for all LLVM knows, where the arrays are, and each access would look
    that up anew.
    """

    def __init__(self, builder: Any) -> None:
        self._builder = builder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._builder, name)

    def load(self, *args: Any, **kwargs: Any) -> Any:
        loaded = self._builder.load(*args, **kwargs)
        loaded.set_metadata("invariant.load", self._builder.module.add_metadata([]))
        return loaded


class Box:
    """The Python side of a box: its memory, and what must live as long."""

    __slots__ = ("kind", "memory", "values")

    def __init__(self, kind: BoxType, memory: Any, values: tuple[Any, ...]) -> None:
        self.kind = kind
        self.memory = memory
        self.values = values

    @property
    def address(self) -> int:
        """Where the fields are."""
        return int(self.memory.ctypes.data)


@typeof_impl.register(Box)  # type: ignore[untyped-decorator]
def _type_of(box: Box, _context: Any) -> BoxType:
    return box.kind


@unbox(BoxType)  # type: ignore[untyped-decorator]
def _unbox(kind: BoxType, box: Any, c: Any) -> Any:
    given = c.pyapi.object_getattr_string(box, "address")
    address = c.pyapi.long_as_voidptr(given)
    c.pyapi.decref(given)
    return NativeValue(c.builder.bitcast(address, c.context.get_value_type(kind)))


def boxed(values: Any) -> Box:
    """A box with the fields of a named tuple of numbers, arrays and named tuples; those within become boxes too."""
    inner = tuple(boxed(value) if hasattr(value, "_fields") else value for value in values)
    kind, size, offsets = _laid_out(values._fields, tuple(map(_plain, inner)))
    memory = np.zeros(size, dtype=np.uint8)
    for offset, value in zip(offsets, inner, strict=True):
        _write(memory, offset, value)
    return Box(kind, memory, inner)


def kind_of(values: Any) -> BoxType:
    """The type of the box that a named tuple would have, without making it."""
    kinds = (kind_of(value) if hasattr(value, "_fields") else _plain(value) for value in values)
    return _laid_out(values._fields, tuple(kinds))[0]


@cache
def _laid_out(names: tuple[str, ...], kinds: tuple[Any, ...]) -> tuple[BoxType, int, tuple[int, ...]]:
    """The type of a box with these fields, its size in bytes, and where each field begins."""
    kind = BoxType(tuple(zip(names, kinds, strict=True)))
    context = cpu_target.target_context
    layout = context.data_model_manager[PayloadType(kind.fields)].get_data_type()
    offsets = tuple(layout.get_element_offset(context.target_data, place) for place in range(len(names)))
    return kind, context.get_abi_sizeof(layout), offsets


def _plain(value: Any) -> Any:
    """The type of a value; of a number, not of that very number, so that one compiled function serves all."""
    if type(value) is not np.ndarray:
        return types.unliteral(typeof(value))
    # Finding the type of an array takes Numba longer than all else that a box takes.
    looks = (value.dtype, value.ndim, value.flags.num)
    if looks not in _of_arrays:
        _of_arrays[looks] = typeof(value)
    return _of_arrays[looks]


_of_arrays: dict[tuple[Any, int, int], Any] = {}
"""Types of arrays by dtype, dimensions and flags, which is all that they depend on."""


def _write(memory: Any, offset: int, value: Any) -> None:
    """Write a field where Numba's data model looks for it; an array without an owner, so that none is counted."""
    if isinstance(value, np.ndarray):
        words = (0, 0, value.size, value.itemsize, value.ctypes.data, *value.shape, *value.strides)
        pack_into(f"={len(words)}q", memory, offset, *words)
    elif isinstance(value, Box):
        pack_into("=q", memory, offset, value.address)
    elif isinstance(value, bool):
        pack_into("=?", memory, offset, value)
    else:
        pack_into("=d" if isinstance(value, float) else "=q", memory, offset, value)
