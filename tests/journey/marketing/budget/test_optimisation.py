"""How much to move: held to SciPy's optimum, to draws, and to common sense."""

from math import exp, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from journey.marketing.budget.channel_returns import Return
from journey.marketing.budget.optimisation import (
    ChannelPlan,
    compute_best_amount,
    compute_gain,
    compute_thompson_amount,
)

G = 0.7
GIVER = ChannelPlan(Return(1.5, 0.4), spent=800.0, planned=3000.0)
TAKER = ChannelPlan(Return(2.9, 0.3), spent=1700.0, planned=4000.0)

plans = st.builds(
    ChannelPlan,
    st.builds(Return, st.floats(0.01, 100.0), st.floats(0.0, 1.5)),
    st.floats(10.0, 1e4),
    st.floats(1e4, 1e6),
)


def _drawn(plan, luck, size):
    return np.exp(luck.normal(plan.channel_return.log_median, plan.channel_return.log_sd, size))


@pytest.mark.parametrize("ratio", [0.5, 1.0, 1.4, 2.0, 5.0])
def test_the_best_amount_is_where_scipy_finds_the_most(ratio):
    def lost(amount):
        return -(ratio * TAKER.return_change(amount, G) + GIVER.return_change(-amount, G))

    found = minimize_scalar(lost, bounds=(-TAKER.planned + 1, GIVER.planned - 1), method="bounded",
                            options={"xatol": 1e-6})  # fmt: skip
    # A flat top: SciPy's golden section resolves the place to the square root of its rounding.
    assert compute_best_amount(float(np.log(ratio)), GIVER, TAKER, G) == pytest.approx(found.x, abs=0.1)


def test_thompsons_amount_is_the_mean_over_draws():
    luck = np.random.default_rng(7)
    ratios = np.log(_drawn(TAKER, luck, 20_000) / _drawn(GIVER, luck, 20_000))
    amounts = np.clip([compute_best_amount(ratio, GIVER, TAKER, G) for ratio in ratios], 0.0, 1500.0)
    z = (amounts.mean() - compute_thompson_amount(GIVER, TAKER, 1500.0, G)) / (amounts.std() / sqrt(len(amounts)))
    assert abs(z) < 4.0  # 1 false alarm in 16,000


def test_the_gain_is_that_of_draws():
    luck = np.random.default_rng(8)
    gain = compute_gain(600.0, GIVER, TAKER, G, 0.9)
    drawn = _drawn(TAKER, luck, 200_000) * TAKER.return_change(600.0, G) + _drawn(
        GIVER, luck, 200_000
    ) * GIVER.return_change(-600.0, G)
    assert abs(drawn.mean() - gain.mean) / (drawn.std() / sqrt(drawn.size)) < 4.0
    share = (drawn > 0.0).mean()
    assert abs(share - gain.probability) / sqrt(share * (1.0 - share) / drawn.size) < 4.0
    # The grid has 120 slices a side: its quantiles are a percent of the spread off at most.
    assert [gain.low, gain.high] == pytest.approx(np.quantile(drawn, [0.05, 0.95]), abs=0.02 * drawn.std())


@given(plans, plans, st.floats(0.0, 1e4), st.floats(0.05, 0.95))
def test_no_more_is_moved_than_may_be_and_never_less_than_nothing(giver, taker, most, saturation):
    assert 0.0 <= compute_thompson_amount(giver, taker, most, saturation) <= most * (1.0 + 1e-12)


@given(plans, plans, st.floats(1.0, 5.0))
def test_a_better_receiver_never_receives_less(giver, taker, times):
    better = ChannelPlan(
        Return(taker.channel_return.mean * times, taker.channel_return.log_sd), taker.spent, taker.planned
    )
    assert compute_thompson_amount(giver, better, 5000.0, G) >= compute_thompson_amount(giver, taker, 5000.0, G) - 1e-9


def test_nothing_moves_between_equals_and_less_moves_the_less_is_known():
    def sure(mean, spread):
        return ChannelPlan(Return(mean * exp(spread**2 / 2), spread), 1000.0, 2000.0)

    assert compute_thompson_amount(sure(2.0, 0.0), sure(2.0, 0.0), 1000.0, G) == pytest.approx(0.0, abs=1e-9)
    certain = compute_thompson_amount(sure(1.0, 0.0), sure(3.0, 0.0), 1000.0, G)
    unsure = compute_thompson_amount(sure(1.0, 1.0), sure(3.0, 1.0), 1000.0, G)
    assert unsure < certain


def test_returns_diminish():
    first = TAKER.return_change(500.0, G)
    assert TAKER.return_change(1000.0, G) < 2.0 * first
    assert TAKER.return_change(1000.0, 0.999) == pytest.approx(2.0 * TAKER.return_change(500.0, 0.999), rel=0.001)
