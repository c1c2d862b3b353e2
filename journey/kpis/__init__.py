"""KPIs of recorded customers in three groups, and the ROI ledger; each says what it counts and of how many."""

from journey.kpis.business import compute_business_kpis
from journey.kpis.effectiveness import compute_effectiveness_kpis
from journey.kpis.facts import Facts, collect_facts
from journey.kpis.model import Kpi, KpiGroups
from journey.kpis.operational import compute_operational_kpis
from journey.kpis.roi import build_recorded_ledger
from journey.orchestrator.orchestrator import Orchestrator
from journey.records.folder import Records

__all__ = ["Facts", "Kpi", "KpiGroups", "build_recorded_ledger", "collect_facts", "compute_kpis"]


def compute_kpis(facts: Facts, records: Records, orchestrator: Orchestrator) -> KpiGroups:
    """Every KPI, by group and name.

    What has no ground truth in records is there with value None and status ``unknown``: the simulation measures it.

    Args:
        facts: As `collect_facts` found them.
        records: Where they come from; for the quality of the data.
        orchestrator: By whom; for journey and prices.
    """
    return {
        "operational": compute_operational_kpis(facts, records),
        "effectiveness": compute_effectiveness_kpis(facts, orchestrator.journey),
        "business": compute_business_kpis(facts, orchestrator.policy.economics),
    }
