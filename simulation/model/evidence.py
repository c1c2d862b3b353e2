"""The evidence about one simulated customer, updated signal by signal.

For records, `journey.decision.rules.gather` sums all signals at each evaluation. Here the same sums are kept as one
number per ledger and faded to the time of evaluation. All evidence has one half-life, so the strongest past signal
remains the strongest, and its type is all that needs to be stored.
"""

from dataclasses import dataclass

from journey.decision.parameters import PolicyParameters
from journey.decision.rules import NO_SIGNAL, fade, signal_evidence
from journey.decision.steps import assess, plan_action, stall_evidence


@dataclass(slots=True)
class Evidence:
    """The evidence at the time of the last signal; it fades from then on.

    Attributes:
        last_signal_at: Day of the last signal.
        negative, positive: Sums of the signals' evidence, in the units of the policy's weights.
        negative_mass, positive_mass: Sums of strength times trust, from which confidence is computed.
        leading_negative_evidence, leading_positive_evidence: Evidence of the strongest signal.
        leading_negative, leading_positive: Type of that signal, or NO_SIGNAL.
    """

    last_signal_at: float = 0.0
    negative: float = 0.0
    positive: float = 0.0
    negative_mass: float = 0.0
    positive_mass: float = 0.0
    leading_negative_evidence: float = 0.0
    leading_positive_evidence: float = 0.0
    leading_negative: int = NO_SIGNAL
    leading_positive: int = NO_SIGNAL


def remaining_evidence(parameters: PolicyParameters, evidence: Evidence, now: float) -> float:
    """The share of the evidence that has not faded since the last signal; 1 if there was no signal."""
    if evidence.leading_negative == NO_SIGNAL and evidence.leading_positive == NO_SIGNAL:
        return 1.0
    return fade(now - evidence.last_signal_at, parameters.fade_rate)


def add_signal(
    parameters: PolicyParameters, evidence: Evidence, now: float, kind: int, strength: float, source: int, age: float
) -> None:
    """Add one signal; earlier evidence fades to `now` first.

    Args:
        parameters: The policy.
        evidence: The evidence to add it to.
        now: Time in days, not before the last signal that was added.
        kind: Type of the signal.
        strength: Its strength, in [0, 1].
        source: Its source, an index into the policy's trusts.
        age: Its age, in days.
    """
    remaining, fresh = remaining_evidence(parameters, evidence, now), fade(age, parameters.fade_rate)
    weighted = signal_evidence(parameters.weights[kind], strength, parameters.trusts[source]) * fresh
    mass = strength * parameters.trusts[source] * fresh
    evidence.last_signal_at = now
    evidence.negative *= remaining
    evidence.positive *= remaining
    evidence.negative_mass *= remaining
    evidence.positive_mass *= remaining
    evidence.leading_negative_evidence *= remaining
    evidence.leading_positive_evidence *= remaining
    if parameters.positive[kind]:
        evidence.positive += weighted
        evidence.positive_mass += mass
        if evidence.leading_positive == NO_SIGNAL or weighted > evidence.leading_positive_evidence:
            evidence.leading_positive = kind
            evidence.leading_positive_evidence = weighted
    else:
        evidence.negative += weighted
        evidence.negative_mass += mass
        if evidence.leading_negative == NO_SIGNAL or weighted > evidence.leading_negative_evidence:
            evidence.leading_negative = kind
            evidence.leading_negative_evidence = weighted


def plan_from_evidence(
    parameters: PolicyParameters, evidence: Evidence, now: float, segment: int, stage: int, days_in_stage: float
) -> tuple[int, int, float, float]:
    """Apply the rules to the evidence at time `now`, before contact policy and approval.

    Args:
        parameters: The policy.
        evidence: The evidence.
        now: Time in days.
        segment: The customer's segment, as a code of the policy.
        stage: Code of the stage.
        days_in_stage: Time since the stage was entered, in days.

    Returns:
        The planned action (or NO_ACTION), the reason (a code of `journey.decision.rules`), the severity and the
        confidence, both in [0, 1].
    """
    remaining = remaining_evidence(parameters, evidence, now)
    negative_mass, positive_mass = evidence.negative_mass * remaining, evidence.positive_mass * remaining
    stalled = stall_evidence(parameters, stage, days_in_stage)
    severity, confidence = assess(
        parameters,
        0,
        stalled,
        evidence.negative * remaining,
        evidence.positive * remaining,
        negative_mass,
        positive_mass,
    )
    action, reason = plan_action(
        parameters,
        segment,
        stage,
        days_in_stage,
        stalled,
        severity,
        confidence,
        negative_mass + positive_mass,
        evidence.leading_negative,
        evidence.leading_positive,
    )
    return action, reason, severity, confidence


KERNELS = (remaining_evidence, add_signal, plan_from_evidence)
"""Functions to compile, callees before callers."""

INLINED = (remaining_evidence, add_signal)
"""Functions to inline, because most events call them."""
