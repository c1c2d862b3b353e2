"""Score intervals against published numbers, and against the z test that they must agree with."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import binomtest

from journey.statistics.proportions import ContingencyTable, pooled_z_test
from journey.statistics.score_intervals import difference_interval, ratio_interval, wilson_interval

counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
tables = st.tuples(counts, counts).map(lambda pair: ContingencyTable(*pair[0], *pair[1]))

# 7 of 34 against 1 of 34: Fagerland, Lydersen and Laake (2015), Stat Methods Med Res 24:224.
FAGERLAND = ContingencyTable(1, 34, 7, 34)


def test_the_interval_of_a_ratio_is_the_published_one():
    # R, PropCIs::riskscoreci(7, 34, 1, 34, 0.95), as kept in statsmodels' tests; six decimals printed.
    assert ratio_interval(FAGERLAND) == pytest.approx((1.220853, 42.575718), abs=1e-6)


def test_the_interval_of_a_difference_is_the_published_one():
    # R, PropCIs::diffscoreci(7, 34, 1, 34, 0.95): 0.0270416, 0.3452912. It uses a variance larger by n / (n - 1)
    # with n = 68, which is worth 0.0014 here.
    assert difference_interval(FAGERLAND) == pytest.approx((0.0270416, 0.3452912), abs=0.002)


@given(tables)
def test_an_interval_leaves_out_no_difference_exactly_where_the_z_test_refutes_it(table):
    p = pooled_z_test(table).p_value
    # At the edge itself rounding decides.
    assume(p is not None and abs(p - 0.05) > 1e-9)
    between, ratio = difference_interval(table), ratio_interval(table)
    assert (between.low > 0.0 or between.high < 0.0) == (p < 0.05)
    assert ratio is None or (ratio.low > 1.0 or ratio.high < 1.0) == (p < 0.05)


@given(tables)
def test_an_interval_holds_what_was_seen(table):
    share, other = table.events / table.customers, table.other_events / table.other_customers
    between, ratio = difference_interval(table), ratio_interval(table)
    assert -1.0 <= between.low <= other - share <= between.high <= 1.0
    assert (ratio is None) == (share == 0.0)
    assert ratio is None or 0.0 <= ratio.low <= other / share * (1 + 1e-12)
    assert ratio is None or ratio.high >= other / share * (1 - 1e-12)


@given(tables)
def test_arms_changed_about_turn_the_difference_over(table):
    there = difference_interval(table)
    back = difference_interval(
        ContingencyTable(table.other_events, table.other_customers, table.events, table.customers)
    )
    # Each bound is found by halving, to the last digits of a double; the cubic's own rounding is larger.
    assert back == pytest.approx((-there.high, -there.low), abs=1e-7)


def test_empty_arms_have_no_interval():
    assert difference_interval(ContingencyTable(0, 0, 1, 2)) is None
    assert ratio_interval(ContingencyTable(1, 2, 0, 0)) is None


@given(st.integers(0, 5000), st.integers(1, 5000), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_the_interval_is_wilsons(part, whole, confidence):
    """Compared with SciPy: scipy.stats.binomtest(k, n).proportion_ci(method="wilson")."""
    part = min(part, whole)
    found = wilson_interval(part, whole, confidence)
    expected = binomtest(part, whole).proportion_ci(confidence, method="wilson")
    # Both are a few operations on doubles: they agree to rounding.
    assert found.value == part / whole
    assert found.low == pytest.approx(expected.low, abs=1e-12)
    assert found.high == pytest.approx(expected.high, abs=1e-12)


def test_what_is_no_share_has_no_interval():
    assert wilson_interval(0, 0) == (None, None, None)
    assert wilson_interval(5, 4) == (None, None, None)
