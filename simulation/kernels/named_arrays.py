"""Named arrays behind one pointer, for compiled functions.

Compiled functions that take a named tuple of sixty arrays have four hundred arguments each, and compiling them takes
minutes. Behind one pointer the same names cost nothing, and compiling takes seconds.

Compiled code treats the arrays as owned by no object, so reading them counts no references. With Numba's own structure
references, atomic reference counting took half the time of a run. The caller must keep the `NamedArrays` object alive
while compiled code uses it.
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


class NamedArraysType(types.Type):  # type: ignore[misc]  # Numba has no types
    """The Numba type of `NamedArrays`: the names and types of its fields."""

    def __init__(self, fields: tuple[tuple[str, Any], ...]) -> None:
        self.fields = fields
        super().__init__(name=f"FixedBox({_format_fields(fields)})")


class FieldsType(types.Type):  # type: ignore[misc]
    """The structure that the pointer refers to."""

    def __init__(self, fields: tuple[tuple[str, Any], ...]) -> None:
        self.fields = fields
        super().__init__(name=f"Payload({_format_fields(fields)})")


def _format_fields(fields: tuple[tuple[str, Any], ...]) -> str:
    return ", ".join(f"{name}: {kind}" for name, kind in fields)


@register_model(FieldsType)
class _FieldsModel(models.StructModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: FieldsType) -> None:
        super().__init__(manager, kind, list(kind.fields))


@register_model(NamedArraysType)
class _NamedArraysModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: NamedArraysType) -> None:
        super().__init__(manager, kind, manager.lookup(FieldsType(kind.fields)).get_data_type().as_pointer())


@infer_getattr
class _NamedArraysAttributes(AttributeTemplate):  # type: ignore[misc]
    key = NamedArraysType

    def generic_resolve(self, kind: NamedArraysType, name: str) -> Any:
        return dict(kind.fields).get(name)


@lower_getattr_generic(NamedArraysType)  # type: ignore[untyped-decorator]
def _load_field(context: Any, builder: Any, kind: NamedArraysType, pointer: Any, name: str) -> Any:
    names = [field for field, _ in kind.fields]
    address = cgutils.gep_inbounds(builder, pointer, 0, names.index(name))
    model = context.data_model_manager.lookup(dict(kind.fields)[name])
    return model.load_from_data_pointer(_InvariantLoads(builder), address)


class _InvariantLoads:
    """A builder that marks loads as invariant for LLVM: fields are written only before compiled code runs.

    Otherwise LLVM must assume that every store into an array may change the addresses of the arrays, and load them
    again at each access.
    """

    def __init__(self, builder: Any) -> None:
        self._builder = builder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._builder, name)

    def load(self, *args: Any, **kwargs: Any) -> Any:
        loaded = self._builder.load(*args, **kwargs)
        loaded.set_metadata("invariant.load", self._builder.module.add_metadata([]))
        return loaded


class NamedArrays:
    """The Python side: the memory of the fields, and the values that must stay alive with it."""

    __slots__ = ("kind", "memory", "values")

    def __init__(self, kind: NamedArraysType, memory: Any, values: tuple[Any, ...]) -> None:
        self.kind = kind
        self.memory = memory
        self.values = values

    @property
    def address(self) -> int:
        """The address of the fields."""
        return int(self.memory.ctypes.data)


@typeof_impl.register(NamedArrays)  # type: ignore[untyped-decorator]
def _type_of(arrays: NamedArrays, _context: Any) -> NamedArraysType:
    return arrays.kind


@unbox(NamedArraysType)  # type: ignore[untyped-decorator]
def _unbox(kind: NamedArraysType, arrays: Any, c: Any) -> Any:
    number = c.pyapi.object_getattr_string(arrays, "address")
    address = c.pyapi.long_as_voidptr(number)
    c.pyapi.decref(number)
    return NativeValue(c.builder.bitcast(address, c.context.get_value_type(kind)))


def pack_arrays(values: Any) -> NamedArrays:
    """Pack the fields of a named tuple of numbers, arrays and named tuples; nested named tuples are packed too."""
    inner = tuple(pack_arrays(value) if hasattr(value, "_fields") else value for value in values)
    kind, size, offsets = _layout(values._fields, tuple(map(_field_type, inner)))
    memory = np.zeros(size, dtype=np.uint8)
    for offset, value in zip(offsets, inner, strict=True):
        _write_field(memory, offset, value)
    return NamedArrays(kind, memory, inner)


def packed_type(values: Any) -> NamedArraysType:
    """The type that `pack_arrays` would give a named tuple, without packing it."""
    kinds = (packed_type(value) if hasattr(value, "_fields") else _field_type(value) for value in values)
    return _layout(values._fields, tuple(kinds))[0]


@cache
def _layout(names: tuple[str, ...], kinds: tuple[Any, ...]) -> tuple[NamedArraysType, int, tuple[int, ...]]:
    """The type for these fields, its size in bytes, and the offset of each field."""
    kind = NamedArraysType(tuple(zip(names, kinds, strict=True)))
    context = cpu_target.target_context
    structure = context.data_model_manager[FieldsType(kind.fields)].get_data_type()
    offsets = tuple(structure.get_element_offset(context.target_data, index) for index in range(len(names)))
    return kind, context.get_abi_sizeof(structure), offsets


def _field_type(value: Any) -> Any:
    """The type of a value.

    Numbers get their general type, not a literal one, so that one compiled function serves all values.
    """
    if type(value) is not np.ndarray:
        return types.unliteral(typeof(value))
    # Looking up the type of an array is the slowest part of packing, so it is cached.
    signature = (value.dtype, value.ndim, value.flags.num)
    if signature not in _array_types:
        _array_types[signature] = typeof(value)
    return _array_types[signature]


_array_types: dict[tuple[Any, int, int], Any] = {}
"""Types of arrays by dtype, dimensions and flags, which determine the type."""


def _write_field(memory: Any, offset: int, value: Any) -> None:
    """Write a field in the layout of Numba's data model. Arrays have no owner, so that no references are counted."""
    if isinstance(value, np.ndarray):
        words = (0, 0, value.size, value.itemsize, value.ctypes.data, *value.shape, *value.strides)
        pack_into(f"={len(words)}q", memory, offset, *words)
    elif isinstance(value, NamedArrays):
        pack_into("=q", memory, offset, value.address)
    elif isinstance(value, bool):
        pack_into("=?", memory, offset, value)
    else:
        pack_into("=d" if isinstance(value, float) else "=q", memory, offset, value)
