"""What the orchestrator believes about one simulated customer, carried from signal to signal.

The recorded path sums every signal anew (`journey.decision.rules.gather`); here the same sums are carried along as one
number per ledger, faded to the moment of asking. All evidence has one half-life, so the strongest signal of the past
stays the strongest, and remembering its type is enough.
"""

from typing import NamedTuple

from journey.decision import rules, steps


class Assessment(NamedTuple):
    """What the rules make of a customer at one moment, before contact policy and approval.

    Attributes:
        action: The action that the evidence calls for, or NO_ACTION.
        reason: Why, one of the codes of `journey.decision.rules`.
        severity: How bad it looks, in [0, 1].
        confidence: How good the evidence is, in [0, 1].
    """

    action: int
    reason: int
    severity: float
    confidence: float


class EvidenceState:
    """The two ledgers, their masses and their leading signals."""

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
        self, parameters: steps.PolicyParameters, now: float, kind: int, strength: float, source: int, age: float = 0.0
    ) -> None:
        """Add one signal; earlier evidence fades to `now` first.

        Args:
            parameters: The policy.
            now: Time in days, not before the last signal heard.
            kind: Type of the signal.
            strength: Its strength, in [0, 1].
            source: Its source, an index into the sheet's trusts.
            age: How old it is already, in days.
        """
        left, fresh = rules.fade(now - self.last_signal_at, parameters.fade_rate), rules.fade(age, parameters.fade_rate)
        weighted = rules.evidence(parameters.weights[kind], strength, parameters.trusts[source]) * fresh
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
        self, parameters: steps.PolicyParameters, now: float, segment: int, stage: int, days_in_stage: float
    ) -> Assessment:
        """Run the rules on what is believed now.

        Args:
            parameters: The policy.
            now: Time in days.
            segment: The customer's segment, as the policy numbers them.
            stage: Code of the stage.
            days_in_stage: Time since it was entered, in days.
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
            stalled,
            severity,
            confidence,
            negative_mass + positive_mass,
            self.leading_negative,
            self.leading_positive,
        )
        return Assessment(action, reason, severity, confidence)
