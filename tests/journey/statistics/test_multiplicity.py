"""The level at which Holm's procedure tests a hypothesis agrees with its adjusted p-values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.statistics.multiplicity import holm_levels
from journey.statistics.proportions import adjust_holm

families = st.lists(st.floats(0.0, 1.0) | st.sampled_from([0.0, 0.01, 0.05, 1.0]), max_size=12)


def test_the_levels_by_hand():
    """Ordered: 0.001 at 0.05 / 5, 0.012 at 0.05 / 4, 0.03 at 0.05 / 3 is not rejected, and so are all after it."""
    levels = holm_levels([0.012, 0.03, 0.001, 0.2, 0.04])
    assert levels == pytest.approx([0.05 / 4, 0.05 / 3, 0.05 / 5, 0.05 / 3, 0.05 / 3])


def test_statsmodels_rejects_the_same():
    """statsmodels 0.15.0: multipletests([0.012, 0.03, 0.001, 0.2, 0.04], method="holm")[0]."""
    p_values = [0.012, 0.03, 0.001, 0.2, 0.04]
    rejected = [p < level for p, level in zip(p_values, holm_levels(p_values), strict=True)]
    assert rejected == [True, False, True, False, False]


@given(families)
def test_a_p_value_is_below_its_level_exactly_where_the_adjusted_one_is_below_alpha(p_values):
    levels, alpha = holm_levels(p_values), 1.0 - 0.95
    for p_value, level, adjusted in zip(p_values, levels, adjust_holm(p_values), strict=True):
        assert (p_value < level) == (adjusted < alpha) or p_value == pytest.approx(level)
        assert alpha / len(p_values) <= level <= alpha


def test_a_single_test_is_not_corrected():
    assert holm_levels([0.3]) == [pytest.approx(0.05)]
    assert holm_levels([]) == []
