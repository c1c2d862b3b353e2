"""KPIs of recorded customers in three groups, and the ROI ledger. Each KPI has a definition and a sample size."""

from collections.abc import Sequence
from dataclasses import replace

from journey.kpis.business import compute_business_kpis
from journey.kpis.effectiveness import compute_effectiveness_kpis
from journey.kpis.facts import Facts, collect_facts
from journey.kpis.model import Kpi, KpiGroups
from journey.kpis.operational import compute_operational_kpis
from journey.kpis.roi import build_recorded_ledger
from journey.orchestrator.orchestrator import Orchestrator
from journey.records.folder import Records

__all__ = ["Facts", "Kpi", "KpiGroups", "build_recorded_ledger", "collect_facts", "compute_kpis"]


NEED_INTERVENTIONS = frozenset(
    (
        "journey_state_classification_accuracy",
        "evaluation_latency_ms",
        "evaluation_latency_p95_ms",
        "human_escalation_rate",
        "override_rate",
        "override_rate_of_outcomes",
        "override_rate_of_reviewed",
        "negative_signals_before_after_contact",
        "proactive_share",
        "churn_rate_treated_less_baseline",
        "severity_treated_less_baseline",
    )
)
"""KPIs that are unknown without recorded interventions."""

NEED_OUTCOMES = frozenset(
    (
        "time_to_resolution_days",
        "intervention_success_rate",
        "unresolved_rate",
        "churn_risk_reduction",
        "csat_delta",
        "cost_per_support_case",
        "change_in_cost_per_support_case",
        "revenue_preserved",
        "revenue_saved_as_recorded",
        "lifetime_value_change",
    )
)
"""KPIs that are unknown without recorded outcomes."""


def compute_kpis(
    facts: Facts, records: Records, orchestrator: Orchestrator, latencies: Sequence[float] | None = None
) -> KpiGroups:
    """Compute every KPI, by group and name.

    KPIs without ground truth in the records have value None and status ``unknown``; the simulation measures them.

    Args:
        facts: The result of `collect_facts`.
        records: The records; used for data quality.
        orchestrator: The orchestrator; used for the journey and the prices.
        latencies: Duration of each decision of this evaluation, in milliseconds. Default: it was not measured, and the
            KPIs of it are absent.
    """
    groups = {
        "operational": compute_operational_kpis(facts, records, orchestrator.journey, latencies),
        "effectiveness": compute_effectiveness_kpis(facts, orchestrator.journey),
        "business": compute_business_kpis(facts, orchestrator.policy.economics, orchestrator.journey),
    }
    empty = [] if facts.outcomes else [("there are no outcomes", NEED_OUTCOMES)]
    if not facts.interventions:
        empty = [("there are no interventions", NEED_INTERVENTIONS | NEED_OUTCOMES)]
    for reason, names in empty:
        groups = {group: _give_reason(members, reason, names) for group, members in groups.items()}
    return groups


def _give_reason(members: dict[str, Kpi], reason: str, names: frozenset[str]) -> dict[str, Kpi]:
    """Return the KPIs, with this reason for each unknown one among the names."""
    return {
        name: replace(kpi, reason=reason) if kpi.value is None and name in names else kpi
        for name, kpi in members.items()
    }
