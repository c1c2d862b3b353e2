"""Score Risk: severity, confidence and churn probability of one customer."""

from typing import NamedTuple

from journey.decision.parameters import PolicyParameters
from journey.decision.policy import CompiledPolicy
from journey.decision.steps import assess, compute_churn_probability, stall_evidence
from journey.orchestrator.signals import SignalEvidence
from journey.orchestrator.state import JourneyState
from journey.records.model import Customer

UNKNOWN_SEGMENTS = ("", "unknown")
"""Values of the segment that mean it is unknown."""


class Risk(NamedTuple):
    """The severity of a customer's state and the quality of the evidence.

    Attributes:
        severity: In [0, 1].
        confidence: In [0, 1].
        churn_probability: Probability of churn within the policy's horizon.
        stall_evidence: Evidence from a stay longer than typical; part of the severity.
        gaps: Missing or doubtful fields of the record, one sentence each; each lowers confidence.
        segment: Index of the customer's segment in the policy.
    """

    severity: float
    confidence: float
    churn_probability: float
    stall_evidence: float
    gaps: tuple[str, ...]
    segment: int


class RiskScorer:
    """Scores a customer from the state, the signals and the customer record.

    Each gap in the record lowers confidence by the policy's `gap_factor`. Gaps are an unknown segment, an account value
    of zero, a stage that is missing or not in the journey, and a last move that is illegal or of unknown origin.
    (A missing risk tier is not a gap, because records default to medium.)
    """

    def __init__(self, table: CompiledPolicy, parameters: PolicyParameters) -> None:
        self._parameters = parameters
        self.segments = {name: code for code, name in enumerate(table.segments[:-1])}
        self._other_segment = len(table.segments) - 1
        self._tiers = {name: code for code, name in enumerate(table.tiers)}

    def score(self, customer: Customer, state: JourneyState, evidence: SignalEvidence) -> Risk:
        """Compute the customer's risk."""
        parameters = self._parameters
        gaps = state.gaps
        if customer.segment in UNKNOWN_SEGMENTS:
            gaps = (*gaps, "the segment is unknown")
        if customer.account_value <= 0.0:
            gaps = (*gaps, "the account value is missing or zero")
        stalled = stall_evidence(parameters, state.stage_code, state.days_in_stage or 0.0)
        segment = self.segments.get(customer.segment, self._other_segment)
        severity, confidence = assess(
            parameters,
            len(gaps),
            stalled,
            evidence.negative,
            evidence.positive,
            evidence.negative_mass,
            evidence.positive_mass,
        )
        churn_probability = compute_churn_probability(parameters, segment, self.tier(customer), severity)
        return Risk(severity, confidence, churn_probability, stalled, gaps, segment)

    def tier(self, customer: Customer) -> int:
        """Return the index of the customer's risk tier in the policy."""
        return self._tiers[customer.risk_tier]
