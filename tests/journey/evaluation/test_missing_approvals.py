"""Missing approvals are found alike one customer at a time and in a batch."""

import pytest

from journey.batch.approval_breaches import find_breaches_in_batch
from journey.decision.as_of import AsOf
from journey.evaluation.evaluate import evaluate
from journey.evaluation.missing_approvals import find_missing_approvals
from journey.orchestrator.approval_compliance import FINDING_CODE
from journey.orchestrator.orchestrator import Orchestrator
from tests.journey.companies import CUSTOMER, INTERVENTION, SIGNAL, company

AS_OF = "2031-03-31"


@pytest.mark.compiled
def test_the_check_the_evaluation_and_the_batch_find_the_same():
    records = company(
        customers=[{**CUSTOMER, "risk_tier": "high", "account_value": 900_000}],
        signals=[{**SIGNAL, "signal_strength": 1.0}],
        interventions=[
            {**INTERVENTION, "recommended_action": "an unknown action", "requires_human_approval": False},
            {**INTERVENTION, "intervention_id": "I2", "requires_human_approval": True},
        ],
        outcomes=[],
    )
    found = find_missing_approvals(records, AS_OF)
    assert [finding.record for finding in found] == [INTERVENTION["intervention_id"]]
    assert [finding for finding in evaluate(records, as_of=AS_OF).findings if finding.code == FINDING_CODE] == found
    assert find_breaches_in_batch(records, Orchestrator(), AsOf.of(AS_OF)) == found
