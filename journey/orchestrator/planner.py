"""Recommend Intervention: choose the playbook action for the evidence."""

from typing import NamedTuple

from journey.decision.parameters import PolicyParameters
from journey.decision.policy import CompiledPolicy
from journey.decision.rules import NO_ACTION, NO_SIGNAL, takes_opportunity
from journey.decision.steps import find_opportunity, plan_action
from journey.orchestrator.risk import Risk
from journey.orchestrator.signals import SignalEvidence
from journey.orchestrator.state import JourneyState


class Plan(NamedTuple):
    """The playbook action, before contact policy and governance are applied.

    Attributes:
        action: Index of the action in the policy's catalogue, or NO_ACTION.
        reason: One of the reason codes of `journey.decision.rules`.
        cause: The leading cause, or None.
        is_timed: Whether the action follows from the days in the stage alone, without evidence.
    """

    action: int
    reason: int
    cause: str | None
    is_timed: bool = False


class InterventionPlanner:
    """Looks up the playbook action for the customer's stage and leading cause.

    The leading cause is the cause of the strongest negative signal. Without a negative signal, a stay longer than
    typical is the cause. Below the action threshold, the strongest positive signal can open an opportunity; otherwise
    a playbook entry for this number of days in the stage applies, if there is one.
    """

    def __init__(self, table: CompiledPolicy, parameters: PolicyParameters) -> None:
        self._parameters = parameters
        self._causes = table.cause_names

    def plan(self, state: JourneyState, evidence: SignalEvidence, risk: Risk) -> Plan:
        """Return the playbook action for one customer."""
        parameters, mass = self._parameters, evidence.negative_mass + evidence.positive_mass
        action, reason = plan_action(
            parameters,
            risk.segment,
            state.stage_code,
            state.days_in_stage or 0.0,
            risk.stall_evidence,
            risk.severity,
            risk.confidence,
            mass,
            evidence.leading_negative_type,
            evidence.leading_positive_type,
        )
        cause = None
        if evidence.leading_negative_type != NO_SIGNAL:
            cause = self._causes[parameters.causes[evidence.leading_negative_type]]
        elif risk.stall_evidence > 0.0:
            cause = self._causes[parameters.stalled]
        return Plan(action, reason, cause, self._is_timed(state, evidence, risk, action, mass))

    def _is_timed(self, state: JourneyState, evidence: SignalEvidence, risk: Risk, action: int, mass: float) -> bool:
        """Whether a planned action follows from the days in the stage alone."""
        parameters = self._parameters
        if action == NO_ACTION or risk.severity >= parameters.act_severity:
            return False
        opportunity = find_opportunity(parameters, risk.segment, state.stage_code, evidence.leading_positive_type)
        return not takes_opportunity(risk.confidence, mass, opportunity, parameters.act_confidence)
