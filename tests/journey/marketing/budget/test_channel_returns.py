"""Return per dollar: mean, variance and bounds compared with draws of the exact posterior and with SciPy."""

from math import exp, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import stats

from journey.marketing.analysis.experiments import analyse_experiments
from journey.marketing.analysis.roi import report_roi
from journey.marketing.budget.channel_returns import (
    Counts,
    Prior,
    Return,
    compute_channel_returns,
    compute_posterior,
    compute_prior,
    compute_ratio_interval,
)
from journey.marketing.budget.proposals import compute_allocation
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


@pytest.mark.parametrize("counts", [*CASES, Counts(50, 0, 10, 0, 0), Counts(0, 0, 10, 0, 0), Counts(3, 1, 10, 100, 1)])
def test_bounds_are_the_quantiles_of_the_exact_posterior(counts):
    """Without conversions a log-normal lower bound is twice as high: 0.0225 instead of 0.0116."""
    found, drawn = compute_posterior(counts, PRIOR, BUDGET), draws(counts)
    for probability in (0.025, 0.2, 0.5, 0.9, 0.975):
        share = (drawn <= found.quantile(probability)).mean()
        # 1 false alarm in 16,000 for each bound.
        assert abs(share - probability) < 4.0 * sqrt(probability * (1.0 - probability) / DRAWS)


def test_a_bound_agrees_with_numerical_integration_by_scipy():
    """The distribution function of gamma x beta x inverse gamma, integrated over both other factors."""
    counts = Counts(40, 2, 25.0, 90.0, 2)
    found = compute_posterior(counts, PRIOR, BUDGET)
    clicks = stats.gamma(40.5, scale=1.0 / 25.0)
    rate = stats.beta(20.0 * 0.08 + 2, 20.0 * 0.92 + 38)
    value = stats.invgamma(2 + 4.0 + 1.0, scale=90.0 + 4.0 * 50.0)
    nodes, weights = np.polynomial.legendre.leggauss(300)
    shares, weights = (nodes + 1.0) / 2.0, weights / 2.0
    for probability in (0.025, 0.95):
        bound = found.quantile(probability)
        # The integral over both probabilities, by Gauss-Legendre quadrature.
        product = rate.ppf(shares)[:, None] * value.ppf(shares)[None, :]
        expected = weights @ clicks.cdf(bound / product) @ weights
        assert expected == pytest.approx(probability, abs=1e-4)


@given(st.integers(0, 3000), st.floats(0.0, 1.0), st.floats(0.5, 1e4), st.floats(0.0, 500.0))
def test_quantiles_increase_and_midpoints_are_quantiles(clicks, share, spend, value):
    conversions = int(clicks * share)
    found = compute_posterior(Counts(clicks, conversions, spend, conversions * value, conversions), PRIOR, BUDGET)
    quantiles = [found.quantile(p) for p in (0.025, 0.25, 0.5, 0.75, 0.975)]
    assert quantiles == sorted(quantiles)
    midpoints = found.midpoints(60)
    assert midpoints == sorted(midpoints)
    # The midpoints are interpolated; 30 of 60 are below the median.
    assert midpoints[29] <= found.quantile(0.5) * (1.0 + 1e-4)
    assert midpoints[30] >= found.quantile(0.5) * (1.0 - 1e-4)


def test_the_interval_of_a_ratio_agrees_with_draws():
    before, after = compute_posterior(CASES[1], PRIOR, BUDGET), compute_posterior(CASES[0], PRIOR, BUDGET)
    drawn = draws(CASES[0], seed=6) / draws(CASES[1], seed=7)
    assert compute_ratio_interval(before, after, 0.95) == pytest.approx(np.quantile(drawn, [0.025, 0.975]), rel=0.03)


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


def test_refunds_that_exceed_the_revenue_keep_the_counts_and_make_the_return_unknown():
    tables = rows()
    for snapshot in tables["performance_metrics"]:
        if snapshot["asset_id"] in ("ASSET_005", "ASSET_006"):
            snapshot["revenue_proxy"] = -50.0
    context = build_context(records(tables))
    search = compute_channel_returns(context)["CAMP_002", "CH_02"]
    # Two assets whose cumulative revenue is -50 each.
    assert (search.counts.clicks, search.counts.conversions, search.counts.revenue) == (1135, 99, -100.0)
    assert search.posterior is None
    (channel,) = (each for each in compute_allocation(context).channels
                  if (each.campaign_id, each.channel_id) == ("CAMP_002", "CH_02"))  # fmt: skip
    assert channel.left_out == "refunds exceed its revenue: its return per dollar is not modelled"
    experiment = next(each for each in analyse_experiments(context) if each.experiment_id == "EXP_003")
    assert (experiment.control.count, experiment.variant.count) == (45, 54)
    assert report_roi(context)["value"] < report_roi(build_context(records(rows())))["value"]
