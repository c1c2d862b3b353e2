"""What a dollar brings on each channel of a campaign, as a posterior along the funnel.

Return per dollar is clicks per dollar x conversions per click x value per conversion, each with a conjugate posterior:

* clicks per dollar: Gamma(clicks + 1/2, spend), Jeffreys' prior for a Poisson rate;
* conversions per click: Beta, whose prior is the company's pooled rate with the weight of ``budget.prior_clicks``;
* value per conversion: inverse gamma, from gamma-distributed values with the mean to be learnt and the coefficient of
  variation ``budget.value_variation``, whose prior is the pooled value with the weight of ``budget.prior_conversions``.

The three are independent given the counts, so mean and variance of the product are exact and in closed form. Its shape
is taken as the log-normal of that mean and variance; a test holds it to draws of the exact product.

The value is the records' ``revenue_proxy``: revenue and not margin. The counts are performance's, where money and
conversions are in one record; funnel events hold no money. What assets differ by is not modelled, so an interval is as
narrow as if all clicks of a channel were alike.
"""

from dataclasses import dataclass
from math import exp, log, log1p, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

from journey.marketing.core.policy import BudgetPolicy

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext


class Counts(NamedTuple):
    """What a channel did, added up.

    Attributes:
        clicks: 0 or more.
        conversions: 0 or more.
        spend: Dollars.
        revenue: Dollars, of the conversions whose revenue is recorded.
        valued: How many those are.
    """

    clicks: float
    conversions: float
    spend: float
    revenue: float
    valued: float


class Prior(NamedTuple):
    """What the whole company teaches about any of its channels.

    Attributes:
        rate: Conversions per click, strictly between 0 and 1.
        value: Dollars of a conversion, more than 0.
    """

    rate: float
    value: float


class Return(NamedTuple):
    """A log-normal posterior of dollars brought per dollar spent.

    Attributes:
        mean: Its mean, more than 0.
        log_sd: Standard deviation of its logarithm.
    """

    mean: float
    log_sd: float

    @property
    def log_median(self) -> float:
        """Logarithm of the median."""
        return log(self.mean) - self.log_sd**2 / 2.0

    def quantile(self, probability: float) -> float:
        """The value below which it lies with this probability, strictly between 0 and 1."""
        return exp(self.log_median + self.log_sd * NormalDist().inv_cdf(probability))

    def interval(self, confidence: float) -> tuple[float, float]:
        """The central credible interval."""
        tail = (1.0 - confidence) / 2.0
        return self.quantile(tail), self.quantile(1.0 - tail)


def compute_prior(counts: Counts) -> Prior | None:
    """The prior out of the sums of all channels; None where no conversion has a value, so that dollars mean nothing."""
    if counts.valued <= 0 or counts.revenue <= 0:
        return None
    clicks = max(counts.clicks, counts.conversions)
    return Prior((counts.conversions + 0.5) / (clicks + 1.0), counts.revenue / counts.valued)


def compute_posterior(counts: Counts, prior: Prior, policy: BudgetPolicy) -> Return | None:
    """The return per dollar of a channel, by the module's model.

    Args:
        counts: Of the channel.
        prior: Of the company.
        policy: Weights of the prior and variation of values.

    Returns:
        None where nothing was spent: what has no price has no return per dollar.
    """
    if counts.spend <= 0:
        return None
    clicks = max(counts.clicks, counts.conversions)
    shape = clicks + 0.5
    successes = policy.prior_clicks * prior.rate + counts.conversions
    trials = policy.prior_clicks + clicks
    value_shape = 1.0 / policy.value_variation**2
    valued = counts.valued + policy.prior_conversions
    value = (counts.revenue + policy.prior_conversions * prior.value) / valued
    mean = shape / counts.spend * (successes / trials) * value
    # log(1 + cv^2) of each factor: gamma, beta and inverse gamma with shape likeness x valued + 1.
    log_variance = (
        log1p(1.0 / shape)
        + log((successes + 1.0) * trials / (successes * (trials + 1.0)))
        + log1p(1.0 / (value_shape * valued - 1.0))
    )
    return Return(mean, sqrt(log_variance))


_COUNT_COLUMNS = """
    sum(clicks), sum(conversions), sum(cost), coalesce(sum(revenue_proxy), 0),
    coalesce(sum(conversions) FILTER (WHERE revenue_proxy IS NOT NULL), 0)
"""


def read_counts_by_channel(context: "MarketingContext", where: str = "TRUE") -> dict[tuple[str, str], Counts]:
    """What came together on each campaign's channel, out of ``increments``.

    Args:
        context: The records.
        where: SQL that says which increments count, of ``increments`` joined with ``experiments`` as ``e``.
    """
    rows = context.cursor.execute(f"""
        SELECT i.campaign_id, i.channel_id, {_COUNT_COLUMNS} FROM increments AS i LEFT JOIN experiments AS e
            ON i.experiment_id = e.experiment_id
        WHERE i.campaign_id IS NOT NULL AND i.channel_id IS NOT NULL AND ({where}) GROUP BY ALL
    """).fetchall()
    # A snapshot that fell below the one before is a finding; counts are never negative for it.
    return {(row[0], row[1]): Counts(*(max(0.0, float(value)) for value in row[2:])) for row in rows}


def sum_counts(counts: "dict[tuple[str, str], Counts]") -> Counts:
    """The sums over all channels."""
    columns = zip(*counts.values(), strict=True) if counts else [()] * 5
    return Counts(*(float(sum(column)) for column in columns))


@dataclass(frozen=True, slots=True)
class ChannelReturn:
    """What one channel of one campaign brings per dollar.

    Attributes:
        campaign_id: The campaign.
        channel_id: The channel.
        counts: What it did so far.
        posterior: Its return; None where nothing was spent or no conversion of the company has a value.
    """

    campaign_id: str
    channel_id: str
    counts: Counts
    posterior: Return | None


def compute_channel_returns(context: "MarketingContext") -> dict[tuple[str, str], ChannelReturn]:
    """The return of every channel that has performance, by campaign and channel."""
    counts = read_counts_by_channel(context)
    prior = compute_prior(sum_counts(counts))
    return {
        key: ChannelReturn(
            *key,
            channel_counts,
            None if prior is None else compute_posterior(channel_counts, prior, context.policy.budget),
        )
        for key, channel_counts in sorted(counts.items())
    }
