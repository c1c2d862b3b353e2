"""Parameters of the world, resolved to numbers."""

import pytest

from simulation.model.parameters import cumulative_shares


def test_cumulative_shares_end_at_exactly_1():
    weights = [0.1] * 3 + [0.7, 0.0]
    shares = cumulative_shares(weights)
    assert shares == pytest.approx((0.1, 0.2, 0.3, 1.0, 1.0))
    assert shares[-1] == 1.0


@pytest.mark.parametrize("weights", [[], [0.0], [0, 0.0]])
def test_cumulative_shares_without_a_positive_weight_are_0(weights):
    assert cumulative_shares(weights) == (0.0,) * len(weights)
