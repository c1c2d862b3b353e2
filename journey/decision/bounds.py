"""Bounds of a decision, without an exponential: they decide most evaluations of a simulation at a fraction of the cost.

Each function returns what the steps of `journey.decision.steps` would return, or that the bounds do not decide; then
the caller computes the steps in full. The functions are compiled like the steps.
"""

from typing import Any

from journey.decision.parameters import ROUNDING_MARGIN, PolicyParameters
from journey.decision.rules import BELOW_THRESHOLD, NO_ACTION, NO_EVIDENCE
from journey.decision.steps import find_opportunity, find_play, may_use_timed_play

UNDECIDED = -1
"""No reason: the bounds of `idle_reason_from_bounds` do not decide."""


def decay_lower_bound(x: float) -> float:
    """A lower bound of ``exp(-x)`` for x >= 0: ``((8 - x) / (8 + x))^4`` up to x = 8, and 0 beyond.

    It follows from ``exp(y) <= (2 + y) / (2 - y)`` for 0 <= y < 2 (compare the series term by term), with y = x / 4.
    """
    if x >= 8.0:
        return 0.0
    root = (8.0 - x) / (8.0 + x)
    return root * root * root * root


def growth_lower_bound(x: float) -> float:
    """A lower bound of ``exp(x) - 1`` for x >= 0: the first terms of the series, which are all positive."""
    return x * (1.0 + x * (0.5 + x * (1.0 / 6.0)))


def decay_upper_bound(x: float) -> float:
    """An upper bound of ``exp(-x)`` for x >= 0."""
    return 1.0 / (1.0 + growth_lower_bound(x))


def saturation_lower_bound(x: float) -> float:
    """A lower bound of ``1 - exp(-x)`` for x >= 0, with full relative precision for small x."""
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
    """The reason for no action at every evaluation in a period, if the bounds decide it, otherwise UNDECIDED.

    A decided reason is the result of `assess` and `plan_action` at any moment of the period: evidence is strongest at
    its beginning, and the time in stage is longest at its end. No exponential is computed, only bounds.

    Args:
        parameters: The policy.
        segment: Index of the customer's segment in the policy.
        stage: Index of the customer's stage.
        days: Time from stage entry to the first evaluation, in days.
        evidence_age: Time from the moment of the given evidence to the first evaluation, in days, 0 or more.
        duration: Time from the first evaluation to the last, in days, 0 or more.
        negative: Evidence of the negative signals at the moment of the evidence.
        mass: Negative plus positive mass at that moment.
        leading_positive_type: Type of the strongest positive signal, or NO_SIGNAL.

    Returns:
        NO_EVIDENCE, BELOW_THRESHOLD or UNDECIDED.
    """
    if stage < 0 or not parameters.live[stage]:
        return UNDECIDED
    if find_opportunity(parameters, segment, stage, leading_positive_type) != NO_ACTION:
        return UNDECIDED
    if may_use_timed_play(parameters, segment, stage, days, days + duration):
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
    # Within these limits the mass cannot fade to 0.
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
    """The action of `plan_action`, if the bounds determine it; NO_ACTION if there is none or they do not.

    It is valid for a record without gaps. No exponential is computed; see `idle_reason_from_bounds`.

    Args:
        parameters: The policy.
        segment: Index of the customer's segment in the policy.
        stage: Index of the customer's stage; below 0 if unknown.
        stalled: Evidence of the stall.
        negative: Evidence of the negative signals.
        positive: Evidence of the positive signals.
        negative_mass: Sum of strength x trust x fade of the negative signals.
        positive_mass: The same sum for the positive signals.
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

INLINED: tuple[Any, ...] = (
    decay_lower_bound,
    growth_lower_bound,
    decay_upper_bound,
    idle_reason_from_bounds,
    plan_from_bounds,
)
"""Functions to inline, because most events call them."""
