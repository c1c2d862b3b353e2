"""What the orchestrator believes about one simulated customer, carried from signal to signal.

The recorded path sums every signal anew (`journey.decision.rules.gather`); here the same sums are carried along as one
number per ledger, faded to the moment of asking. All evidence has one half-life, so the strongest signal of the past
stays the strongest, and remembering its type is enough.
"""

from typing import NamedTuple

from journey.decision import rules, steps


class Judgement(NamedTuple):
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


class Beliefs:
    """The two ledgers, their masses and their leading signals."""

    __slots__ = ("at", "bright", "bright_evidence", "lead", "lead_evidence", "negative", "negative_mass", "positive",
                 "positive_mass")  # fmt: skip

    def __init__(self) -> None:
        self.at = 0.0
        self.negative = 0.0
        self.positive = 0.0
        self.negative_mass = 0.0
        self.positive_mass = 0.0
        self.lead = rules.NO_SIGNAL
        self.lead_evidence = 0.0
        self.bright = rules.NO_SIGNAL
        self.bright_evidence = 0.0

    def hear(
        self, sheet: steps.PolicySheet, now: float, kind: int, strength: float, source: int, age: float = 0.0
    ) -> None:
        """Add one signal; earlier evidence fades to `now` first.

        Args:
            sheet: The policy.
            now: Time in days, not before the last signal heard.
            kind: Type of the signal.
            strength: Its strength, in [0, 1].
            source: Its source, an index into the sheet's trusts.
            age: How old it is already, in days.
        """
        left, fresh = rules.fade(now - self.at, sheet.fade_rate), rules.fade(age, sheet.fade_rate)
        weighed = rules.evidence(sheet.weights[kind], strength, sheet.trusts[source]) * fresh
        mass = strength * sheet.trusts[source] * fresh
        self.at = now
        self.negative *= left
        self.positive *= left
        self.negative_mass *= left
        self.positive_mass *= left
        self.lead_evidence *= left
        self.bright_evidence *= left
        if sheet.positive[kind]:
            self.positive += weighed
            self.positive_mass += mass
            if self.bright == rules.NO_SIGNAL or weighed > self.bright_evidence:
                self.bright, self.bright_evidence = kind, weighed
        else:
            self.negative += weighed
            self.negative_mass += mass
            if self.lead == rules.NO_SIGNAL or weighed > self.lead_evidence:
                self.lead, self.lead_evidence = kind, weighed

    def judge(self, sheet: steps.PolicySheet, now: float, segment: int, stage: int, days_in_stage: float) -> Judgement:
        """Run the rules on what is believed now.

        Args:
            sheet: The policy.
            now: Time in days.
            segment: The customer's segment, as the policy numbers them.
            stage: Code of the stage.
            days_in_stage: Time since it was entered, in days.
        """
        left = rules.fade(now - self.at, sheet.fade_rate)
        negative_mass, positive_mass = self.negative_mass * left, self.positive_mass * left
        stalled = steps.stall(sheet, stage, days_in_stage)
        severity, confidence = steps.assess(
            sheet, 0, stalled, self.negative * left, self.positive * left, negative_mass, positive_mass
        )
        action, reason = steps.plan(
            sheet, segment, stage, stalled, severity, confidence, negative_mass + positive_mass, self.lead, self.bright
        )
        return Judgement(action, reason, severity, confidence)
