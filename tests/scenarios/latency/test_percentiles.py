"""Percentiles by nearest rank."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.latency.percentiles import SHARES, Percentiles, compute_percentiles


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, (1, 1, 1, 1)), (2, (1, 2, 2, 2)), (10, (5, 9, 10, 10)), (100, (50, 90, 99, 100)), (200, (100, 180, 198, 200))],
)
def test_percentiles_of_whole_microseconds(count, expected):
    times = np.arange(count, 0, -1) * 1_000
    assert compute_percentiles(times) == Percentiles(*map(float, expected))


@given(st.lists(st.integers(0, 10**10), min_size=1))
def test_they_are_those_of_numpy_by_inverted_distribution(times):
    expected = np.quantile(times, SHARES, method="inverted_cdf") / 1e3
    assert compute_percentiles(np.array(times)) == pytest.approx(tuple(expected))
