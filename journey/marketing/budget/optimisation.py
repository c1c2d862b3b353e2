"""How much money to move between two channels: Thompson's rule under diminishing returns. Works on plain numbers.

**Diminishing returns.** A channel that has spent ``S`` with a return of ``r`` dollars per dollar would have returned
``F(T) = r S (T / S)^g`` with a spend of ``T``: a power law through the observed point, with the policy's exponent ``g``
(``saturation``) below 1. A channel's plan ``P`` is its final spend if no money is moved.

**Thompson's rule.** For one draw of both returns the best amount maximises ``F_to(P_to + x) + F_from(P_from - x)``:
with ``k = r S^(1 - g)`` and ``q = (k_to / k_from)^(1 / (1 - g))`` it is ``x = (q P_from - P_to) / (1 + q)``, where
marginal returns are equal. Thompson sampling would act on one draw; here the amount is averaged over the posterior
(Thompson 1933: each option in proportion to its probability of being best). No random numbers are needed: the ratio of
two log-normals is log-normal, so the average is over its equiprobable quantiles. Greater uncertainty gives smaller
transfers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import permutations, product
from math import exp, floor, log, sqrt
from statistics import NormalDist

from journey.marketing.budget.channel_returns import Return
from journey.marketing.budget.rules import ChannelKey
from journey.marketing.core.policy import BudgetPolicy

_RATIO_NODES = 400
_GAIN_NODES = 120


@dataclass(frozen=True, slots=True)
class ChannelPlan:
    """A channel's return, spend and planned spend.

    Attributes:
        channel_return: Posterior of the return per dollar so far.
        spent: Dollars spent so far, more than 0.
        planned: Final spend in dollars if no money is moved, at least `spent`.
    """

    channel_return: Return
    spent: float
    planned: float

    def return_change(self, change: float, saturation: float) -> float:
        """Change in revenue if the plan changes by `change` dollars, divided by the return per dollar."""
        curve = self.planned**saturation
        return float(self.spent ** (1.0 - saturation) * ((self.planned + change) ** saturation - curve))


@dataclass(frozen=True, slots=True)
class Gain:
    """Expected gain of a transfer, in dollars of the records' revenue.

    Attributes:
        mean: Posterior mean.
        low: Lower bound of the credible interval.
        high: Upper bound.
        probability: Probability that the gain is positive.
    """

    mean: float
    low: float
    high: float
    probability: float


@cache
def _normal_midpoints(number: int) -> tuple[float, ...]:
    """Midpoints of equiprobable slices of the standard normal distribution."""
    return tuple(NormalDist().inv_cdf((index + 0.5) / number) for index in range(number))


def compute_best_amount(log_ratio: float, giver: ChannelPlan, taker: ChannelPlan, saturation: float) -> float:
    """The amount that equalises marginal returns; negative if money should flow the other way.

    Args:
        log_ratio: Logarithm of the taker's return divided by the giver's.
        giver: The channel that gives.
        taker: The channel that receives.
        saturation: Exponent of the power law, strictly between 0 and 1.
    """
    log_q = log_ratio / (1.0 - saturation) + log(taker.spent / giver.spent)
    # 1 / (1 + q) without overflow.
    giver_share = 1.0 / (1.0 + exp(log_q)) if log_q < 0.0 else exp(-log_q) / (1.0 + exp(-log_q))
    return giver.planned * (1.0 - giver_share) - taker.planned * giver_share


def compute_thompson_amount(giver: ChannelPlan, taker: ChannelPlan, max_amount: float, saturation: float) -> float:
    """The best amount averaged over the posterior, clipped to the range from 0 to `max_amount` dollars."""
    log_ratio_mean = taker.channel_return.log_median - giver.channel_return.log_median
    log_ratio_sd = sqrt(giver.channel_return.log_sd**2 + taker.channel_return.log_sd**2)
    amounts = (
        min(max_amount, max(0.0, compute_best_amount(log_ratio_mean + log_ratio_sd * node, giver, taker, saturation)))
        for node in _normal_midpoints(_RATIO_NODES)
    )
    return sum(amounts) / _RATIO_NODES


def compute_gain(amount: float, giver: ChannelPlan, taker: ChannelPlan, saturation: float, confidence: float) -> Gain:
    """Expected gain of moving an amount.

    Args:
        amount: More than 0, at most the giver's plan.
        giver: The channel that gives.
        taker: The channel that receives.
        saturation: Exponent of the power law.
        confidence: Of the interval, which is that of the posteriors and not of their log-normal approximation. It
            covers uncertainty about the returns but not about the power law.
    """
    taker_change, giver_change = _return_changes(amount, giver, taker, saturation)
    mean, probability = compute_expected_gain(amount, giver, taker, saturation)
    taker_returns, giver_returns = (plan.channel_return.midpoints(_GAIN_NODES) for plan in (taker, giver))
    gains = sorted(
        taker_change * taker_return - giver_change * giver_return
        for taker_return, giver_return in product(taker_returns, giver_returns)
    )
    tail_count = int(len(gains) * (1.0 - confidence) / 2.0)
    return Gain(mean, gains[tail_count], gains[-1 - tail_count], probability)


def compute_expected_gain(
    amount: float, giver: ChannelPlan, taker: ChannelPlan, saturation: float
) -> tuple[float, float]:
    """Posterior mean of the gain of moving an amount, and the probability that the gain is positive.

    Both are in closed form. `compute_gain` describes the arguments.
    """
    taker_change, giver_change = _return_changes(amount, giver, taker, saturation)
    log_ratio_sd = sqrt(giver.channel_return.log_sd**2 + taker.channel_return.log_sd**2)
    log_gain_ratio = (
        taker.channel_return.log_median - giver.channel_return.log_median + log(taker_change / giver_change)
    )
    probability = NormalDist().cdf(log_gain_ratio / log_ratio_sd) if log_ratio_sd > 0.0 else float(log_gain_ratio > 0.0)
    return taker_change * taker.channel_return.mean - giver_change * giver.channel_return.mean, probability


def _return_changes(amount: float, giver: ChannelPlan, taker: ChannelPlan, saturation: float) -> tuple[float, float]:
    """Gain of the taker and loss of the giver, each divided by its return per dollar."""
    return taker.return_change(amount, saturation), -giver.return_change(-amount, saturation)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A transfer that is worth proposing.

    Attributes:
        giver: Campaign and channel that give.
        taker: Campaign and channel that receive.
        amount: Dollars.
        gain: Posterior mean of the gain in dollars.
        probability: Probability that the gain is positive.
    """

    giver: ChannelKey
    taker: ChannelKey
    amount: float
    gain: float
    probability: float


