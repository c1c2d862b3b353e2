"""The evidence about one simulated customer, updated signal by signal.

For records, `journey.decision.rules.gather` sums all signals at each evaluation. Here the same sums are kept as one
number per ledger and faded to the time of evaluation. All evidence has one half-life, so the strongest past signal
remains the strongest, and its type is all that needs to be stored.
"""

from typing import NamedTuple

from journey.decision import rules, steps
from journey.decision.parameters import PolicyParameters


class Assessment(NamedTuple):
    """The rules' result for a customer at one time, before contact policy and approval.

    Attributes:
        action: The planned action, or NO_ACTION.
        reason: One of the reason codes of `journey.decision.rules`.
        severity: Severity, in [0, 1].
        confidence: Confidence in the evidence, in [0, 1].
    """

    action: int
    reason: int
    severity: float
    confidence: float


class EvidenceState:
    """The negative and positive evidence, their masses and their leading signals."""

    __slots__ = (
        "last_signal_at",
        "leading_negative",
        "leading_negative_evidence",
        "leading_positive",
        "leading_positive_evidence",
        "negative",
        "negative_mass",
        "positive",
        "positive_mass",
    )  # fmt: skip

    def __init__(self) -> None:
        self.last_signal_at = 0.0
        self.negative = 0.0
        self.positive = 0.0
        self.negative_mass = 0.0
        self.positive_mass = 0.0
        self.leading_negative = rules.NO_SIGNAL
        self.leading_negative_evidence = 0.0
        self.leading_positive = rules.NO_SIGNAL
        self.leading_positive_evidence = 0.0

    def add_signal(
        self, parameters: PolicyParameters, now: float, kind: int, strength: float, source: int, age: float = 0.0
    ) -> None:
        """Add one signal; earlier evidence fades to `now` first.

        Args:
            parameters: The policy.
            now: Time in days, not before the last signal that was added.
            kind: Type of the signal.
            strength: Its strength, in [0, 1].
            source: Its source, an index into the policy's trusts.
            age: Its age, in days.
        """
        left, fresh = rules.fade(now - self.last_signal_at, parameters.fade_rate), rules.fade(age, parameters.fade_rate)
        weighted = rules.signal_evidence(parameters.weights[kind], strength, parameters.trusts[source]) * fresh
        mass = strength * parameters.trusts[source] * fresh
        self.last_signal_at = now
        self.negative *= left
        self.positive *= left
        self.negative_mass *= left
        self.positive_mass *= left
        self.leading_negative_evidence *= left
        self.leading_positive_evidence *= left
        if parameters.positive[kind]:
            self.positive += weighted
            self.positive_mass += mass
            if self.leading_positive == rules.NO_SIGNAL or weighted > self.leading_positive_evidence:
                self.leading_positive, self.leading_positive_evidence = kind, weighted
        else:
            self.negative += weighted
            self.negative_mass += mass
            if self.leading_negative == rules.NO_SIGNAL or weighted > self.leading_negative_evidence:
                self.leading_negative, self.leading_negative_evidence = kind, weighted

    def assess(
        self, parameters: PolicyParameters, now: float, segment: int, stage: int, days_in_stage: float
    ) -> Assessment:
        """Apply the rules to the evidence at time `now`.

        Args:
            parameters: The policy.
            now: Time in days.
            segment: The customer's segment, as a code of the policy.
            stage: Code of the stage.
            days_in_stage: Time since the stage was entered, in days.
        """
        left = rules.fade(now - self.last_signal_at, parameters.fade_rate)
        negative_mass, positive_mass = self.negative_mass * left, self.positive_mass * left
        stalled = steps.stall_evidence(parameters, stage, days_in_stage)
        severity, confidence = steps.assess(
            parameters, 0, stalled, self.negative * left, self.positive * left, negative_mass, positive_mass
        )
        action, reason = steps.plan_action(
            parameters,
            segment,
            stage,
            days_in_stage,
            stalled,
            severity,
            confidence,
            negative_mass + positive_mass,
            self.leading_negative,
            self.leading_positive,
        )
        return Assessment(action, reason, severity, confidence)
