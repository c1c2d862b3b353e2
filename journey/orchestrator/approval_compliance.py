"""Was a person asked where the policy demands it? Recorded interventions held against the approval policy.

Each is judged at its own moment, with nothing later in sight, and for the action on record (which need not be the one
that the policy would choose).
"""

from datetime import datetime
from typing import NamedTuple

from journey.core.findings import Finding, FindingSeverity
from journey.decision.rules import NO_ACTION
from journey.decision.steps import action_needs_approval
from journey.orchestrator.orchestrator import Orchestrator
from journey.orchestrator.replay import restore_customer
from journey.records.model import Customer, Intervention

FINDING_CODE = "approval-policy"


class RecordedAction(NamedTuple):
    """What a record says was decided, and how bad it looked then."""

    intervention_id: str
    customer_id: str
    action: str
    requires_human_approval: bool
    generated_at: datetime
    severity: float
    tier: int
    account_value: float


def find_intervention_breach(
    orchestrator: Orchestrator, customer: Customer, intervention: Intervention, severity: float
) -> Finding | None:
    """The finding about one intervention, if it lacks an approval; `severity` is that of its own moment."""
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
    """The finding about one recorded action, if it lacks an approval that the policy demands."""
    actions = orchestrator.policy_table.actions
    # An action outside the catalogue counts as delivered by a human: what is not known is not waved through.
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