class AllocationOptimiser:
    """Finds the transfers of one campaign, re-evaluated after each proposal.

    A channel gives at most once, and no channel both gives and receives.
    """

    def __init__(
        self,
        plans: Mapping[ChannelKey, ChannelPlan],
        available: Mapping[ChannelKey, float | None],
        budget: BudgetPolicy,
        is_allowed: Callable[[ChannelKey, ChannelKey, float], bool],
    ) -> None:
        """Start with the channels that can be compared.

        Args:
            plans: Plans of the campaign's channels.
            available: Dollars that each channel can give; a channel whose amount is unknown (None) gives nothing.
            budget: The thresholds.
            is_allowed: Whether the rules allow a transfer, called with giver, taker and amount.
        """
        self.plans = dict(plans)
        self.available = available
        self.budget = budget
        self.is_allowed = is_allowed
        self.received: set[ChannelKey] = set()
        self.given: set[ChannelKey] = set()

    def find_best_move(self) -> Candidate | None:
        """The transfer with the largest expected gain that the policy and the rules allow; None if there is none."""
        candidates = (self._evaluate(giver, taker) for giver, taker in permutations(self.plans, 2))
        return max(
            (candidate for candidate in candidates if candidate is not None),
            key=lambda each: (each.gain, -self.rank(each.taker)),
            default=None,
        )

    def rank(self, channel: ChannelKey) -> int:
        """Rank of a channel as a receiver among transfers with the same gain; the lowest comes first."""
        del channel
        return 0

    def apply(self, candidate: Candidate) -> None:
        """Update the plans as if the transfer were executed."""
        self.received.add(candidate.taker)
        self.given.add(candidate.giver)
        for key, change in ((candidate.giver, -candidate.amount), (candidate.taker, candidate.amount)):
            self.plans[key] = replace(self.plans[key], planned=self.plans[key].planned + change)

    def _evaluate(self, giver: ChannelKey, taker: ChannelKey) -> Candidate | None:
        if giver in self.given | self.received or taker in self.given:
            return None
        budget, plans = self.budget, self.plans
        max_amount = min(budget.most_share * (self.available[giver] or 0.0), plans[giver].planned)
        wanted = (
            compute_thompson_amount(plans[giver], plans[taker], max_amount, budget.saturation)
            if max_amount > 0.0
            else 0.0
        )
        amount = round(floor(wanted / budget.step) * budget.step, 2)
        if amount < max(budget.least_amount, budget.step) or not self.is_allowed(giver, taker, amount):
            return None
        gain, probability = compute_expected_gain(amount, plans[giver], plans[taker], budget.saturation)
        is_worthwhile = gain > 0.0 and probability >= budget.least_probability
        return Candidate(giver, taker, amount, gain, probability) if is_worthwhile else None
