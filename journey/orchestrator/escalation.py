"""Escalate if Needed: contact policy and governance can hold an action back or require a person's approval."""

from collections.abc import Sequence
from typing import NamedTuple

from journey.decision.parameters import PolicyParameters
from journey.decision.policy import CompiledPolicy
from journey.decision.rules import ACT, NO_ACTION, VETOED
from journey.decision.steps import action_needs_approval, apply_contact_policy
from journey.orchestrator.outcomes import ContactHistory
from journey.orchestrator.planner import Plan
from journey.orchestrator.ports import GovernanceCheck, Proposal
from journey.orchestrator.risk import Risk
from journey.orchestrator.state import JourneyState
from journey.records.model import Customer
from journey.rules import Rule


class Route(NamedTuple):
    """The routing of a planned action.

    Attributes:
        action: The action that may be recommended, or NO_ACTION.
        held_action: The action that was held back, or NO_ACTION.
        reason: One of the reason codes of `journey.decision.rules`.
        requires_approval: Whether a person must approve the action.
        notes: Reasons that governance checks gave, one sentence each.
        rule: The declared rule that holds the action back or requires the approval, or None.
    """

    action: int
    held_action: int
    reason: int
    requires_approval: bool
    notes: tuple[str, ...]
    rule: Rule | None = None


class HumanEscalationRouter:
    """Passes a planned action on, holds it back, or requires a person's approval.

    Governance can only be stricter than the policy: it can veto an action or demand approval. A check that raises an
    exception counts as a veto.
    """

    def __init__(
        self, table: CompiledPolicy, parameters: PolicyParameters, governance: Sequence[GovernanceCheck]
    ) -> None:
        self._table = table
        self._parameters = parameters
        self._governance = tuple(governance)

    def route(
        self, customer: Customer, state: JourneyState, risk: Risk, plan: Plan, tier: int, history: ContactHistory
    ) -> Route:
        """Return the routing of the action planned for one customer."""
        parameters, action = self._parameters, plan.action
        if plan.reason != ACT or action == parameters.monitor:
            return Route(action, NO_ACTION, plan.reason, requires_approval=False, notes=())
        reason = apply_contact_policy(parameters, action, plan.reason, *history, False)  # noqa: FBT003 - compiled code takes no keyword arguments
        if reason != ACT:
            return Route(NO_ACTION, action, reason, requires_approval=False, notes=())
        vetoed, approval_demanded, notes = self._apply_governance(customer, state, risk, action, history)
        if vetoed:
            return Route(NO_ACTION, action, VETOED, requires_approval=False, notes=notes)
        approval_required = action_needs_approval(parameters, action, risk.severity, tier, customer.account_value)
        return Route(action, NO_ACTION, ACT, requires_approval=approval_demanded or approval_required, notes=notes)

    def _apply_governance(
        self, customer: Customer, state: JourneyState, risk: Risk, action: int, history: ContactHistory
    ) -> tuple[bool, bool, tuple[str, ...]]:
        if not self._governance:
            return False, False, ()
        proposal = Proposal(
            customer.customer_id,
            self._table.actions[action],
            state.stage,
            risk.severity,
            customer.account_value,
            history.days_since_contact if history.days_since_contact >= 0.0 else None,
            history.contacts_in_window,
        )
        vetoed, approval_demanded, notes = False, False, []
        for check in self._governance:
            try:
                ruling = check.check(proposal)
                vetoed = vetoed or bool(ruling.veto)
                approval_demanded = approval_demanded or bool(ruling.demand_approval)
                reason = ruling.reason
            except Exception as error:  # noqa: BLE001 - any exception of a check must hold the action back
                vetoed, reason = True, f"the governance check {type(check).__name__} failed: {error}"
            if reason:
                notes.append(reason)
        return vetoed, approval_demanded, tuple(notes)
