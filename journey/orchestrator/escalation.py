"""Escalate if Needed: contact policy and governance may hold an action back, and a person may have to approve it."""

from collections.abc import Sequence
from typing import NamedTuple

from journey.decision.policy import CompiledPolicy
from journey.decision.rules import ACT, NO_ACTION, VETOED
from journey.decision.steps import PolicyParameters, action_needs_approval, apply_contact_policy
from journey.orchestrator.outcomes import ContactHistory
from journey.orchestrator.planner import Plan
from journey.orchestrator.ports import GovernanceCheck, Proposal
from journey.orchestrator.risk import Risk
from journey.orchestrator.state import JourneyState
from journey.records.model import Customer


class Route(NamedTuple):
    """What may go ahead.

    Attributes:
        action: The action that may be recommended, or NO_ACTION.
        held: The action that was held back, or NO_ACTION.
        reason: One of the reason codes of `journey.decision.rules`.
        approval: Whether a person must approve the action.
        notes: What governance said, one sentence each.
    """

    action: int
    held: int
    reason: int
    approval: bool
    notes: tuple[str, ...]


class HumanEscalationRouter:
    """Lets a planned action through, holds it back, or sends it to a person.

    Governance can only make things stricter: veto, or demand approval. A check that fails vetoes.
    """

    def __init__(self, table: CompiledPolicy, sheet: PolicyParameters, governance: Sequence[GovernanceCheck]) -> None:
        self._table = table
        self._sheet = sheet
        self._governance = tuple(governance)

    def route(
        self, customer: Customer, state: JourneyState, risk: Risk, plan: Plan, tier: int, history: ContactHistory
    ) -> Route:
        """What may be done about one customer."""
        sheet, action = self._sheet, plan.action
        if plan.reason != ACT or action == sheet.monitor:
            return Route(action, NO_ACTION, plan.reason, approval=False, notes=())
        reason = apply_contact_policy(sheet, action, plan.reason, *history, False)  # noqa: FBT003 - the step is called as compiled
        if reason != ACT:
            return Route(NO_ACTION, action, reason, approval=False, notes=())
        vetoed, demanded, notes = self._rulings(customer, state, risk, action, history)
        if vetoed:
            return Route(NO_ACTION, action, VETOED, approval=False, notes=notes)
        needed = action_needs_approval(sheet, action, risk.severity, tier, customer.account_value)
        return Route(action, NO_ACTION, ACT, approval=demanded or needed, notes=notes)

    def _rulings(
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
            history.since if history.since >= 0.0 else None,
            history.recent,
        )
        vetoed, demanded, notes = False, False, []
        for check in self._governance:
            try:
                ruling = check.check(proposal)
                vetoed = vetoed or bool(ruling.veto)
                demanded = demanded or bool(ruling.demand_approval)
                why = ruling.why
            except Exception as error:  # noqa: BLE001 - whatever breaks in a check, the action must not get through
                vetoed, why = True, f"the governance check {type(check).__name__} failed: {error}"
            if why:
                notes.append(why)
        return vetoed, demanded, tuple(notes)
