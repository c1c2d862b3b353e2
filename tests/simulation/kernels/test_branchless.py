"""Branchless selection gives the same result as branches."""

from math import inf, nan

import numba
import pytest

from simulation.kernels.branchless import select


@numba.njit
def first_of(numbers):
    index, least = 0, numbers[0]
    for other in range(1, len(numbers)):
        less = numbers[other] < least
        index, least = select(less, other, index), select(less, numbers[other], least)
    return index, least


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
def test_the_first_minimum_is_found_as_with_branches(numbers, expected):
    assert first_of(numbers) == expected
