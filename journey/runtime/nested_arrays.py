"""Named tuples of nested tuples, converted to named tuples of arrays for compiled code."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np


def to_arrays(values: Any) -> Any:
    """Convert a named tuple of numbers and nested tuples to one with arrays in place of the tuples.

    The items of the nested tuples are numbers, or named tuples of numbers, which become records. A field may also be a
    named tuple itself. Rows of different lengths are padded with 0. Types and the number of dimensions are those of the
    annotations, so that a table without rows still has its shape.
    """
    kind: Any = type(values)
    kinds = _field_kinds(kind)
    return kind(*(_convert(value, kind) for value, kind in zip(values, kinds, strict=True)))


@cache
def _field_kinds(kind: Any) -> tuple[Any, ...]:
    hints = get_type_hints(kind)
    return tuple(hints[name] for name in kind._fields)


def _convert(value: Any, kind: Any) -> Any:
    if hasattr(kind, "_fields"):
        return to_arrays(value)
    if get_origin(kind) not in (tuple, Sequence):
        return kind(value)
    dimensions = 0
    while get_origin(kind) in (tuple, Sequence):
        dimensions, kind = dimensions + 1, get_args(kind)[0]
    array = np.zeros(_shape(value, dimensions), dtype=_element_type(kind))
    _fill(array, value, dimensions)
    return array


def _element_type(kind: Any) -> Any:
    if hasattr(kind, "_fields"):
        return np.dtype(list(zip(kind._fields, map(_element_type, _field_kinds(kind)), strict=True)), align=True)
    return np.dtype({bool: np.bool_, int: np.int64, float: np.float64}[kind])


def _shape(value: Any, dimensions: int) -> tuple[int, ...]:
    """The smallest shape for nested tuples. No dimension is empty, so that the array can be indexed."""
    if dimensions == 0:
        return ()
    inner = [_shape(row, dimensions - 1) for row in value]
    return (max(1, len(value)), *(max(sizes) for sizes in zip(*inner, strict=True))) if inner else (1,) * dimensions


def _fill(array: Any, value: Any, dimensions: int) -> None:
    for index, item in enumerate(value):
        if dimensions > 1:
            _fill(array[index], item, dimensions - 1)
        else:
            array[index] = tuple(item) if isinstance(item, tuple) else item
