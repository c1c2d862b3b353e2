"""Missing approvals of many recorded interventions, found in one batch."""

from journey.batch.decisions import redecide_batch
from journey.core.findings import Finding
from journey.decision.as_of import AsOf
from journey.orchestrator.approval_compliance import RecordedAction, find_action_breach
from journey.orchestrator.orchestrator import Orchestrator
from journey.records.folder import Records


def find_breaches_in_batch(records: Records, orchestrator: Orchestrator, as_of: AsOf) -> list[Finding]:
    """Find every intervention up to `as_of` that lacks an approval that the policy demanded at its time."""
    # Interventions with an approval break no rule, so only the others are re-decided.
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
    breaches = (find_action_breach(orchestrator, RecordedAction(*row)) for row in rows)
    return [breach for breach in breaches if breach is not None]
