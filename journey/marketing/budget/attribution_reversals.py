"""Whether attribution by another method of the same report would reverse a proposed transfer.

Performance counts each conversion on the channel of its asset. Other methods, from hints or paths, credit the same
conversions in other ways. For each method, the conversions of both channels are divided as the method credits them, and
the posterior returns and the expected gain of the transfer are computed again. The transfer is reversed if the gain is
then not positive. No method estimates the causal effect of a channel.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from journey.marketing.analysis.attribution import CreditRow, compute_credits
from journey.marketing.budget.channel_returns import (
    Counts,
    Prior,
    compute_posterior,
    compute_prior,
    read_counts_by_channel,
    sum_counts,
)
from journey.marketing.budget.optimisation import ChannelPlan, compute_expected_gain
from journey.marketing.budget.rules import ChannelKey

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext


@dataclass(frozen=True, slots=True)
class Reversal:
    """A method by which a transfer would lose revenue.

    Attributes:
        basis: ``hints`` or ``paths``.
        method: Name of the method.
        giver_conversions: Conversions of the giving channel by this method, of those of both channels in performance.
        taker_conversions: Conversions of the receiving channel.
        giver_return: Posterior mean of its revenue per dollar.
        taker_return: Posterior mean of the revenue per dollar of the receiving channel.
        expected_gain: Posterior mean of the gain in dollars, 0 or less.
    """

    basis: str
    method: str
    giver_conversions: float
    taker_conversions: float
    giver_return: float
    taker_return: float
    expected_gain: float

    def describe(self, giver: str, taker: str) -> str:
        """The reversal in one sentence, with its figures."""
        return (
            f"Attribution by {self.method.replace('_', ' ')} ({self.basis}) would reverse it: it credits {giver} with "
            f"{self.giver_conversions:,.1f} and {taker} with {self.taker_conversions:,.1f} of their conversions, so "
            f"{giver} returns {self.giver_return:.2f} and {taker} {self.taker_return:.2f} of revenue per dollar, and "
            f"the expected gain is {self.expected_gain:,.0f}."
        )


def find_reversals(
    context: "MarketingContext",
    transfer: tuple[ChannelKey, ChannelKey, float],
    plans: tuple[ChannelPlan, ChannelPlan],
) -> list[Reversal]:
    """The methods of the report that would reverse a transfer.

    Args:
        context: The records.
        transfer: Channel that gives, channel that receives, and dollars.
        plans: Plans of the two channels, in this order, before the transfer.
    """
    giver, taker, amount = transfer
    counts = context.get_or_compute(read_counts_by_channel)
    prior = compute_prior(sum_counts(counts))
    if prior is None:
        return []
    reversals = []
    for (basis, method), credit in _read_credits(context, giver, taker).items():
        credited = _credit_counts((counts[giver], counts[taker]), credit, prior)
        giver_return, taker_return = (compute_posterior(each, prior, context.policy.budget) for each in credited)
        if giver_return is None or taker_return is None:
            continue
        sides = replace(plans[0], channel_return=giver_return), replace(plans[1], channel_return=taker_return)
        gain, _ = compute_expected_gain(amount, *sides, context.policy.budget.saturation)
        if gain <= 0.0:
            conversions = credited[0].conversions, credited[1].conversions
            reversals.append(Reversal(basis, method, *conversions, giver_return.mean, taker_return.mean, gain))
    return reversals


def _read_credits(
    context: "MarketingContext", giver: ChannelKey, taker: ChannelKey
) -> dict[tuple[str, str], tuple[float, float]]:
    """Credited conversions of both channels by basis and method, where the method credits any."""
    rows: dict[tuple[str, str], list[CreditRow]] = {}
    for row in context.get_or_compute(compute_credits):
        if row.campaign_id == giver[0] and row.conversions is not None:
            rows.setdefault((row.basis, row.method), []).append(row)
    credited_conversions = {}
    for key, credited in rows.items():
        by_channel = {row.channel_id: row.conversions or 0.0 for row in credited}
        # A hint that is not recorded is unknown; a channel on no path has no credit.
        is_complete = key[0] == "paths" or {giver[1], taker[1]} <= set(by_channel)
        both = by_channel.get(giver[1], 0.0), by_channel.get(taker[1], 0.0)
        if is_complete and sum(both) > 0.0:
            credited_conversions[key] = both
    return credited_conversions


def _credit_counts(counts: tuple[Counts, Counts], credit: tuple[float, float], prior: Prior) -> tuple[Counts, Counts]:
    """Both channels with the conversions of performance, divided by credit, at each channel's own value."""
    total = counts[0].conversions + counts[1].conversions
    giver, taker = (
        _replace_conversions(each, total * part / sum(credit), prior) for each, part in zip(counts, credit, strict=True)
    )
    return giver, taker


def _replace_conversions(counts: Counts, conversions: float, prior: Prior) -> Counts:
    value = counts.revenue / counts.valued if counts.valued > 0 else prior.value
    return counts._replace(conversions=conversions, valued=conversions, revenue=conversions * value)
