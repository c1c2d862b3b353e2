"""Named arrays behind one pointer, for compiled functions.

Compiled functions that take a named tuple of sixty arrays have four hundred arguments each, and compiling them takes
minutes. Behind one pointer the same names cost nothing, and compiling takes seconds.

Compiled code treats the arrays as owned by no object, so reading them counts no references. With Numba's own structure
references, atomic reference counting took half the time of a run. The caller must keep the `NamedArrays` object alive
while compiled code uses it.
"""

from __future__ import annotations

import hashlib
import operator
from functools import cache
from struct import pack_into
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import typeof, types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numba.core.typing.templates import AbstractTemplate, AttributeTemplate, infer_global, signature
from numba.extending import (
    NativeValue,
    infer_getattr,
    lower_builtin,
    lower_getattr_generic,
    models,
    register_model,
    typeof_impl,
    unbox,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


class NamedArraysType(types.Type):  # type: ignore[misc]  # Numba has no types
    """The Numba type of `NamedArrays`: the names and types of its fields."""

    def __init__(self, fields: tuple[tuple[str, Any], ...]) -> None:
        self.fields = fields
        super().__init__(name=f"NamedArrays({_identify_fields(fields)})")


class NamedArraysSequenceType(types.Type):  # type: ignore[misc]
    """The Numba type of a sequence of `NamedArrays` of one type, of any length."""

    def __init__(self, element: NamedArraysType) -> None:
        self.element = element
        self.fields = element.fields
        super().__init__(name=f"NamedArraysSequence({_identify_fields(element.fields)})")


class FieldsType(types.Type):  # type: ignore[misc]
    """The structure that the pointer refers to."""

    def __init__(self, fields: tuple[tuple[str, Any], ...]) -> None:
        self.fields = fields
        super().__init__(name=f"Fields({_identify_fields(fields)})")


def _identify_fields(fields: tuple[tuple[str, Any], ...]) -> str:
    """A short text for these fields, because the names of compiled functions contain the types of their arguments."""
    text = ", ".join(f"{name}: {kind}" for name, kind in fields)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@register_model(FieldsType)
class _FieldsModel(models.StructModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: FieldsType) -> None:
        super().__init__(manager, kind, list(kind.fields))


@register_model(NamedArraysSequenceType)
@register_model(NamedArraysType)
class _NamedArraysModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: NamedArraysType | NamedArraysSequenceType) -> None:
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


@infer_global(operator.getitem)
class _GetElement(AbstractTemplate):  # type: ignore[misc]
    def generic(self, arguments: Any, _keywords: Any) -> Any:
        sequence, index = arguments
        if isinstance(sequence, NamedArraysSequenceType) and isinstance(index, types.Integer):
            return signature(sequence.element, sequence, types.intp)
        return None


@lower_builtin(operator.getitem, NamedArraysSequenceType, types.intp)  # type: ignore[untyped-decorator]
def _get_element(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
    sequence, index = arguments
    return builder.gep(sequence, [index], inbounds=True)


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
    """The Python side: the memory of the fields, and the values that must stay alive with it.

    Also a sequence of such objects of one type, the memory of one after that of another.
    """

    __slots__ = ("kind", "memory", "values")

    def __init__(self, kind: NamedArraysType | NamedArraysSequenceType, memory: Any, values: tuple[Any, ...]) -> None:
        self.kind = kind
        self.memory = memory
        self.values = values

    @property
    def address(self) -> int:
        """The address of the fields."""
        return int(self.memory.ctypes.data)


@typeof_impl.register(NamedArrays)  # type: ignore[untyped-decorator]
def _type_of(arrays: NamedArrays, _context: Any) -> NamedArraysType | NamedArraysSequenceType:
    return arrays.kind


@unbox(NamedArraysSequenceType)  # type: ignore[untyped-decorator]
@unbox(NamedArraysType)  # type: ignore[untyped-decorator]
def _unbox(kind: NamedArraysType | NamedArraysSequenceType, arrays: Any, c: Any) -> Any:
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


def pack_sequence(sequence: Sequence[Any]) -> NamedArrays:
    """Pack named tuples whose fields have equal types; compiled code gets one of them by its index.

    Raises:
        ValueError: Two of the named tuples differ in the type of a field.
    """
    packed = tuple(map(pack_arrays, sequence))
    if any(each.kind != packed[0].kind for each in packed):
        raise ValueError("the named tuples must have the same fields, of the same types")
    memory = np.concatenate([each.memory for each in packed])
    return NamedArrays(NamedArraysSequenceType(packed[0].kind), memory, packed)


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
