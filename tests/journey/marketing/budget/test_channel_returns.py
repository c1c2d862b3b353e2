"""Return per dollar: the closed form compared with draws of the exact posterior."""

from math import exp, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from journey.marketing.budget.channel_returns import (
    Counts,
    Prior,
    Return,
    compute_channel_returns,
    compute_posterior,
    compute_prior,
)
from journey.marketing.core.policy import BudgetPolicy
from journey.marketing.views.context import build_context
from tests.journey.marketing.companies import records, rows

BUDGET = BudgetPolicy()
PRIOR = Prior(0.08, 50.0)
DRAWS = 200_000


def draws(counts, prior=PRIOR, budget=BUDGET, seed=5):
    """The exact posterior: gamma clicks per dollar x beta conversion x inverse gamma value."""
    rng = np.random.default_rng(seed)
    clicks = rng.gamma(counts.clicks + 0.5, 1.0 / counts.spend, DRAWS)
    successes = budget.prior_clicks * prior.rate + counts.conversions
    rate = rng.beta(successes, budget.prior_clicks * (1.0 - prior.rate) + counts.clicks - counts.conversions, DRAWS)
    value_shape = budget.value_variation**-2
    valued = counts.valued + budget.prior_conversions
    scale = value_shape * (counts.revenue + budget.prior_conversions * prior.value)
    return clicks * rate * scale / rng.gamma(value_shape * valued + 1.0, 1.0, DRAWS)


CASES = [Counts(1135, 99, 1702.5, 4950, 99), Counts(300, 20, 450, 1100, 20), Counts(2140, 0, 427.5, 0, 0)]


@pytest.mark.parametrize("counts", CASES)
def test_mean_and_variance_are_those_of_the_exact_posterior(counts):
    exact, found = draws(counts), compute_posterior(counts, PRIOR, BUDGET)
    z = (exact.mean() - found.mean) / (exact.std() / sqrt(DRAWS))
    assert abs(z) < 4.0  # 1 false alarm in 16,000
    # The posterior is skewed, so the variance of the draws varies by about 1 %.
    assert exact.var() == pytest.approx(found.mean**2 * (exp(found.log_sd**2) - 1.0), rel=0.05)


@pytest.mark.parametrize(("counts", "tolerance"), [(CASES[0], 0.01), (CASES[1], 0.03)])
def test_the_log_normal_shape_has_the_exact_interval_where_there_are_conversions(counts, tolerance):
    low, high = compute_posterior(counts, PRIOR, BUDGET).interval(0.95)
    exact = np.quantile(draws(counts), [0.025, 0.975])
    assert [low, high] == pytest.approx(exact, rel=tolerance)


def test_without_conversions_the_log_normal_interval_is_close_to_the_exact_one():
    """Zero conversions: the exact lower bound is lower, and the upper bounds agree to 10 %."""
    low, high = compute_posterior(CASES[2], PRIOR, BUDGET).interval(0.95)
    exact_low, exact_high = np.quantile(draws(CASES[2]), [0.025, 0.975])
    assert exact_low < low
    assert high == pytest.approx(exact_high, rel=0.1)


@given(
    st.integers(0, 10_000), st.floats(0.0, 1.0), st.floats(0.01, 1e6), st.floats(0.0, 1e4)
)  # fmt: skip
def test_more_conversions_never_lower_the_return_and_more_spend_never_raises_it(clicks, share, spend, value):
    conversions = int(clicks * share)
    base = Counts(clicks, conversions, spend, conversions * value, conversions)
    more = base._replace(conversions=min(clicks, conversions + 1))
    costlier = base._replace(spend=spend * 2.0)
    mean = compute_posterior(base, PRIOR, BUDGET).mean
    assert compute_posterior(more, PRIOR, BUDGET).mean >= mean * (1.0 - 1e-12)
    assert compute_posterior(costlier, PRIOR, BUDGET).mean == pytest.approx(mean / 2.0)


def test_without_spend_there_is_no_return_and_without_revenue_no_prior():
    assert compute_posterior(Counts(640, 0, 0.0, 0, 0), PRIOR, BUDGET) is None
    assert compute_prior(Counts(640, 0, 10.0, 0, 0)) is None
    assert compute_prior(Counts(100, 10, 50.0, 500.0, 10)).value == 50.0


def test_a_prior_too_weak_for_a_variance_is_refused():
    with pytest.raises(ValidationError, match="the value has no finite variance"):
        BudgetPolicy(value_variation=3.0)


def test_the_bundled_channels():
    """CAMP_002 on search: 99 conversions of 1,135 clicks, 1,702.50 spent, 4,950 of revenue: 2.91 without a prior."""
    found = compute_channel_returns(build_context(records(rows())))
    search = found["CAMP_002", "CH_02"]
    assert search.counts == Counts(1135, 99, 1702.5, 4950, 99)
    assert search.posterior.mean == pytest.approx(4950 / 1702.5, rel=0.02)  # 99 conversions outweigh a prior of 4
    assert found["CAMP_003", "CH_04"].posterior is None
    assert found["CAMP_002", "CH_03"].posterior.interval(0.95)[1] < 1.0


def test_unrecorded_revenue_is_not_zero():
    tables = rows()
    for snapshot in tables["performance_metrics"]:
        if snapshot["asset_id"] == "ASSET_005":
            snapshot["revenue_proxy"] = None
    counts = compute_channel_returns(build_context(records(tables)))["CAMP_002", "CH_02"].counts
    assert (counts.conversions, counts.valued, counts.revenue) == (99, 54, 2700)


def test_the_interval_converges_to_the_mean():
    low, high = Return(2.0, 1e-9).interval(0.99)
    assert (low, high) == (pytest.approx(2.0), pytest.approx(2.0))
