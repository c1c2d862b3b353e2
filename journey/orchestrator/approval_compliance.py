"""Was a person asked where the policy demands it? Recorded interventions held against the approval policy.

Each is judged at its own moment, with nothing later in sight, and for the action on record (which need not be the one
that the policy would choose).
"""

from datetime import datetime
from typing import NamedTuple

from journey.core.findings import Finding, FindingSeverity
from journey.decision.as_of import AsOf
from journey.decision.policy import Policy
from journey.decision.rules import NO_ACTION
from journey.decision.steps import approval
from journey.machine import Journey
from journey.orchestrator.case_reader import CaseReader, as_of_for
from journey.orchestrator.orchestrator import Orchestrator
from journey.orchestrator.replay import as_decided_on, redecided
from journey.records.database import one_value
from journey.records.folder import Records
from journey.records.model import Customer, Intervention

CODE = "approval-policy"
BATCH_FROM = 5_000
"""From so many interventions on they are judged by the compiled batch, which takes seconds to load."""


class RecordedAction(NamedTuple):
    """What a record says was decided, and how bad it looked then."""

    intervention_id: str
    customer_id: str
    action: str
    approval: bool
    generated_at: datetime
    severity: float
    tier: int
    account_value: float


def approval_findings(
    records: Records,
    as_of: AsOf | str | None = None,
    policy: Policy | None = None,
    journey: Journey | None = None,
) -> list[Finding]:
    """A finding for every intervention by `as_of` that lacks an approval the policy demands at its date.

    Raises:
        InputError: `as_of` is not a date.
    """
    if records.latest_date() is None:
        return []
    when = as_of_for(records, as_of)
    orchestrator = Orchestrator(policy, journey)
    count = one_value(records.connection, "SELECT count(*) FROM interventions")
    if count >= BATCH_FROM:
        return breaches_in_batch(records, orchestrator, when)
    found = []
    cases = CaseReader(records).every() if count else iter(())
    for case in cases:
        for intervention, decision in redecided(orchestrator, case, when):
            breach = breach_of(orchestrator, case.customer, intervention, decision.severity)
            if breach is not None:
                found.append(breach)
    return found


def breach_of(
    orchestrator: Orchestrator, customer: Customer, intervention: Intervention, severity: float
) -> Finding | None:
    """The finding about one intervention, if it lacks an approval; `severity` is that of its own moment."""
    return _breach(
        orchestrator,
        RecordedAction(
            intervention.intervention_id,
            intervention.customer_id,
            intervention.recommended_action,
            intervention.requires_human_approval,
            intervention.generated_at,
            severity,
            orchestrator.risks.tier(customer),
            as_decided_on(customer, intervention).account_value,
        ),
    )


def _breach(orchestrator: Orchestrator, recorded: RecordedAction) -> Finding | None:
    actions = orchestrator.table.actions
    # An action outside the catalogue counts as delivered by a human: what is not known is not waved through.
    code = actions.index(recorded.action) if recorded.action in actions else NO_ACTION
    demanded = approval(orchestrator.sheet, code, recorded.severity, recorded.tier, recorded.account_value)
    if recorded.approval or not demanded:
        return None
    day = recorded.generated_at.isoformat().removesuffix("T00:00:00")
    return Finding(
        CODE,
        FindingSeverity.ERROR,
        "interventions",
        recorded.intervention_id,
        recorded.customer_id,
        f"{recorded.action} went without a person's approval, which the policy demands at severity"
        f" {recorded.severity:.2f} on {day}.",
    )


def breaches_in_batch(records: Records, orchestrator: Orchestrator, as_of: AsOf) -> list[Finding]:
    """The same for many interventions, judged all at once."""
    from journey.batch import redecide_batch

    # What has its approval breaks no rule, so only the others are judged again.
    table, recorded = redecide_batch(records, orchestrator, as_of, approved=False)
    rows = zip(
        recorded["intervention_id"].tolist(),
        table.cases.customer_ids.tolist(),
        recorded["recommended_action"].tolist(),
        recorded["requires_human_approval"].tolist(),
        recorded["generated_at"].astype("datetime64[us]").tolist(),
        table.columns.severity.tolist(),
        table.cases.columns.tier.tolist(),
        table.cases.columns.account_value.tolist(),
        strict=True,
    )
    breaches = (_breach(orchestrator, RecordedAction(*row)) for row in rows)
    return [breach for breach in breaches if breach is not None]
