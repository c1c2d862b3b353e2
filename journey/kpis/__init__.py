"""KPIs of recorded customers in three groups, and the ROI ledger. Each KPI has a definition and a sample size."""

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
    """Compute every KPI, by group and name.

    KPIs without ground truth in the records have value None and status ``unknown``; the simulation measures them.

    Args:
        facts: The result of `collect_facts`.
        records: The records; used for data quality.
        orchestrator: The orchestrator; used for the journey and the prices.
    """
    return {
        "operational": compute_operational_kpis(facts, records, orchestrator.journey),
        "effectiveness": compute_effectiveness_kpis(facts, orchestrator.journey),
        "business": compute_business_kpis(facts, orchestrator.policy.economics),
    }
