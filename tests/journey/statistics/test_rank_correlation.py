"""Rank correlation against R."""

import pytest

from journey.statistics.rank_correlation import compute_rank_correlation


def test_rank_correlation_by_hand():
    """Compared with R: cor(c(1, 2, 2, 4), c(2, 1, 3, 9), method = "spearman") is 0.6324555."""
    assert compute_rank_correlation([1, 2, 2, 4], [2, 1, 3, 9]) == pytest.approx(0.6324555, abs=1e-7)
    assert compute_rank_correlation([1, 2, 3], [3, 2, 1]) == pytest.approx(-1.0)
    assert compute_rank_correlation([1, 2], [1, 2]) is None
    assert compute_rank_correlation([1, 1, 1], [1, 2, 3]) is None
