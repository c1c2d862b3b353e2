"""Boxes: the types of their fields are those that Numba gives, and known without making a box."""

from typing import Any, NamedTuple

import numpy as np
import pytest
from numba import typeof, types

from simulation.kernels.named_arrays import pack_arrays, packed_type


class Inner(NamedTuple):
    of: Any


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
def test_a_field_has_the_type_that_numba_gives_it(array):
    # Twice, because what was found is remembered.
    for _ in range(2):
        fields = dict(pack_arrays(Fields(1, array, Inner(array))).kind.fields)
        assert fields["array"] == dict(fields["inner"].fields)["of"] == typeof(array)
        assert fields["number"] == types.int64


@pytest.mark.parametrize("array", ARRAYS)
def test_the_type_of_a_box_is_known_without_it(array):
    values = Fields(2.5, array, Inner(True))
    assert packed_type(values) is pack_arrays(values).kind
