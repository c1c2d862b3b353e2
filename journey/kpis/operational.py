"""Operational KPIs: accuracy, latency, overrides and data quality (`journey.kpis.data_quality`)."""

from collections.abc import Sequence

from journey.kpis.data_quality import compute_data_quality
from journey.kpis.facts import Facts
from journey.kpis.model import Kpi, share_kpi, unknown_kpi
from journey.machine import Journey
from journey.records.folder import Records

NO_TRUTH = "no field states which signals were true"


def compute_operational_kpis(
    facts: Facts, records: Records, journey: Journey, latencies: Sequence[float] | None = None
) -> dict[str, Kpi]:
    """Compute all KPIs of the group.

    Args:
        facts: The result of `collect_facts`.
        records: The records; used for data quality.
        journey: The journey.
        latencies: Duration of each decision of this evaluation, in milliseconds, if it was measured.
    """
    flagged = [fact for fact in facts.interventions if fact.has_approval_flag]
    return {
        "journey_state_classification_accuracy": share_kpi(
            facts.stage_accuracy.correct,
            facts.stage_accuracy.assessed,
            "recorded decisions whose stage equals the stage of the cited signal / recorded decisions that cite a"
            " signal of at most 1 day before, with no stage entry in between",
            "directional",
            reason="no decision cites a signal of the day before that names a stage",
        ),
        "signal_precision": unknown_kpi("share", "true signals / signals raised", NO_TRUTH),
        "signal_recall": unknown_kpi("share", "issues with a signal / all issues", NO_TRUTH),
        **_compute_recorded_latency(facts),
        **(_compute_measured_latency(latencies) if latencies is not None else {}),
        "human_escalation_rate": share_kpi(
            sum(fact.requires_human_approval for fact in flagged),
            len(flagged),
            "recorded interventions that require a person's approval / recorded interventions that state whether they"
            " do",
            reason="no intervention states requires_human_approval",
        ),
        **_compute_override_rates(facts),
        **compute_data_quality(records, journey),
    }


def _compute_recorded_latency(facts: Facts) -> dict[str, Kpi]:
    known = [fact.evaluation_latency_ms for fact in facts.interventions if fact.evaluation_latency_ms is not None]
    definition = "recorded evaluation_latency_ms of the interventions that have one"
    return _summarise_latency(
        "evaluation_latency", known, definition, reason="no intervention has evaluation_latency_ms"
    )


def _compute_measured_latency(latencies: Sequence[float]) -> dict[str, Kpi]:
    definition = "measured evaluation_latency_ms of the decisions of this evaluation"
    return _summarise_latency("decision_latency", latencies, definition, reason="no customer was evaluated")


def _summarise_latency(name: str, latencies: Sequence[float], definition: str, *, reason: str) -> dict[str, Kpi]:
    """Return the KPIs `name`_ms (mean) and `name`_p95_ms."""
    mean, p95 = f"{name}_ms", f"{name}_p95_ms"
    if not latencies:
        return {
            mean: unknown_kpi("ms", f"mean {definition}", reason),
            p95: unknown_kpi("ms", f"95th percentile of {definition}", reason),
        }
    known, count = sorted(latencies), len(latencies)
    # The nearest rank is an observed latency.
    at_rank = known[-(-95 * count // 100) - 1]
    return {
        mean: Kpi(sum(known) / count, "ms", count, f"mean {definition}", "measured"),
        p95: Kpi(at_rank, "ms", count, f"95th percentile (nearest rank) of {definition}", "measured"),
    }


def _compute_override_rates(facts: Facts) -> dict[str, Kpi]:
    with_flag = [fact for fact in facts.interventions if fact.human_override is not None or fact.is_overridden]
    overridden = sum(fact.is_overridden for fact in with_flag)
    reviewed = [fact for fact in with_flag if fact.requires_human_approval]
    no_flag = "no outcome has human_override"
    # Without any flag, no override is not known to be 0 overrides.
    interventions = len(facts.interventions) if with_flag else 0
    return {
        "override_rate": share_kpi(
            overridden,
            interventions,
            "interventions that a person overrode / all recorded interventions",
            reason=no_flag,
        ),
        "override_rate_of_outcomes": share_kpi(
            overridden,
            len(with_flag),
            "interventions that a person overrode / interventions that state whether a person did",
            reason=no_flag,
        ),
        "override_rate_of_reviewed": share_kpi(
            sum(fact.is_overridden for fact in reviewed),
            len(reviewed),
            "interventions that a person overrode / those that required approval and state whether a person did",
            reason="no intervention that required approval states whether a person overrode it",
        ),
    }
