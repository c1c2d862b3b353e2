"""Findings about recorded interventions that lack an approval the policy demands."""

from journey.core.findings import Finding
from journey.decision.as_of import AsOf
from journey.decision.policy import Policy
from journey.machine import Journey
from journey.orchestrator.approval_compliance import breach_of
from journey.orchestrator.case_reader import CaseReader, as_of_for
from journey.orchestrator.orchestrator import Orchestrator
from journey.orchestrator.replay import redecided
from journey.records.database import one_value
from journey.records.folder import Records

BATCH_FROM = 5_000
"""From this number of interventions, the compiled batch decides them again; loading it takes seconds."""


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
        from journey.batch.approval_breaches import breaches_in_batch

        return breaches_in_batch(records, orchestrator, when)
    found = []
    cases = CaseReader(records).every() if count else iter(())
    for case in cases:
        for intervention, decision in redecided(orchestrator, case, when):
            breach = breach_of(orchestrator, case.customer, intervention, decision.severity)
            if breach is not None:
                found.append(breach)
    return found
