"""Recommend Intervention: choose the playbook action for the evidence."""

from typing import NamedTuple

from journey.decision.parameters import PolicyParameters
from journey.decision.policy import CompiledPolicy
from journey.decision.rules import NO_SIGNAL
from journey.decision.steps import plan_action
from journey.orchestrator.risk import Risk
from journey.orchestrator.signals import SignalEvidence
from journey.orchestrator.state import JourneyState


class Plan(NamedTuple):
    """The playbook action, before contact policy and governance are applied.

    Attributes:
        action: Index of the action in the policy's catalogue, or NO_ACTION.
        reason: One of the reason codes of `journey.decision.rules`.
        cause: The leading cause, or None.
    """

    action: int
    reason: int
    cause: str | None


class InterventionPlanner:
    """Looks up the playbook action for the customer's stage and leading cause.

    The leading cause is the cause of the strongest negative signal. Without a negative signal, a stay longer than
    typical is the cause. Below the action threshold, the strongest positive signal can open an opportunity.
    """

    def __init__(self, table: CompiledPolicy, parameters: PolicyParameters) -> None:
        self._parameters = parameters
        self._causes = table.cause_names

    def plan(self, state: JourneyState, evidence: SignalEvidence, risk: Risk) -> Plan:
        """Return the playbook action for one customer."""
        parameters = self._parameters
        action, reason = plan_action(
            parameters,
            risk.segment,
            state.stage_code,
            risk.stall_evidence,
            risk.severity,
            risk.confidence,
            evidence.negative_mass + evidence.positive_mass,
            evidence.leading_negative_type,
            evidence.leading_positive_type,
        )
        cause = None
        if evidence.leading_negative_type != NO_SIGNAL:
            cause = self._causes[parameters.causes[evidence.leading_negative_type]]
        elif risk.stall_evidence > 0.0:
            cause = self._causes[parameters.stalled]
        return Plan(action, reason, cause)
