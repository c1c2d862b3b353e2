"""Operational KPIs: accuracy, latency, overrides and data quality."""

from journey.kpis.facts import Facts
from journey.kpis.model import Kpi, share_kpi, unknown_kpi
from journey.records.database import one_value
from journey.records.folder import Records
from journey.records.model import DATASETS

# An outcome without a customer belongs to the customer of its intervention.
_ORPHANED_OUTCOMES = """
SELECT (SELECT count(*) FROM outcomes ANTI JOIN customers USING (customer_id) WHERE customer_id IS NOT NULL)
    + (SELECT count(*) FROM outcomes ANTI JOIN interventions USING (intervention_id) WHERE customer_id IS NULL)
"""


def compute_operational_kpis(facts: Facts, records: Records) -> dict[str, Kpi]:
    """Compute all KPIs of the group."""
    return {
        "journey_state_classification_accuracy": share_kpi(
            facts.stage_accuracy.correct,
            facts.stage_accuracy.assessed,
            "recorded decisions whose stage equals the stage of the cited signal / recorded decisions that cite a"
            " signal of at most 1 day before, with no stage entry in between",
            "directional",
        ),
        "signal_precision": unknown_kpi(
            "share", "true signals / signals raised; the records do not contain which signals were true"
        ),
        "signal_recall": unknown_kpi(
            "share", "issues with a signal / all issues; the records contain no issues without a signal"
        ),
        **_compute_latency(facts),
        "human_escalation_rate": share_kpi(
            sum(fact.requires_human_approval for fact in facts.interventions),
            len(facts.interventions),
            "recorded interventions that require a person's approval / recorded interventions",
        ),
        **_compute_override_rates(facts),
        **_compute_data_quality(records),
    }


def _compute_latency(facts: Facts) -> dict[str, Kpi]:
    known = sorted(fact.evaluation_latency_ms for fact in facts.interventions if fact.evaluation_latency_ms is not None)
    definition = "recorded evaluation_latency_ms of the interventions that have one"
    if not known:
        unknown_latency = unknown_kpi("ms", f"mean {definition}")
        return {"evaluation_latency_ms": unknown_latency, "evaluation_latency_p95_ms": unknown_latency}
    # The nearest rank is an observed latency.
    p95 = known[-(-95 * len(known) // 100) - 1]
    return {
        "evaluation_latency_ms": Kpi(sum(known) / len(known), "ms", len(known), f"mean {definition}", "measured"),
        "evaluation_latency_p95_ms": Kpi(
            p95, "ms", len(known), f"95th percentile (nearest rank) of {definition}", "measured"
        ),
    }


def _compute_override_rates(facts: Facts) -> dict[str, Kpi]:
    with_override_flag = [fact for fact in facts.interventions if fact.human_override is not None]
    overridden = sum(bool(fact.human_override) for fact in with_override_flag)
    reviewed = [fact for fact in with_override_flag if fact.requires_human_approval]
    return {
        "override_rate": share_kpi(
            overridden,
            len(with_override_flag),
            "outcomes with human_override / outcomes where human_override is recorded",
        ),
        "override_rate_of_reviewed": share_kpi(
            sum(bool(fact.human_override) for fact in reviewed),
            len(reviewed),
            "outcomes with human_override / outcomes of interventions that required approval",
        ),
        "override_rate_of_interventions": share_kpi(
            overridden,
            len(facts.interventions),
            "outcomes with human_override / all recorded interventions; without an outcome, not overridden",
        ),
    }


def _compute_data_quality(records: Records) -> dict[str, Kpi]:
    used, orphans = sum(records.counts().values()), 0
    for dataset in DATASETS:
        if dataset != "customers":
            orphans += int(
                one_value(
                    records.connection,
                    _ORPHANED_OUTCOMES
                    if dataset == "outcomes"
                    else f"SELECT count(*) FROM {dataset} ANTI JOIN customers USING (customer_id)",
                )
            )
    read = used + len(records.set_aside)
    return {
        "data_completeness": share_kpi(
            used - orphans, read, "rows that fit the schema and belong to a known customer / rows read"
        ),
        "schema_validation_rate": share_kpi(used, read, "rows that fit the schema / rows read"),
    }
