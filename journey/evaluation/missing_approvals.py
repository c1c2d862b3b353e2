"""Findings about recorded interventions that lack an approval the policy demands."""

from journey.core.findings import Finding
from journey.decision.as_of import AsOf
from journey.decision.policy import Policy
from journey.machine import Journey
from journey.orchestrator.approval_compliance import find_intervention_breach
from journey.orchestrator.case_reader import CaseReader, resolve_as_of
from journey.orchestrator.orchestrator import Orchestrator
from journey.orchestrator.replay import redecide_interventions
from journey.records.database import one_value
from journey.records.folder import Records

BATCH_MIN_INTERVENTIONS = 5_000
"""From this number of interventions, the compiled batch decides them again; loading it takes seconds."""


def find_missing_approvals(
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
    moment = resolve_as_of(records, as_of)
    orchestrator = Orchestrator(policy, journey)
    count = one_value(records.connection, "SELECT count(*) FROM interventions")
    if count >= BATCH_MIN_INTERVENTIONS:
        from journey.batch.approval_breaches import find_breaches_in_batch

        return find_breaches_in_batch(records, orchestrator, moment)
    breaches = []
    cases = CaseReader(records).read_all() if count else iter(())
    for case in cases:
        for intervention, decision in redecide_interventions(orchestrator, case, moment):
            breach = find_intervention_breach(orchestrator, case.customer, intervention, decision.severity)
            if breach is not None:
                breaches.append(breach)
    return breaches
