"""Business KPIs: value and cost. Without a counterfactual, most of them are directional only."""

from collections.abc import Callable
from math import fsum

from journey.decision.policy import Economics
from journey.kpis.facts import SUPPORT_STAGES, CohortCount, Facts
from journey.kpis.model import Kpi, mean_kpi, share_kpi, total_kpi, unknown_kpi

AT_FACE_VALUE = "the recorded churn_risk_delta is taken at face value, with no counterfactual"


def compute_business_kpis(facts: Facts, economics: Economics) -> dict[str, Kpi]:
    """Compute all KPIs of the group."""
    outcomes = facts.outcomes
    return {
        "churn_rate": share_kpi(
            facts.customers.ended,
            facts.customers.count,
            "customers whose journey has ended in a terminal stage / customers",
        ),
        "churn_risk_reduction": mean_kpi(
            ((fact.segment, _negate(fact.churn_risk_delta)) for fact in outcomes),
            "probability",
            f"mean of -churn_risk_delta over the outcomes that have one, by segment; {AT_FACE_VALUE}",
            "directional",
        ),
        "csat_delta": mean_kpi(
            ((fact.segment, fact.csat_delta) for fact in outcomes),
            "points",
            "mean csat_delta over the outcomes that have one, by segment",
        ),
        "nps_delta": unknown_kpi("points", "change of the net promoter score; the records contain none"),
        **_compute_support_cost(facts, economics),
        "revenue_preserved": total_kpi(
            (compute_preserved_revenue(fact.churn_risk_delta, fact.account_value) for fact in outcomes),
            "dollars",
            f"sum of -churn_risk_delta x account_value, revenue of one year; {AT_FACE_VALUE}",
            "directional",
        ),
        "revenue_saved_as_recorded": total_kpi(
            (fact.estimated_revenue_saved for fact in outcomes),
            "dollars",
            "sum of the recorded estimated_revenue_saved; another estimate of the same value, not added",
            "directional",
        ),
        "reduction_in_avoidable_escalations": unknown_kpi(
            "escalations", "escalations that were prevented; the records contain only escalations that happened"
        ),
        "lifetime_value_change": mean_kpi(
            (
                (fact.segment, _compute_margin(fact.churn_risk_delta, fact.account_value, economics))
                for fact in outcomes
            ),
            "dollars per customer",
            f"mean of -churn_risk_delta x account_value x margin rate {economics.margin_rate:g}: one contract year"
            f" only; {AT_FACE_VALUE}",
            "directional",
        ),
        **_compare_treated_and_baseline(facts),
    }


def compute_preserved_revenue(churn_risk_delta: float | None, account_value: float) -> float | None:
    """Return the yearly revenue, in dollars, preserved by a change of churn risk; None where the change is unknown."""
    return None if churn_risk_delta is None else -churn_risk_delta * account_value


def _negate(delta: float | None) -> float | None:
    # Adding 0.0 converts -0.0 to 0.0.
    return None if delta is None else -delta + 0.0


def _compute_margin(delta: float | None, account_value: float, economics: Economics) -> float | None:
    preserved = compute_preserved_revenue(delta, account_value)
    return None if preserved is None else preserved * economics.margin_rate


def _compute_support_cost(facts: Facts, economics: Economics) -> dict[str, Kpi]:
    day_cost = economics.support_day.amount
    days = [
        fact.resolution_time_days
        for fact in facts.outcomes
        if fact.journey_stage in SUPPORT_STAGES and fact.resolution_time_days is not None
    ]
    price_text = f"${day_cost:,.2f} a day in support ({economics.support_day.provenance})"
    definition = f"mean resolution time of interventions made in support or escalation x {price_text}"
    baseline_text = f"{economics.usual_resolution_days:g} days assumed without the orchestrator"
    if not days:
        return {
            "cost_per_support_case": unknown_kpi("dollars", definition),
            "change_in_cost_per_support_case": unknown_kpi(
                "dollars", f"{definition}, less {baseline_text} x the same price"
            ),
        }
    cost = fsum(days) / len(days) * day_cost
    return {
        "cost_per_support_case": Kpi(cost, "dollars", len(days), definition, "directional"),
        "change_in_cost_per_support_case": Kpi(
            cost - economics.usual_resolution_days * day_cost,
            "dollars",
            len(days),
            f"{definition}, less {baseline_text} x the same price",
            "directional",
        ),
    }


def _compare_treated_and_baseline(facts: Facts) -> dict[str, Kpi]:
    caveat = "contacted customers were at higher risk before the contact, so this is not a causal effect"
    return {
        "churn_rate_treated_less_baseline": _compute_difference(
            facts,
            lambda cohort: (cohort.ended, cohort.customers),
            "share",
            f"churn rate of contacted customers less the rate of all others; {caveat}",
        ),
        "severity_treated_less_baseline": _compute_difference(
            facts,
            lambda cohort: (fsum(cohort.severities), len(cohort.severities)),
            "severity",
            f"mean severity of contacted customers less the mean of all others, journeys not ended; {caveat}",
        ),
    }


def _compute_difference(
    facts: Facts, total_and_n: Callable[[CohortCount], tuple[float, int]], unit: str, definition: str
) -> Kpi:
    treated, n_treated = total_and_n(facts.customers.treated)
    baseline, n_baseline = total_and_n(facts.customers.baseline)
    n = n_treated + n_baseline
    if not n_treated or not n_baseline:
        return unknown_kpi(unit, definition, n)
    treated_mean, baseline_mean = treated / n_treated, baseline / n_baseline
    by = {"treated": {"value": treated_mean, "n": n_treated}, "baseline": {"value": baseline_mean, "n": n_baseline}}
    return Kpi(treated_mean - baseline_mean, unit, n, definition, "directional", by)
