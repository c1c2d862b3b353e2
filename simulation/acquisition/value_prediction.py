"""What a buyer is predicted to be worth, on the day of the purchase and from what is known on it.

Account value for ``T`` years, each moment weighted by the chance of being there still at a constant yearly churn hazard
``h``: ``value x (1 - exp(-h T)) / h`` (the expected revenue of an exponential life cut off at T).
"""

from math import expm1
from sys import float_info

from journey.decision.policy import TIERS, ChurnMapping
from simulation.acquisition.spec import Predictor


def predict_retained_value(value: float, hazard: float, years: float) -> float:
    """Predicted revenue of a buyer, in dollars.

    Args:
        value: Account value, in dollars a year.
        hazard: Churn hazard per year, 0 or more.
        years: Years that are counted.
    """
    # Below the smallest normal number the quotient has lost its digits, and the integral is its limit.
    if hazard * years < float_info.min:
        return value * years
    return value * -expm1(-hazard * years) / hazard


def expected_churn_hazard(churn: ChurnMapping, predictor: Predictor, channel: str, segment: str, tier: int) -> float:
    """The yearly churn hazard that the policy expects of a buyer.

    Args:
        churn: What the policy believes by segment and tier.
        predictor: What earlier buyers have taught by channel.
        channel: Name of the channel.
        segment: Name of the segment.
        tier: Index of the risk tier.
    """
    base = churn.yearly_hazard.get(segment, churn.other_yearly_hazard)
    ratio = predictor.by_channel[channel].amount if channel in predictor.by_channel else 1.0
    return base * churn.tier_ratio.get(TIERS[tier], 1.0) * ratio
