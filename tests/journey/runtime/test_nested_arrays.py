"""Nested tuples become arrays with the same values, of the annotated types."""

from typing import NamedTuple

import numpy as np

from journey.decision.parameters import build_parameters
from journey.decision.policy import Policy
from journey.machine import default_journey
from journey.runtime.nested_arrays import to_arrays


class Point(NamedTuple):
    """A record."""

    place: int
    share: float
    is_end: bool


class Table(NamedTuple):
    """Numbers of every kind."""

    count: int
    ragged: tuple[tuple[float, ...], ...]
    empty: tuple[tuple[int, ...], ...]
    points: tuple[tuple[Point, ...], ...]
    inner: Point


def test_rows_are_padded_records_have_names_and_empty_tables_have_a_shape():
    table = Table(2, ((1.0, 2.0), (3.0,)), (), ((Point(1, 0.5, True),),), Point(7, 1, False))
    arrays = to_arrays(table)
    assert arrays.count == 2
    assert arrays.ragged.tolist() == [[1.0, 2.0], [3.0, 0.0]]
    assert (arrays.empty.shape, arrays.empty.dtype) == ((1, 1), np.int64)
    assert arrays.points[0, 0].item() == (1, 0.5, True)
    assert (arrays.inner.place, arrays.inner.share, type(arrays.inner.share)) == (7, 1.0, float)


def test_the_numbers_of_a_policy_keep_their_values_and_get_their_types():
    machine = default_journey().compile()
    parameters = build_parameters(Policy().compile(machine.stages, frozenset(default_journey().terminal)))
    for name, value in to_arrays(parameters)._asdict().items():
        given = getattr(parameters, name)
        if isinstance(given, tuple):
            expected = np.array(given)
            # Rows without numbers are padded, so that compiled code has a shape.
            assert value.tolist() == expected.tolist() if expected.size else not value.any()
            assert value.dtype in (np.bool_, np.int64, np.float64)
        else:
            assert value == given
