"""Named tuples of nested tuples, turned into named tuples of arrays for compiled code."""

from __future__ import annotations

from typing import Any

import numpy as np


def to_arrays(values: Any) -> Any:
    """A named tuple of numbers and of nested tuples of numbers, with arrays in place of the tuples.

    Rows of different lengths are padded with 0. The number of dimensions is that of the annotation, so that a table
    without any row still has its shape.
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
    """The smallest shape that holds nested tuples; a dimension is never empty, so that it can be indexed."""
    if dimensions == 0:
        return ()
    inner = [_shape(part, dimensions - 1) for part in value]
    return (max(1, len(value)), *(max(sizes) for sizes in zip(*inner, strict=True))) if inner else (1,) * dimensions


def _fill(array: Any, value: Any) -> None:
    for index, part in enumerate(value):
        if isinstance(part, tuple):
            _fill(array[index], part)
        else:
            array[index] = part
