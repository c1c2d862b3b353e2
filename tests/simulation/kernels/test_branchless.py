"""Choosing without a jump gives what a choice gives."""

from math import inf, nan

import numba
import pytest

from simulation.kernels.branchless import select


@numba.njit
def first_of(numbers):
    place, least = 0, numbers[0]
    for other in range(1, len(numbers)):
        less = numbers[other] < least
        place, least = select(less, other, place), select(less, numbers[other], least)
    return place, least


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((3.0, 1.0, 2.0), (1, 1.0)),
        ((2.0, 1.0, 1.0), (1, 1.0)),
        ((inf, inf), (0, inf)),
        ((-0.0, 0.0), (0, 0.0)),
        ((1.0, nan, 0.5), (2, 0.5)),
    ],
)
def test_the_first_of_equals_is_found_as_by_a_loop_of_ifs(numbers, expected):
    assert first_of(numbers) == expected
