"""KPIs of recorded customers in three groups, and the ROI ledger; each says what it counts and of how many."""

from journey.kpis.business import business
from journey.kpis.effectiveness import effectiveness
from journey.kpis.facts import Facts, collect
from journey.kpis.model import Groups, Kpi
from journey.kpis.operational import operational
from journey.kpis.roi import recorded_ledger
from journey.orchestrator.orchestrator import Orchestrator
from journey.records.folder import Records

__all__ = ["Facts", "Groups", "Kpi", "collect", "kpis", "recorded_ledger"]


def kpis(facts: Facts, records: Records, orchestrator: Orchestrator) -> Groups:
    """Every KPI, by group and name.

    What has no ground truth in records is there with value None and status ``unknown``: the simulation measures it.

    Args:
        facts: As `collect` found them.
        records: Where they come from; for the quality of the data.
        orchestrator: By whom; for journey and prices.
    """
    return {
        "operational": operational(facts, records),
        "effectiveness": effectiveness(facts, orchestrator.journey),
        "business": business(facts, orchestrator.policy.economics),
    }
