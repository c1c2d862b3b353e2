"""Return per dollar of each channel of a campaign, as a Bayesian posterior along the funnel.

Return per dollar is clicks per dollar x conversions per click x value per conversion, each with a conjugate posterior:

* clicks per dollar: Gamma(clicks + 1/2, spend), Jeffreys' prior for a Poisson rate;
* conversions per click: Beta, whose prior is the company's pooled rate with the weight of ``budget.prior_clicks``;
* value per conversion: inverse gamma. Values are gamma distributed with unknown mean and the coefficient of variation
  ``budget.value_variation``; the prior is the pooled value with the weight of ``budget.prior_conversions``.

The three factors are independent given the counts, so mean and variance of the product are exact and in closed form.
Bounds are the posterior's own quantiles (`journey.marketing.budget.return_posterior`). Where sums over many channels
and amounts are needed, the product is approximated by the log-normal distribution with that mean and variance.

The value is the records' ``revenue_proxy``, which is revenue, not margin. The counts come from performance metrics,
which record money and conversions together; funnel events hold no money. Differences between assets are not modelled:
intervals treat all clicks of a channel as alike.
"""

from dataclasses import dataclass
from math import exp, log, log1p, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

from journey.marketing.budget.return_posterior import ReturnFactors
from journey.marketing.core.policy import BudgetPolicy

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext

# The interval of a ratio is computed from all pairs of this number of equiprobable quantiles.
_RATIO_NODES = 120


class Counts(NamedTuple):
    """Performance of a channel, summed.

    Attributes:
        clicks: 0 or more.
        conversions: 0 or more.
        spend: Dollars.
        revenue: Dollars from the conversions with recorded revenue; below 0 if refunds exceed it.
        valued: Number of conversions with recorded revenue.
    """

    clicks: float
    conversions: float
    spend: float
    revenue: float
    valued: float


class Prior(NamedTuple):
    """Company-wide averages, the prior for each channel.

    Attributes:
        rate: Conversions per click, strictly between 0 and 1.
        value: Dollars per conversion, more than 0.
    """

    rate: float
    value: float


class Return(NamedTuple):
    """A posterior of revenue per dollar spent, with its log-normal approximation of the same mean and variance.

    Attributes:
        mean: Mean of the posterior, more than 0.
        log_sd: Standard deviation of the logarithm in the approximation.
        factors: The exact posterior; None if the log-normal distribution is itself the posterior.
    """

    mean: float
    log_sd: float
    factors: ReturnFactors | None = None

    @property
    def log_median(self) -> float:
        """Logarithm of the median of the approximation."""
        return log(self.mean) - self.log_sd**2 / 2.0

    def quantile(self, probability: float) -> float:
        """Quantile of the posterior at a probability strictly between 0 and 1."""
        if self.factors is not None:
            return self.factors.quantile(probability, start=self.log_median, spread=self.log_sd)
        return exp(self.log_median + self.log_sd * NormalDist().inv_cdf(probability))

    def midpoints(self, number: int) -> list[float]:
        """Midpoints of equiprobable slices of the posterior, in increasing order."""
        if self.factors is not None:
            return self.factors.midpoints(number, start=self.log_median, spread=self.log_sd)
        return [self.quantile((index + 0.5) / number) for index in range(number)]

    def interval(self, confidence: float) -> tuple[float, float]:
        """The central credible interval, as (lower bound, upper bound)."""
        tail = (1.0 - confidence) / 2.0
        return self.quantile(tail), self.quantile(1.0 - tail)


def compute_ratio_interval(before: Return, after: Return, confidence: float) -> tuple[float, float]:
    """The central credible interval of one return divided by another, as (lower bound, upper bound).

    Args:
        before: The denominator.
        after: The numerator, independent of it.
        confidence: Probability that the interval contains the ratio.
    """
    numerators, denominators = (each.midpoints(_RATIO_NODES) for each in (after, before))
    ratios = sorted(one / other for one in numerators for other in denominators if other > 0.0)
    tail = int(len(ratios) * (1.0 - confidence) / 2.0)
    return ratios[tail], ratios[-1 - tail]


