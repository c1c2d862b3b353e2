"""How much to move: compared with SciPy's optimum and with posterior draws, and monotonicity."""

from math import exp, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from journey.marketing.budget.channel_returns import Return
from journey.marketing.budget.optimisation import (
    AllocationOptimiser,
    ChannelPlan,
    compute_best_amount,
    compute_gain,
    compute_thompson_amount,
)
from journey.marketing.core.policy import BudgetPolicy

G = 0.7
GIVER = ChannelPlan(Return(1.5, 0.4), spent=800.0, planned=3000.0)
TAKER = ChannelPlan(Return(2.9, 0.3), spent=1700.0, planned=4000.0)

plans = st.builds(
    ChannelPlan,
    st.builds(Return, st.floats(0.01, 100.0), st.floats(0.0, 1.5)),
    st.floats(10.0, 1e4),
    st.floats(1e4, 1e6),
)


def _draw_returns(plan, rng, size):
    return np.exp(rng.normal(plan.channel_return.log_median, plan.channel_return.log_sd, size))


@pytest.mark.parametrize("ratio", [0.5, 1.0, 1.4, 2.0, 5.0])
def test_the_best_amount_is_scipys_optimum(ratio):
    def loss(amount):
        return -(ratio * TAKER.return_change(amount, G) + GIVER.return_change(-amount, G))

    found = minimize_scalar(loss, bounds=(-TAKER.planned + 1, GIVER.planned - 1), method="bounded",
                            options={"xatol": 1e-6})  # fmt: skip
    # The optimum is flat: golden-section search is accurate to the square root of the rounding error.
    assert compute_best_amount(float(np.log(ratio)), GIVER, TAKER, G) == pytest.approx(found.x, abs=0.1)


def test_the_thompson_amount_is_the_mean_over_posterior_draws():
    rng = np.random.default_rng(7)
    ratios = np.log(_draw_returns(TAKER, rng, 20_000) / _draw_returns(GIVER, rng, 20_000))
    amounts = np.clip([compute_best_amount(ratio, GIVER, TAKER, G) for ratio in ratios], 0.0, 1500.0)
    z = (amounts.mean() - compute_thompson_amount(GIVER, TAKER, 1500.0, G)) / (amounts.std() / sqrt(len(amounts)))
    assert abs(z) < 4.0  # 1 false alarm in 16,000


def test_the_gain_agrees_with_posterior_draws():
    rng = np.random.default_rng(8)
    gain = compute_gain(600.0, GIVER, TAKER, G, 0.9)
    drawn = _draw_returns(TAKER, rng, 200_000) * TAKER.return_change(600.0, G) + _draw_returns(
        GIVER, rng, 200_000
    ) * GIVER.return_change(-600.0, G)
    assert abs(drawn.mean() - gain.mean) / (drawn.std() / sqrt(drawn.size)) < 4.0
    share = (drawn > 0.0).mean()
    assert abs(share - gain.probability) / sqrt(share * (1.0 - share) / drawn.size) < 4.0
    # The grid has 120 slices per side: its quantiles are off by at most about 1 % of the spread.
    assert [gain.low, gain.high] == pytest.approx(np.quantile(drawn, [0.05, 0.95]), abs=0.02 * drawn.std())


@given(plans, plans, st.floats(0.0, 1e4), st.floats(0.05, 0.95))
def test_the_amount_is_between_0_and_the_maximum(giver, taker, max_amount, saturation):
    assert 0.0 <= compute_thompson_amount(giver, taker, max_amount, saturation) <= max_amount * (1.0 + 1e-12)


@given(plans, plans, st.floats(1.0, 5.0))
def test_a_better_receiver_never_receives_less(giver, taker, factor):
    better = ChannelPlan(
        Return(taker.channel_return.mean * factor, taker.channel_return.log_sd), taker.spent, taker.planned
    )
    assert compute_thompson_amount(giver, better, 5000.0, G) >= compute_thompson_amount(giver, taker, 5000.0, G) - 1e-9


def test_nothing_moves_between_equal_channels_and_uncertainty_reduces_the_amount():
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


def test_of_transfers_with_the_same_gain_the_one_to_the_higher_rank_is_proposed():
    same = ChannelPlan(Return(4.0, 0.2), spent=1000.0, planned=1000.0)
    plans = {("C", "poor"): GIVER, ("C", "a"): same, ("C", "b"): same}
    available = {("C", "poor"): 3000.0, ("C", "a"): 0.0, ("C", "b"): 0.0}

    class _Ranked(AllocationOptimiser):
        def rank(self, channel):
            return {"a": 1, "b": 0}.get(channel[1], 2)

    for kind, taker in ((AllocationOptimiser, "a"), (_Ranked, "b")):
        best = kind(plans, available, BudgetPolicy(), lambda *_: True).find_best_move()
        assert (best.giver[1], best.taker[1]) == ("poor", taker)
