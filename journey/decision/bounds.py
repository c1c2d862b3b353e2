"""Bounds of a decision, without an exponential: they decide most evaluations of a simulation at a fraction of the cost.

Each function returns what the steps of `journey.decision.steps` would return, or that the bounds do not decide; then
the caller computes the steps in full. The functions are compiled like the steps.
"""

from typing import Any

from journey.decision.parameters import ROUNDING_MARGIN, PolicyParameters
from journey.decision.rules import BELOW_THRESHOLD, NO_ACTION, NO_EVIDENCE
from journey.decision.steps import find_opportunity, find_play

UNDECIDED = -1
"""No reason: the bounds of `idle_reason_from_bounds` do not decide."""


def decay_lower_bound(x: float) -> float:
    """At most ``exp(-x)``, for x from 0 on: ``((8 - x) / (8 + x))^4`` as far as x = 8, and 0 from there.

    Because ``exp(y) <= (2 + y) / (2 - y)`` for y < 2, whose series has no smaller term; here y is x / 4.
    """
    if x >= 8.0:
        return 0.0
    root = (8.0 - x) / (8.0 + x)
    return root * root * root * root


def growth_lower_bound(x: float) -> float:
    """At most ``exp(x) - 1``, for x from 0 on: the first terms of its series, all of which are positive."""
    return x * (1.0 + x * (0.5 + x * (1.0 / 6.0)))


def decay_upper_bound(x: float) -> float:
    """At least ``exp(-x)``, for x from 0 on."""
    return 1.0 / (1.0 + growth_lower_bound(x))


def saturation_lower_bound(x: float) -> float:
    """At most ``1 - exp(-x)``, for x from 0 on, however small it is."""
    return growth_lower_bound(x) * decay_upper_bound(x)


def idle_reason_from_bounds(
    parameters: PolicyParameters,
    segment: int,
    stage: int,
    days: float,
    evidence_age: float,
    duration: float,
    negative: float,
    mass: float,
    leading_positive_type: int,
) -> int:
    """The reason why nothing comes of evaluations in some time, where bounds tell; UNCLEAR where `plan_action` has to.

    Cheap, because it takes no exponential but bounds of it. Where it is clear, it is what `assess` and `plan_action`
    would say at any moment of that time: evidence is strongest in the beginning, and a stay longest in the end.

    Args:
        parameters: The policy.
        segment: The customer's segment, as the policy numbers them.
        stage: The customer's stage.
        days: Time since it was entered until the first evaluation, in days.
        evidence_age: Time since the evidence was what follows until then, in days, 0 or more.
        duration: Time from the first evaluation to the last one, in days, 0 or more.
        negative: Evidence of the negative signals then.
        mass: Evidence at hand then, both sides.
        leading_positive_type: Type of the strongest positive signal, or NO_SIGNAL.

    Returns:
        NO_EVIDENCE, BELOW_THRESHOLD or UNCLEAR.
    """
    if stage < 0 or not parameters.live[stage]:
        return UNDECIDED
    if find_opportunity(parameters, segment, stage, leading_positive_type) != NO_ACTION:
        return UNDECIDED
    stalled, typical, longest = 0.0, parameters.typical_days[stage], days + duration
    if typical > 0.0 and longest > typical:
        stalled = parameters.overstay_weight
        if negative + stalled >= parameters.evidence_to_act:
            stalled *= 1.0 - decay_lower_bound(longest / typical - 1.0)
    fade_exponent = evidence_age * parameters.fade_rate
    if negative + stalled >= parameters.evidence_to_act and (
        negative * decay_upper_bound(fade_exponent) + stalled >= parameters.evidence_to_act
    ):
        return UNDECIDED
    if mass <= 0.0:
        return NO_EVIDENCE
    # So much evidence for so short a time does not fade to 0.
    return BELOW_THRESHOLD if mass > 1e-30 and fade_exponent + duration * parameters.fade_rate < 300.0 else UNDECIDED


def plan_from_bounds(
    parameters: PolicyParameters,
    segment: int,
    stage: int,
    stalled: float,
    negative: float,
    positive: float,
    negative_mass: float,
    positive_mass: float,
    leading_negative_type: int,
    leading_positive_type: int,
) -> int:
    """The action of `plan_action`, where bounds determine it; NO_ACTION where there is none or they do not.

    For a record without gaps. Cheap, because it takes no exponential; see `idle_reason_from_bounds`.

    Args:
        parameters: The policy.
        segment: The customer's segment, as the policy numbers them.
        stage: The customer's stage, or below 0 where it is not known.
        stalled: Evidence of the stall.
        negative: Evidence of the negative signals.
        positive: Evidence of the positive ones.
        negative_mass: Their sum of strength x trust x fade.
        positive_mass: The same of the positive ones.
        leading_negative_type: Type of the strongest negative signal, or NO_SIGNAL.
        leading_positive_type: Type of the strongest positive signal, or NO_SIGNAL.
    """
    stronger = max(negative_mass, positive_mass)
    if stage < 0 or not parameters.live[stage] or stronger <= 0.0:
        return NO_ACTION
    ratio = min(negative_mass, positive_mass) / stronger
    confidence_bound = saturation_lower_bound(parameters.mass_scale * (negative_mass + positive_mass))
    if (
        confidence_bound * (1.0 - parameters.conflict_penalty * ratio * ratio) * ROUNDING_MARGIN
        < parameters.act_confidence
    ):
        return NO_ACTION
    total_negative = negative + stalled
    if (
        saturation_lower_bound(total_negative) * decay_lower_bound(parameters.relief * positive) * ROUNDING_MARGIN
        >= parameters.act_severity
    ):
        return find_play(parameters, segment, stage, stalled, leading_negative_type)
    if total_negative < parameters.evidence_to_act:
        return find_opportunity(parameters, segment, stage, leading_positive_type)
    return NO_ACTION


KERNELS: tuple[Any, ...] = (
    decay_lower_bound,
    growth_lower_bound,
    decay_upper_bound,
    saturation_lower_bound,
    idle_reason_from_bounds,
    plan_from_bounds,
)
"""The functions that `journey.runtime.jit` compiles, callees before callers."""
