"""Findings about recorded interventions that lack an approval that the policy demands."""

from journey.core.findings import Finding
from journey.decision.as_of import AsOf
from journey.decision.policy import Policy
from journey.machine import Journey
from journey.orchestrator.approval_compliance import find_case_breaches
from journey.orchestrator.case_reader import CaseReader, resolve_as_of
from journey.orchestrator.orchestrator import Orchestrator
from journey.orchestrator.replay import redecide_interventions
from journey.records.database import one_value
from journey.records.folder import Records

BATCH_MIN_INTERVENTIONS = 5_000
"""With this many interventions or more, the compiled batch re-decides them. Loading the batch takes seconds."""


def find_missing_approvals(
    records: Records,
    as_of: AsOf | str | None = None,
    policy: Policy | None = None,
    journey: Journey | None = None,
) -> list[Finding]:
    """Find every intervention up to `as_of` that lacks an approval that the policy demanded at its time.

    Args:
        records: The records.
        as_of: Later interventions are ignored. Default: the latest date in the records.
        policy: Default: the default policy.
        journey: Default: the default journey.

    Raises:
        InputError: `as_of` is not a valid date.
    """
    if records.latest_date() is None:
        return []
    moment = resolve_as_of(records, as_of)
    orchestrator = Orchestrator(policy, journey)
    count = one_value(records.connection, "SELECT count(*) FROM interventions")
    if count >= BATCH_MIN_INTERVENTIONS:
        from journey.batch.approval_breaches import find_breaches_in_batch

        return find_breaches_in_batch(records, orchestrator, moment)
    if not count:
        return []
    return [
        breach
        for case in CaseReader(records).read_all()
        for breach in find_case_breaches(
            orchestrator, case.customer, redecide_interventions(orchestrator, case, moment)
        )
    ]
