"""Whether recorded interventions have the approvals that the policy demands.

Each intervention is evaluated at its own time, without later records, and for the recorded action. The policy might
have chosen another action.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from journey.core.findings import Finding, FindingSeverity
from journey.decision.rules import NO_ACTION
from journey.decision.steps import action_needs_approval
from journey.orchestrator.decision import Decision
from journey.orchestrator.orchestrator import Orchestrator
from journey.orchestrator.replay import restore_customer
from journey.records.model import Customer, Intervention

FINDING_CODE = "approval-policy"


class RecordedAction(NamedTuple):
    """A recorded decision, with the customer's severity, risk tier and account value at that time."""

    intervention_id: str
    customer_id: str
    action: str
    requires_human_approval: bool
    generated_at: datetime
    severity: float
    tier: int
    account_value: float


def find_case_breaches(
    orchestrator: Orchestrator, customer: Customer, redecisions: Iterable[tuple[Intervention, Decision]]
) -> list[Finding]:
    """Find a customer's interventions that lack a required approval.

    Args:
        orchestrator: The orchestrator whose policy is used.
        customer: The customer.
        redecisions: The customer's recorded interventions, each with the decision recomputed at its own time.
    """
    candidates = (
        _find_intervention_breach(orchestrator, customer, intervention, decision.severity)
        for intervention, decision in redecisions
    )
    return [breach for breach in candidates if breach is not None]


def _find_intervention_breach(
    orchestrator: Orchestrator, customer: Customer, intervention: Intervention, severity: float
) -> Finding | None:
    """Return a finding if the intervention lacks a required approval; `severity` is the one at its own time."""
    return find_action_breach(
        orchestrator,
        RecordedAction(
            intervention.intervention_id,
            intervention.customer_id,
            intervention.recommended_action,
            intervention.requires_human_approval,
            intervention.generated_at,
            severity,
            orchestrator.risk_scorer.tier(customer),
            restore_customer(customer, intervention).account_value,
        ),
    )


def find_action_breach(orchestrator: Orchestrator, recorded: RecordedAction) -> Finding | None:
    """Return a finding if the recorded action lacks an approval that the policy demands."""
    actions = orchestrator.policy_table.actions
    # An action outside the catalogue counts as delivered by a person, which is the stricter case.
    action_code = actions.index(recorded.action) if recorded.action in actions else NO_ACTION
    is_required = action_needs_approval(
        orchestrator.parameters, action_code, recorded.severity, recorded.tier, recorded.account_value
    )
    if recorded.requires_human_approval or not is_required:
        return None
    day = recorded.generated_at.isoformat().removesuffix("T00:00:00")
    return Finding(
        FINDING_CODE,
        FindingSeverity.ERROR,
        "interventions",
        recorded.intervention_id,
        recorded.customer_id,
        f"{recorded.action} went without a person's approval, which the policy demands at severity"
        f" {recorded.severity:.2f} on {day}.",
    )
