"""Named tuples of nested tuples, converted to named tuples of arrays for compiled code."""

from __future__ import annotations

from typing import Any

import numpy as np


def to_arrays(values: Any) -> Any:
    """Convert a named tuple of numbers and nested tuples of numbers to one with arrays in place of the tuples.

    Rows of different lengths are padded with 0. The number of dimensions is that of the annotation, so that a table
    without rows still has its shape.
    """
    kinds = {name: str(kind) for name, kind in type(values).__annotations__.items()}
    return type(values)(*(_array(value, kinds[name]) for name, value in values._asdict().items()))


def _array(value: Any, kind: str) -> Any:
    if not isinstance(value, tuple):
        return value.item() if hasattr(value, "item") else value
    shape = _shape(value, kind.count("tuple["))
    array = np.zeros(shape, dtype=np.float64 if "float" in kind else np.int64)
    _fill(array, value)
    return array


def _shape(value: Any, dimensions: int) -> tuple[int, ...]:
    """The smallest shape for nested tuples. No dimension is empty, so that the array can be indexed."""
    if dimensions == 0:
        return ()
    inner = [_shape(row, dimensions - 1) for row in value]
    return (max(1, len(value)), *(max(sizes) for sizes in zip(*inner, strict=True))) if inner else (1,) * dimensions


def _fill(array: Any, value: Any) -> None:
    for index, item in enumerate(value):
        if isinstance(item, tuple):
            _fill(array[index], item)
        else:
            array[index] = item
