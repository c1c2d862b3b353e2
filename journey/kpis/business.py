"""Business KPIs: value and cost. Without a counterfactual, most of them are directional only."""

from collections.abc import Callable, Iterable, Sequence
from math import fsum

from journey.decision.economics import Economics
from journey.kpis.effectiveness import NO_STAGE, NO_SUPPORT_STAGE
from journey.kpis.facts import CohortCount, Facts, InterventionFact
from journey.kpis.model import Kpi, mean_kpi, share_kpi, total_kpi, unknown_kpi
from journey.machine import Journey

CREDITED = "only actions that were carried out and that no person overrode"
NO_RISK_DELTA = "no outcome of such an action has churn_risk_delta and an account value"
AT_FACE_VALUE = "the recorded churn_risk_delta is taken at face value, with no counterfactual"


def compute_business_kpis(facts: Facts, economics: Economics, journey: Journey) -> dict[str, Kpi]:
    """Compute all KPIs of the group."""
    outcomes, credited = facts.outcomes, facts.credited_outcomes
    end = "a terminal or lost stage" if journey.lost else "a terminal stage"
    return {
        "churn_rate": share_kpi(
            facts.customers.ended,
            facts.customers.count,
            f"customers whose journey has ended in {end} / customers with a recorded stage",
            reason=NO_STAGE,
        ),
        "churn_risk_reduction": mean_kpi(
            ((fact.segment, _negate(fact.churn_risk_delta)) for fact in credited),
            "probability",
            f"mean of -churn_risk_delta over the outcomes that have one, by segment; {CREDITED}; {AT_FACE_VALUE}",
            "directional",
            reason=NO_RISK_DELTA,
        ),
        "csat_delta": mean_kpi(
            ((fact.segment, fact.csat_delta) for fact in outcomes),
            "points",
            "mean csat_delta over the outcomes that have one, by segment",
            reason="no outcome has csat_delta",
        ),
        "nps_delta": unknown_kpi("points", "change of the net promoter score", "no field states it"),
        **_compute_support_cost(facts, economics),
        "revenue_preserved": total_kpi(
            (compute_preserved_revenue(fact.churn_risk_delta, fact.account_value) for fact in credited),
            "dollars",
            f"sum of -churn_risk_delta x account_value, revenue of one year; {CREDITED}; {AT_FACE_VALUE}",
            "directional",
            reason=NO_RISK_DELTA,
        ),
        "revenue_saved_as_recorded": total_kpi(
            (fact.estimated_revenue_saved for fact in outcomes),
            "dollars",
            "sum of the recorded estimated_revenue_saved over all outcomes; another estimate of the same value, not"
            " added; the records do not state its period",
            "directional",
            reason="no outcome has estimated_revenue_saved",
        ),
        "reduction_in_avoidable_escalations": unknown_kpi(
            "escalations", "escalations that were prevented", "what did not happen is not recorded"
        ),
        "lifetime_value_change": mean_kpi(
            (
                (fact.segment, _compute_margin(fact.churn_risk_delta, fact.account_value, economics))
                for fact in credited
            ),
            "dollars per customer",
            f"mean of -churn_risk_delta x account_value x margin rate {economics.margin_rate:g}: one contract year"
            f" only; {CREDITED}; {AT_FACE_VALUE}",
            "directional",
            reason=NO_RISK_DELTA,
        ),
        **_compare_treated_and_baseline(facts),
    }


def compute_preserved_revenue(churn_risk_delta: float | None, account_value: float | None) -> float | None:
    """Return the yearly revenue, in dollars, preserved by a change of churn risk; None where a factor is unknown."""
    # Adding 0.0 converts -0.0 to 0.0.
    return None if churn_risk_delta is None or account_value is None else -churn_risk_delta * account_value + 0.0


def _negate(delta: float | None) -> float | None:
    # Adding 0.0 converts -0.0 to 0.0.
    return None if delta is None else -delta + 0.0


def _compute_margin(delta: float | None, account_value: float | None, economics: Economics) -> float | None:
    preserved = compute_preserved_revenue(delta, account_value)
    return None if preserved is None else preserved * economics.margin_rate


def _compute_support_cost(facts: Facts, economics: Economics) -> dict[str, Kpi]:
    price = economics.support_day
    price_text = f"${price.amount:,.2f} a day in support ({price.provenance})"
    definition = f"mean resolution time of resolved interventions made in support or escalation x {price_text}"
    baseline_days = economics.usual_resolution_days
    change = f"{definition}, less {baseline_days:g} days assumed without the orchestrator x the same price; {CREDITED}"
    days = _mean_support_days(facts.outcomes, facts.support_stages)
    credited_days = _mean_support_days(facts.credited_outcomes, facts.support_stages)
    reason = "no resolved case of this kind has resolution_time_days" if facts.support_stages else NO_SUPPORT_STAGE
    return {
        "cost_per_support_case": (
            Kpi(days[0] * price.amount, "dollars", days[1], definition, "directional")
            if days
            else unknown_kpi("dollars", definition, reason)
        ),
        "change_in_cost_per_support_case": (
            Kpi((credited_days[0] - baseline_days) * price.amount, "dollars", credited_days[1], change, "directional")
            if credited_days
            else unknown_kpi("dollars", change, reason)
        ),
    }


def _mean_support_days(outcomes: Iterable[InterventionFact], stages: Sequence[str]) -> tuple[float, int] | None:
    """Return the mean resolution time in days of the resolved cases in support, and their number."""
    days = [
        fact.resolution_time_days
        for fact in outcomes
        if fact.journey_stage in stages and fact.resolution_time_days is not None and fact.is_resolved
    ]
    return (fsum(days) / len(days), len(days)) if days else None


def _compare_treated_and_baseline(facts: Facts) -> dict[str, Kpi]:
    caveat = "customers were not assigned at random, so this is not a causal effect"
    return {
        "churn_rate_treated_less_baseline": _compute_difference(
            facts,
            lambda cohort: (cohort.ended, cohort.customers),
            "share",
            f"churn rate of contacted customers less the rate of customers without an intervention; {caveat}",
        ),
        "severity_treated_less_baseline": _compute_difference(
            facts,
            lambda cohort: (fsum(cohort.severities), len(cohort.severities)),
            "severity",
            f"mean severity of contacted customers less the mean of customers without an intervention, journeys not"
            f" ended; {caveat}",
        ),
    }


def _compute_difference(
    facts: Facts, total_and_n: Callable[[CohortCount], tuple[float, int]], unit: str, definition: str
) -> Kpi:
    treated, n_treated = total_and_n(facts.customers.treated)
    baseline, n_baseline = total_and_n(facts.customers.baseline)
    n = n_treated + n_baseline
    if not n_treated or not n_baseline:
        reason = (
            "no contacted customer to compare" if not n_treated else "no customer without an intervention to compare"
        )
        return unknown_kpi(unit, definition, reason, n)
    treated_mean, baseline_mean = treated / n_treated, baseline / n_baseline
    by = {"treated": {"value": treated_mean, "n": n_treated}, "baseline": {"value": baseline_mean, "n": n_baseline}}
    return Kpi(treated_mean - baseline_mean, unit, n, definition, "directional", by)