def compute_prior(counts: Counts) -> Prior | None:
    """Company-wide prior from the sums over all channels; None if no conversion has a recorded value."""
    if counts.valued <= 0 or counts.revenue <= 0:
        return None
    clicks = max(counts.clicks, counts.conversions)
    return Prior((counts.conversions + 0.5) / (clicks + 1.0), counts.revenue / counts.valued)


def compute_posterior(counts: Counts, prior: Prior, policy: BudgetPolicy) -> Return | None:
    """Posterior of a channel's return per dollar, by the model in the module docstring.

    Args:
        counts: Performance of the channel.
        prior: Company-wide prior.
        policy: Weights of the prior and coefficient of variation of the values.

    Returns:
        The posterior; None if nothing was spent, because the return per dollar is then undefined, or if refunds exceed
        the revenue, because the model has no negative values.
    """
    if counts.spend <= 0 or counts.revenue < 0:
        return None
    clicks = max(counts.clicks, counts.conversions)
    shape = clicks + 0.5
    successes = policy.prior_clicks * prior.rate + counts.conversions
    trials = policy.prior_clicks + clicks
    value_shape = 1.0 / policy.value_variation**2
    valued = counts.valued + policy.prior_conversions
    value = (counts.revenue + policy.prior_conversions * prior.value) / valued
    mean = shape / counts.spend * (successes / trials) * value
    # log(1 + cv^2) of each factor: gamma, beta, and inverse gamma with shape value_shape x valued + 1.
    log_variance = (
        log1p(1.0 / shape)
        + log((successes + 1.0) * trials / (successes * (trials + 1.0)))
        + log1p(1.0 / (value_shape * valued - 1.0))
    )
    scale = value_shape * (counts.revenue + policy.prior_conversions * prior.value) / counts.spend
    factors = ReturnFactors(shape, successes, trials - successes, value_shape * valued + 1.0, scale)
    return Return(mean, sqrt(log_variance), factors)


_COUNT_COLUMNS = """
    sum(clicks), sum(conversions), sum(cost), coalesce(sum(revenue_proxy), 0),
    coalesce(sum(conversions) FILTER (WHERE revenue_proxy IS NOT NULL), 0)
"""


def read_counts_by_channel(context: "MarketingContext", where: str = "TRUE") -> dict[tuple[str, str], Counts]:
    """Performance summed by campaign and channel.

    Args:
        context: The records.
        where: SQL condition that selects the increments to sum: table ``increments`` as ``i``, joined with
            ``experiments`` as ``e``.
    """
    rows = context.cursor.execute(f"""
        SELECT i.campaign_id, i.channel_id, {_COUNT_COLUMNS} FROM increments AS i LEFT JOIN experiments AS e
            ON i.experiment_id = e.experiment_id
        WHERE i.campaign_id IS NOT NULL AND i.channel_id IS NOT NULL AND ({where}) GROUP BY ALL
    """).fetchall()
    # A cumulative snapshot that decreases is reported by a check; it must not make counts negative here.
    return {
        (campaign, channel): Counts(
            max(0.0, float(clicks)),
            max(0.0, float(conversions)),
            max(0.0, float(spend)),
            float(revenue),
            max(0.0, float(valued)),
        )
        for campaign, channel, clicks, conversions, spend, revenue, valued in rows
    }


def sum_counts(counts: "dict[tuple[str, str], Counts]") -> Counts:
    """Sum the counts over all channels."""
    columns = zip(*counts.values(), strict=True) if counts else [()] * 5
    return Counts(*(float(sum(column)) for column in columns))


@dataclass(frozen=True, slots=True)
class ChannelReturn:
    """Return per dollar of one channel of one campaign.

    Attributes:
        campaign_id: The campaign.
        channel_id: The channel.
        counts: Performance up to the moment of the evaluation.
        posterior: The return per dollar; None if nothing was spent or no conversion of the company has a value.
    """

    campaign_id: str
    channel_id: str
    counts: Counts
    posterior: Return | None


def compute_channel_returns(context: "MarketingContext") -> dict[tuple[str, str], ChannelReturn]:
    """Return per dollar of every channel with performance, by campaign and channel."""
    counts = context.get_or_compute(read_counts_by_channel)
    prior = compute_prior(sum_counts(counts))
    return {
        key: ChannelReturn(
            *key,
            channel_counts,
            None if prior is None else compute_posterior(channel_counts, prior, context.policy.budget),
        )
        for key, channel_counts in sorted(counts.items())
    }
