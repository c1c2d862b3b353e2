"""First passage, visits and long-run shares, against published examples and against independent numerics."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from simulation.exact import first_passage
from tests.levels import examples


def build_generator(rates, n):
    """A generator of n states from rates by (from, to)."""
    generator = np.zeros((n, n))
    for (source, to), rate in rates.items():
        generator[source, to] = rate
    np.fill_diagonal(generator, -generator.sum(axis=1))
    return generator


def only(n, *states):
    return np.isin(np.arange(n), states)


# -- published examples --------------------------------------------------------------------------


@pytest.mark.parametrize("days", [0.1, 0.5, 2.0])
def test_norris_example_2_1_3_transient_probability(days):
    """Norris (1997), Markov Chains, example 2.1.3: p11(t) = 3/8 + exp(-2t)/4 + 3 exp(-4t)/8."""
    generator = np.array([[-2.0, 1.0, 1.0], [1.0, -1.0, 0.0], [2.0, 1.0, -3.0]])
    expected = 3 / 8 + np.exp(-2 * days) / 4 + 3 * np.exp(-4 * days) / 8
    # The days spent in state 1 are the integral of p11, in closed form as well.
    integral = 3 * days / 8 - np.expm1(-2 * days) / 8 - 3 * np.expm1(-4 * days) / 32
    h = 1e-4
    spent = [first_passage.expected_events(generator, only(3, 0) * 1.0, days=d)[0] for d in (days - h, days, days + h)]
    assert spent[1] == pytest.approx(integral, rel=1e-12)
    assert (spent[2] - spent[0]) / (2 * h) == pytest.approx(expected, rel=1e-6)


def test_norris_example_3_3_1_expected_hitting_time():
    """Norris (1997), example 3.3.1: from state 1 it takes 17/12 on average to reach state 4."""
    generator = build_generator(
        {(0, 1): 1, (0, 2): 1, (1, 0): 2, (1, 2): 2, (1, 3): 2, (2, 0): 3, (2, 1): 3, (2, 3): 3}, 4
    )
    assert first_passage.passage_days(generator, only(4, 3))[0] == pytest.approx(17 / 12, rel=1e-12)
    assert first_passage.reach_probabilities(generator, only(4, 3)) == pytest.approx(np.ones(4))


@pytest.mark.parametrize("days", [0.2, 1.0, 7.0])
def test_ross_example_6_11_a_machine_that_fails_and_is_repaired(days):
    """Ross, Introduction to Probability Models, example 6.11: P00(t) = (mu + l exp(-(l + mu) t)) / (l + mu)."""
    failing, repaired = 0.7, 1.9
    generator = build_generator({(0, 1): failing, (1, 0): repaired}, 2)
    total = failing + repaired
    working = repaired / total * days + failing / total**2 * -np.expm1(-total * days)
    assert first_passage.expected_events(generator, np.array([1.0, 0.0]), days)[0] == pytest.approx(working, rel=1e-12)
    assert first_passage.long_run_shares(generator)[0] == pytest.approx([repaired / total, failing / total])


def test_durrett_weather_chain_in_the_long_run():
    """Durrett, Essentials of Stochastic Processes, weather of Los Angeles: sunny 3/8, smoggy 4/8, rainy 1/8."""
    generator = build_generator({(0, 1): 1 / 3, (1, 2): 1 / 4, (2, 0): 1.0}, 3)
    assert first_passage.stationary_distribution(generator) == pytest.approx([3 / 8, 4 / 8, 1 / 8], rel=1e-14)


def test_durrett_barbershop_in_the_long_run():
    """Durrett, barbershop with two chairs to wait: arrivals at rate 2, service at rate 3: 27, 18, 12, 8 over 65."""
    generator = build_generator({(0, 1): 2, (1, 2): 2, (2, 3): 2, (1, 0): 3, (2, 1): 3, (3, 2): 3}, 4)
    assert first_passage.stationary_distribution(generator) == pytest.approx(np.array([27, 18, 12, 8]) / 65, rel=1e-14)


def test_grinstead_and_snell_drunkards_walk():
    """Grinstead and Snell (1997), section 11.2: fundamental matrix, times and absorption of a walk on five corners."""
    walk = build_generator({(i, i + step): 0.5 for i in (1, 2, 3) for step in (-1, 1)}, 5)
    visits = np.column_stack([only(5, j) + first_passage.expected_events(walk, walk[:, j].clip(0)) for j in (1, 2, 3)])
    assert visits[1:4] == pytest.approx(np.array([[1.5, 1, 0.5], [1, 2, 1], [0.5, 1, 1.5]]))
    assert first_passage.reach_probabilities(walk, only(5, 0))[1:4] == pytest.approx([3 / 4, 1 / 2, 1 / 4])
    assert first_passage.reach_probabilities(walk, only(5, 4), avoid=only(5, 0))[1:4] == pytest.approx(
        [0.25, 0.5, 0.75]
    )
    assert first_passage.passage_days(walk, only(5, 0, 4))[1:4] == pytest.approx([3, 4, 3])


@pytest.mark.parametrize("odds", [0.5, 0.9, 1.25])
def test_gamblers_ruin(odds):
    """Feller (1968), volume 1, chapter XIV: the probability of winning n before ruin, with odds q/p other than 1."""
    n = 8
    game = build_generator({(i, i + step): rate for i in range(1, n) for step, rate in ((1, 1.0), (-1, odds))}, n + 1)
    wins = first_passage.reach_probabilities(game, only(n + 1, n), avoid=only(n + 1, 0))
    assert wins == pytest.approx([(1 - odds**i) / (1 - odds**n) for i in range(n + 1)], rel=1e-10)


# -- independent numerics ------------------------------------------------------------------------


@st.composite
def chains(draw):
    """A generator with up to five states, often with closed classes, and a target."""
    n = draw(st.integers(2, 5))
    rate = st.one_of(st.just(0.0), st.floats(0.05, 2.0))
    generator = np.array([[draw(rate) if i != j else 0.0 for j in range(n)] for i in range(n)])
    np.fill_diagonal(generator, -generator.sum(axis=1))
    target = np.zeros(n, dtype=bool)
    target[draw(st.integers(0, n - 1))] = True
    assume(is_fast(generator) and is_fast(stop(generator, target)))
    return generator, target


def is_fast(generator):
    """Whether `FOREVER` is long enough for all that can happen: the slowest decay is over by then."""
    decays = -np.linalg.eigvals(generator).real
    return all(decay < 1e-10 or decay * FOREVER > 40.0 for decay in decays)


def stop(generator, states):
    stopped = generator.copy()
    stopped[states] = 0.0
    return stopped


FOREVER = 5000.0
"""Days after which chains with rates of at least 0.05 have ended, to ten digits."""


@settings(max_examples=examples(40, otherwise=15))
@given(chains(), st.floats(0.01, 50.0))
def test_probabilities_are_those_of_the_matrix_exponential(chain, days):
    generator, target = chain
    within = first_passage.reach_probabilities(generator, target, days=days)
    assert within == pytest.approx(expm(stop(generator, target) * days)[:, target].sum(axis=1), abs=1e-8)
    ever = first_passage.reach_probabilities(generator, target)
    assert ever == pytest.approx(expm(stop(generator, target) * FOREVER)[:, target].sum(axis=1), abs=1e-7)
    assert np.all(within >= 0.0)
    assert np.all(within <= ever + 1e-9)
    assert np.all(ever <= 1.0)


@settings(max_examples=examples(40, otherwise=15))
@given(chains(), st.floats(0.01, 20.0), st.floats(0.01, 20.0))
def test_probabilities_rise_with_the_horizon(chain, days, more):
    generator, target = chain
    early = first_passage.reach_probabilities(generator, target, days=days)
    late = first_passage.reach_probabilities(generator, target, days=days + more)
    assert np.all(late >= early - 1e-12)


@given(chains(), st.one_of(st.none(), st.floats(0.1, 30.0)))
def test_one_before_the_other_or_neither(chain, days):
    """P(A before B) + P(B before A) + P(neither) = 1."""
    generator, one = chain
    other = np.zeros_like(one)
    other[np.flatnonzero(~one)[0]] = True
    first = first_passage.reach_probabilities(generator, one, avoid=other, days=days)
    second = first_passage.reach_probabilities(generator, other, avoid=one, days=days)
    either = first_passage.reach_probabilities(generator, one | other, days=days)
    assert first + second == pytest.approx(either, abs=1e-9)


def integrate(function, days):
    """Gauss-Legendre quadrature of a function of many days, from day 0."""
    nodes, weights = np.polynomial.legendre.leggauss(80)
    return days / 2.0 * np.tensordot(weights, function((nodes[:, None, None] + 1.0) * days / 2.0), axes=1)


@settings(max_examples=examples(10, otherwise=4))
@given(chains(), st.floats(0.1, 30.0))
def test_times_are_integrals_of_survival(chain, days):
    generator, target = chain
    stopped = stop(generator, target)
    expected = integrate(lambda at: 1.0 - expm(stopped * at)[:, :, target].sum(axis=2), days)
    assert first_passage.restricted_passage_days(generator, target, days) == pytest.approx(expected, abs=1e-6)


@given(chains())
def test_the_time_of_those_who_arrive(chain):
    """Those who never arrive spend the whole of a long time without arriving."""
    generator, target = chain
    missed = 1.0 - first_passage.reach_probabilities(generator, target)
    expected = first_passage.restricted_passage_days(generator, target, FOREVER) - FOREVER * missed
    assert first_passage.passage_days(generator, target) == pytest.approx(expected, abs=1e-3)


@settings(max_examples=examples(10, otherwise=4))
@given(chains(), st.floats(0.1, 30.0))
def test_events_are_integrals_of_rates(chain, days):
    generator, target = chain
    rates = target * 1.5
    expected = integrate(lambda at: expm(generator * at) @ rates, days)
    assert first_passage.expected_events(generator, rates, days) == pytest.approx(expected, abs=1e-6)


@settings(max_examples=examples(40, otherwise=15))
@given(chains())
def test_all_events_are_the_limit_of_those_within_days(chain):
    generator, target = chain
    ever = first_passage.expected_events(generator, target * 1.5)
    late = first_passage.expected_events(generator, target * 1.5, FOREVER)
    finite = np.isfinite(ever)
    assert ever[finite] == pytest.approx(late[finite], abs=1e-5, rel=1e-6)
    # What is infinite goes on growing with the days.
    more = first_passage.expected_events(generator, target * 1.5, 2 * FOREVER)
    assert np.all(more[~finite] > 1.5 * late[~finite])


@given(chains())
def test_long_run_shares_are_averages_over_a_long_time(chain):
    generator, _ = chain
    shares = first_passage.long_run_shares(generator)
    assert shares.sum(axis=1) == pytest.approx(np.ones(len(generator)))
    assert shares == pytest.approx(expm(generator * FOREVER), abs=1e-6)


# -- rates of very different size ----------------------------------------------------------------


def solve_in_fractions(generator, rewards):
    """``(-T)^-1 r`` in rational numbers, for a chain whose last state is the only absorbing one."""
    n = len(generator) - 1
    rows = [[-Fraction(float(value)) for value in generator[i, :n]] + [Fraction(float(rewards[i]))] for i in range(n)]
    for i in range(n):
        # The sum of the row exactly, which the rounded diagonal is not.
        rows[i][i] = sum(Fraction(float(generator[i, j])) for j in range(n + 1) if j != i)
    for i in range(n):
        for other in range(n):
            if other != i:
                factor = rows[other][i] / rows[i][i]
                rows[other] = [one - factor * two for one, two in zip(rows[other], rows[i], strict=True)]
    return [float(rows[i][n] / rows[i][i]) for i in range(n)]


BACK_AND_FORTH = ([0.0] * 3 + [3.0] + [0.0] * 5 + [3.0, -6.0, 0.0], [False] * 3 + [True] + [False] * 5)
"""Two states that exchange customers a thousand times a day, and are left once in a million days."""


@example(*BACK_AND_FORTH)
@settings(max_examples=examples(40, otherwise=15))
@given(st.lists(st.floats(-6.0, 3.0), min_size=12, max_size=12), st.lists(st.booleans(), min_size=9, max_size=9))
def test_rates_of_very_different_size_cost_no_digits(exponents, kept):
    generator = np.zeros((4, 4))
    generator[:3, :][~np.eye(3, 4, dtype=bool)] = 10.0 ** np.array(exponents[:9]) * np.array(kept)
    generator[[0, 1, 2], [1, 2, 3]] = 10.0 ** np.array(exponents[9:])
    np.fill_diagonal(generator, -generator.sum(axis=1))
    target = only(4, 3)
    assert first_passage.reach_probabilities(generator, target) == pytest.approx(np.ones(4), rel=1e-13)
    expected = solve_in_fractions(generator, np.ones(3))
    assert first_passage.passage_days(generator, target)[:3] == pytest.approx(expected, rel=1e-12)
    rates = np.array([0.0, 2.0, 0.0, 0.0])
    assert first_passage.expected_events(generator, rates)[:3] == pytest.approx(
        solve_in_fractions(generator, rates), rel=1e-12
    )
