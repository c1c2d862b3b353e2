"""Tests of proportions against published numbers and SciPy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from journey.statistics.proportions import (
    UNDEFINED,
    ContingencyTable,
    adjust_holm,
    customers_needed,
    goodness_of_fit_test,
    mantel_haenszel_test,
    pooled_z_test,
)

counts = st.integers(2, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
tables = st.tuples(counts, counts).map(lambda pair: ContingencyTable(*pair[0], *pair[1]))

# R: mantelhaen.test(UCBAdmissions): admissions to Berkeley in 1973, men and women, by department.
BERKELEY = [
    ContingencyTable(512, 825, 89, 108),
    ContingencyTable(353, 560, 17, 25),
    ContingencyTable(120, 325, 202, 593),
    ContingencyTable(138, 417, 131, 375),
    ContingencyTable(53, 191, 94, 393),
    ContingencyTable(22, 373, 24, 341),
]


def test_the_pooled_z_test_gives_the_published_p_value():
    # statsmodels, documentation of proportions_ztest: counts 5 and 12 of 83 and 99, p = 0.159.
    found = pooled_z_test(ContingencyTable(5, 83, 12, 99))
    assert found.p_value == pytest.approx(0.159, abs=0.0005)
    assert found.statistic > 0.0


@given(tables)
def test_the_squared_z_is_pearsons_chi_square(table):
    events, n, other_events, other_n = table
    found = pooled_z_test(table)
    if events + other_events in (0, n + other_n):
        assert found == UNDEFINED
        return
    crossed = [[events, n - events], [other_events, other_n - other_events]]
    peer = stats.chi2_contingency(crossed, correction=False)
    assert found.statistic**2 == pytest.approx(peer.statistic, rel=1e-9, abs=1e-12)
    assert found.p_value == pytest.approx(peer.pvalue, rel=1e-7)


def test_mantel_haenszel_on_the_berkeley_admissions():
    """R prints 1.4269, p = 0.2323, with its continuity correction of one half; ours goes without."""
    found = mantel_haenszel_test(BERKELEY)
    laws = [stats.hypergeom(n + m, a + b, m) for a, n, b, m in BERKELEY]
    beyond = sum(table.other_events - law.mean() for table, law in zip(BERKELEY, laws, strict=True))
    variance = sum(law.var() for law in laws)
    assert (abs(beyond) - 0.5) ** 2 / variance == pytest.approx(1.4269, abs=5e-5)
    assert found.statistic == pytest.approx(beyond**2 / variance)
    assert found.p_value == pytest.approx(stats.chi2.sf(found.statistic, 1))


@given(tables)
def test_one_stratum_is_the_z_test_but_for_one_customer(table):
    alone, together = pooled_z_test(table), mantel_haenszel_test([table])
    if alone.statistic is None:
        assert together == UNDEFINED
        return
    n = table.customers + table.other_customers
    assert together.statistic == pytest.approx(alone.statistic**2 * (n - 1) / n, rel=1e-9, abs=1e-12)


@given(st.lists(tables, min_size=1, max_size=5))
def test_strata_that_say_nothing_change_nothing(strata):
    silent = [
        ContingencyTable(0, 10, 0, 20),
        ContingencyTable(5, 5, 7, 7),
        ContingencyTable(0, 0, 3, 9),
        ContingencyTable(0, 0, 0, 0),
    ]
    assert mantel_haenszel_test([*strata, *silent]) == mantel_haenszel_test(strata)


def test_a_difference_that_turns_around_within_strata_is_not_taken_for_one():
    """Simpson's paradox: pooled, the second arm looks far better; in each stratum it is the same."""
    strata = [ContingencyTable(270, 900, 30, 100), ContingencyTable(5, 100, 45, 900)]
    pooled = ContingencyTable(275, 1000, 75, 1000)
    assert pooled_z_test(pooled).p_value < 1e-20
    assert mantel_haenszel_test(strata).p_value == pytest.approx(1.0)


@given(st.lists(st.integers(1, 5000), min_size=2, max_size=6), st.lists(st.integers(1, 9), min_size=6, max_size=6))
def test_goodness_of_fit_is_scipys(observed, shares):
    shares = shares[: len(observed)]
    expected = [sum(observed) * share / sum(shares) for share in shares]
    peer = stats.chisquare(observed, expected)
    found = goodness_of_fit_test(observed, expected)
    assert found.statistic == pytest.approx(peer.statistic, rel=1e-9, abs=1e-9)
    assert found.p_value == pytest.approx(peer.pvalue, rel=1e-6, abs=1e-300)


def test_the_size_of_a_real_test_agrees_with_r():
    # R: power.prop.test(p1 = .50, p2 = .75, power = .90) gives n = 76.7 per group (its help page)
    assert customers_needed(0.50, 0.75, power=0.90) == 77
    assert customers_needed(0.2, 0.2) is None


def test_holm_agrees_with_multtest():
    # Bioconductor multtest::mt.rawp2adjp(p, "Holm"), as kept in statsmodels' tests (res_multtest1)
    p = [
        5.23656777208e-05, 0.00028140506198, 0.0149877310796, 0.0202732688798, 0.177096952723,
        0.642193923795, 0.680845947633, 0.71626938238, 0.838541367553, 0.967833824309,
    ]  # fmt: skip
    expected = [0.000523656777208, 0.00253264555782, 0.1199018486368, 0.1419128821586, *[1.0] * 6]
    assert adjust_holm(p) == pytest.approx(expected, rel=1e-9)
    assert adjust_holm(p[::-1]) == pytest.approx(expected[::-1], rel=1e-9)
    assert adjust_holm([]) == []
