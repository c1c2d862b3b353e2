"""The predicted value of a buyer, from what is known on the day of the purchase.

The prediction is the account value over ``T`` years, each moment weighted by the probability that the customer has not
churned. With a constant yearly churn hazard ``h`` it is ``value x (1 - exp(-h T)) / h``, the expected revenue of an
exponential lifetime censored at ``T``.
"""

from math import expm1
from sys import float_info

from journey.decision.policy import TIERS, ChurnMapping
from simulation.acquisition.spec import Predictor


def predict_retained_value(value: float, hazard: float, years: float) -> float:
    """Predicted revenue of a buyer, in dollars.

    Args:
        value: Account value, in dollars per year.
        hazard: Churn hazard per year, 0 or more.
        years: Horizon of the prediction, in years.
    """
    # For subnormal products the quotient loses precision, so its limit is used.
    if hazard * years < float_info.min:
        return value * years
    return value * -expm1(-hazard * years) / hazard


def expected_churn_hazard(churn: ChurnMapping, predictor: Predictor, channel: str, segment: str, tier: int) -> float:
    """The yearly churn hazard that the policy expects of a buyer.

    Args:
        churn: The policy's churn hazards by segment and tier.
        predictor: Hazard ratios by channel, learned from earlier buyers.
        channel: Name of the channel.
        segment: Name of the segment.
        tier: Index of the risk tier.
    """
    base = churn.yearly_hazard.get(segment, churn.other_yearly_hazard)
    ratio = predictor.by_channel[channel].amount if channel in predictor.by_channel else 1.0
    return base * churn.tier_ratio.get(TIERS[tier], 1.0) * ratio
