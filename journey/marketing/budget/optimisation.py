"""How much money to move between two channels: Thompson's rule under diminishing returns. Plain numbers only.

**Diminishing returns.** A channel that has spent ``S`` at ``r`` dollars per dollar would have brought
``F(T) = r S (T / S)^g`` had it spent ``T``: a power law through what was seen, with the policy's ``g`` (``saturation``)
below 1. A channel's plan ``P`` is what it will have spent in the end if nothing is moved.

**Thompson's rule.** For one draw of both returns the best amount maximises ``F_to(P_to + x) + F_from(P_from - x)``:
with ``k = r S^(1 - g)`` and ``q = (k_to / k_from)^(1 / (1 - g))`` it is ``x = (q P_from - P_to) / (1 + q)``, where
marginal returns are equal. Thompson sampling would act on one draw; here the amount is averaged over all of them
(Thompson 1933: each option in proportion to its probability of being best), which needs no random number: the ratio of
two log-normals is log-normal, so the average is over its equiprobable quantiles. The less is known, the less is moved.
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
    """One side of a move.

    Attributes:
        channel_return: Its return per dollar so far.
        spent: Dollars that brought it, more than 0.
        planned: Dollars that it will have spent if nothing is moved, at least `spent`.
    """

    channel_return: Return
    spent: float
    planned: float

    def return_change(self, change: float, saturation: float) -> float:
        """How the result changes with its plan, in dollars per dollar of return (multiply by the return)."""
        curve = self.planned**saturation
        return float(self.spent ** (1.0 - saturation) * ((self.planned + change) ** saturation - curve))


@dataclass(frozen=True, slots=True)
class Gain:
    """What a move is expected to bring, in dollars of the records' revenue.

    Attributes:
        mean: Expected, by the posterior.
        low: Lower bound of the credible interval.
        high: Upper bound.
        probability: That it is more than nothing.
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
    """The amount that equalises marginal returns, which is below 0 where money should flow the other way.

    Args:
        log_ratio: Logarithm of the taker's return over the giver's.
        giver: Where money comes from.
        taker: Where it goes.
        saturation: Exponent of the power law, strictly between 0 and 1.
    """
    log_q = log_ratio / (1.0 - saturation) + log(taker.spent / giver.spent)
    # 1 / (1 + q) without overflow.
    giver_share = 1.0 / (1.0 + exp(log_q)) if log_q < 0.0 else exp(-log_q) / (1.0 + exp(-log_q))
    return giver.planned * (1.0 - giver_share) - taker.planned * giver_share


def compute_thompson_amount(giver: ChannelPlan, taker: ChannelPlan, max_amount: float, saturation: float) -> float:
    """The best amount averaged over the posterior, each draw's kept between 0 and `max_amount`."""
    log_ratio_mean = taker.channel_return.log_median - giver.channel_return.log_median
    log_ratio_sd = sqrt(giver.channel_return.log_sd**2 + taker.channel_return.log_sd**2)
    amounts = (
        min(max_amount, max(0.0, compute_best_amount(log_ratio_mean + log_ratio_sd * node, giver, taker, saturation)))
        for node in _normal_midpoints(_RATIO_NODES)
    )
    return sum(amounts) / _RATIO_NODES


def compute_gain(amount: float, giver: ChannelPlan, taker: ChannelPlan, saturation: float, confidence: float) -> Gain:
    """What moving an amount brings.

    Args:
        amount: More than 0, at most the giver's plan.
        giver: Where it comes from.
        taker: Where it goes.
        saturation: Exponent of the power law.
        confidence: Of the interval; it holds what is not known about the returns, but not about the power law.
    """
    taker_change, giver_change = _return_changes(amount, giver, taker, saturation)
    mean, probability = compute_expected_gain(amount, giver, taker, saturation)
    gains = sorted(
        taker_change * exp(taker.channel_return.log_median + taker.channel_return.log_sd * taker_node)
        - giver_change * exp(giver.channel_return.log_median + giver.channel_return.log_sd * giver_node)
        for taker_node, giver_node in product(_normal_midpoints(_GAIN_NODES), repeat=2)
    )
    tail_count = int(len(gains) * (1.0 - confidence) / 2.0)
    return Gain(mean, gains[tail_count], gains[-1 - tail_count], probability)


def compute_expected_gain(
    amount: float, giver: ChannelPlan, taker: ChannelPlan, saturation: float
) -> tuple[float, float]:
    """What moving an amount brings by the posterior mean, and the probability that it is more than nothing.

    Both are in closed form; see `compute_gain` for the arguments.
    """
    taker_change, giver_change = _return_changes(amount, giver, taker, saturation)
    log_ratio_sd = sqrt(giver.channel_return.log_sd**2 + taker.channel_return.log_sd**2)
    log_gain_ratio = (
        taker.channel_return.log_median - giver.channel_return.log_median + log(taker_change / giver_change)
    )
    probability = NormalDist().cdf(log_gain_ratio / log_ratio_sd) if log_ratio_sd > 0.0 else float(log_gain_ratio > 0.0)
    return taker_change * taker.channel_return.mean - giver_change * giver.channel_return.mean, probability


def _return_changes(amount: float, giver: ChannelPlan, taker: ChannelPlan, saturation: float) -> tuple[float, float]:
    """What the taker gains and what the giver loses, in dollars per dollar of return."""
    return taker.return_change(amount, saturation), -giver.return_change(-amount, saturation)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A move that is worth proposing.

    Attributes:
        giver: Where the money is taken.
        taker: Where it goes.
        amount: Dollars.
        gain: Expected, by the posterior.
        probability: That it gains anything.
    """

    giver: ChannelKey
    taker: ChannelKey
    amount: float
    gain: float
    probability: float


class AllocationOptimiser:
    """The moves of one campaign, weighed again after each that is proposed.

    What gave has given its share, and nothing both gives and receives.
    """

    def __init__(
        self,
        plans: Mapping[ChannelKey, ChannelPlan],
        available: Mapping[ChannelKey, float | None],
        budget: BudgetPolicy,
        is_allowed: Callable[[ChannelKey, ChannelKey, float], bool],
    ) -> None:
        """Weigh the channels that can be compared.

        Args:
            plans: The campaign's channels.
            available: Dollars each has to give; None where that is unknown: what is unknown is never given.
            budget: The thresholds.
            is_allowed: Whether the rules let one channel give another this amount.
        """
        self.plans = dict(plans)
        self.available = available
        self.budget = budget
        self.is_allowed = is_allowed
        self.received: set[ChannelKey] = set()
        self.given: set[ChannelKey] = set()

    def find_best_move(self) -> Candidate | None:
        """The move with the largest expected gain among those that the policy and the rules allow."""
        candidates = (self._evaluate(giver, taker) for giver, taker in permutations(self.plans, 2))
        return max(
            (candidate for candidate in candidates if candidate is not None), key=lambda each: each.gain, default=None
        )

    def apply(self, candidate: Candidate) -> None:
        """Go on as if it were done."""
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
