"""Packed arrays: the types of their fields are Numba's own, and are known without packing."""

from typing import Any, NamedTuple

import numpy as np
import pytest
from numba import njit, typeof, types

from simulation.kernels.named_arrays import pack_arrays, pack_sequence, packed_type


class Inner(NamedTuple):
    values: Any


class Fields(NamedTuple):
    number: Any
    array: Any
    inner: Inner


def read_only():
    array = np.zeros(3)
    array.flags.writeable = False
    return array


ARRAYS = [
    np.zeros(3),
    np.zeros((2, 3)),
    np.zeros((2, 3), order="F"),
    np.zeros(8)[::2],
    read_only(),
    np.zeros(3, np.int8),
]


@pytest.mark.parametrize("array", ARRAYS)
def test_a_field_has_the_type_that_numba_infers(array):
    # Twice, because types are cached.
    for _ in range(2):
        fields = dict(pack_arrays(Fields(1, array, Inner(array))).kind.fields)
        assert fields["array"] == dict(fields["inner"].fields)["values"] == typeof(array)
        assert fields["number"] == types.int64


@pytest.mark.parametrize("array", ARRAYS)
def test_the_packed_type_is_known_without_packing(array):
    values = Fields(2.5, array, Inner(True))
    assert packed_type(values) is pack_arrays(values).kind


def test_compiled_code_gets_an_element_of_a_sequence_and_is_compiled_once_for_any_length():
    @njit
    def read(sequence, index):
        element = sequence[index]
        return element.number + element.array[1] + element.inner.values[2]

    rows = [Fields(float(row), np.arange(3.0) * 10 * row, Inner(np.arange(3.0) * 100 * row)) for row in range(4)]
    for count in (1, 3, 4):
        packed = pack_sequence(rows[:count])
        assert [read(packed, row) for row in range(count)] == [row * 211.0 for row in range(count)]
    assert len(read.signatures) == 1


def test_elements_of_a_sequence_have_one_type():
    with pytest.raises(ValueError, match="the same fields, of the same types"):
        pack_sequence([Fields(1, np.zeros(3), Inner(1.0)), Fields(1.0, np.zeros(3), Inner(1.0))])
