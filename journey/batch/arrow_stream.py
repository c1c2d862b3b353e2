"""The result of a query as arrays, in batches, over Arrow's C stream interface.

Texts come as bytes with offsets; converting them to Python objects would take longer than all other processing. The
structures are those of the Arrow C data and stream interfaces
(https://arrow.apache.org/docs/format/CStreamInterface.html), which need no other library.
"""

from collections.abc import Iterator
from ctypes import CFUNCTYPE, POINTER, Structure, byref, c_char_p, c_int, c_int64, c_ubyte, c_void_p, py_object
from ctypes import pythonapi as python
from typing import Any, NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt

NUMBER_FORMATS = {b"c": np.int8, b"i": np.int32, b"l": np.int64, b"g": np.float64}
"""Supported formats of numeric columns."""

TEXT_FORMAT = b"u"
"""The format of a text column with 32-bit offsets."""


class TextColumn(NamedTuple):
    """A column of texts.

    Attributes:
        data: The concatenated bytes of all texts.
        ends: One entry more than there are texts: text i is ``data[ends[i]:ends[i + 1]]``.
    """

    data: npt.NDArray[np.uint8]
    ends: npt.NDArray[np.int32] | npt.NDArray[np.int64]


class _ArrowSchema(Structure):
    pass


class _ArrowArray(Structure):
    pass


class _ArrowStream(Structure):
    pass


_ArrowSchema._fields_ = [
    ("format", c_char_p),
    ("name", c_char_p),
    ("metadata", c_char_p),
    ("flags", c_int64),
    ("n_children", c_int64),
    ("children", POINTER(POINTER(_ArrowSchema))),
    ("dictionary", c_void_p),
    ("release", CFUNCTYPE(None, POINTER(_ArrowSchema))),
    ("private_data", c_void_p),
]
_ArrowArray._fields_ = [
    ("length", c_int64), ("null_count", c_int64), ("offset", c_int64), ("n_buffers", c_int64), ("n_children", c_int64),
    ("buffers", POINTER(c_void_p)), ("children", POINTER(POINTER(_ArrowArray))), ("dictionary", c_void_p),
    ("release", CFUNCTYPE(None, POINTER(_ArrowArray))), ("private_data", c_void_p),
]  # fmt: skip
_ArrowStream._fields_ = [
    ("get_schema", CFUNCTYPE(c_int, POINTER(_ArrowStream), POINTER(_ArrowSchema))),
    ("get_next", CFUNCTYPE(c_int, POINTER(_ArrowStream), POINTER(_ArrowArray))),
    ("get_last_error", CFUNCTYPE(c_char_p, POINTER(_ArrowStream))), ("release", c_void_p), ("private_data", c_void_p),
]  # fmt: skip

_get_capsule_pointer = python.PyCapsule_GetPointer
_get_capsule_pointer.restype, _get_capsule_pointer.argtypes = c_void_p, [py_object, c_char_p]


class RowBatch:
    """Some rows of a result. Its columns are views of memory that is released with the batch.

    Attributes:
        columns: The columns by name, in the order of the query.
    """

    def __init__(self, array: _ArrowArray, formats: dict[str, bytes]) -> None:
        self._array = array
        self.columns = {
            name: _read_column(array.children[index].contents, kind)
            for index, (name, kind) in enumerate(formats.items())
        }

    def __del__(self) -> None:
        if self._array.release:
            self._array.release(byref(self._array))


class QueryResult:
    """The result of a query; it can be read once.

    Args:
        query: The query. Its columns must not contain nulls.
    """

    def __init__(self, query: duckdb.DuckDBPyRelation) -> None:
        self._capsule = query.__arrow_c_stream__()
        self._stream = _ArrowStream.from_address(_get_capsule_pointer(self._capsule, b"arrow_array_stream"))
        schema = _ArrowSchema()
        self._raise_on_error(self._stream.get_schema(byref(self._stream), byref(schema)))
        fields = [schema.children[index].contents for index in range(schema.n_children)]
        self.formats: dict[str, bytes] = {field.name.decode(): field.format for field in fields}
        schema.release(byref(schema))

    def batches(self) -> Iterator[RowBatch]:
        """Iterate over the rows in batches."""
        while True:
            array = _ArrowArray()
            self._raise_on_error(self._stream.get_next(byref(self._stream), byref(array)))
            if not array.release:
                return
            yield RowBatch(array, self.formats)

    def _raise_on_error(self, code: int) -> None:
        if code:
            message = self._stream.get_last_error(byref(self._stream))
            raise duckdb.Error((message or b"unknown reason").decode(errors="replace"))


def _read_column(array: _ArrowArray, kind: bytes) -> Any:
    start, count = array.offset, array.length
    if kind == TEXT_FORMAT:
        ends = _view_buffer(array.buffers[1], np.int32, start, count + 1)
        return TextColumn(_view_buffer(array.buffers[2], np.uint8, 0, int(ends[-1]) if count else 0), ends)
    return _view_buffer(array.buffers[1], NUMBER_FORMATS[kind], start, count)


def _view_buffer(address: int | None, kind: Any, start: int, count: int) -> npt.NDArray[Any]:
    size = np.dtype(kind).itemsize
    if not address or not count:
        return np.empty(0, dtype=kind)
    memory = (c_ubyte * (size * count)).from_address(address + size * start)
    return np.frombuffer(memory, dtype=kind)
