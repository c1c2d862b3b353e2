"""Business KPIs: is it worth it? Without a counterfactual most of these are directional at best."""

from collections.abc import Callable
from math import fsum

from journey.decision.policy import Economics
from journey.kpis.facts import SUPPORT_STAGES, Facts, Standing
from journey.kpis.model import Kpi, mean, share, total, unknown

AT_FACE_VALUE = "the recorded churn_risk_delta is taken at face value, with no counterfactual"


def business(facts: Facts, economics: Economics) -> dict[str, Kpi]:
    """All KPIs of the group."""
    outcomes = facts.outcomes
    return {
        "churn_rate": share(
            facts.customers.ended,
            facts.customers.count,
            "customers whose journey has ended in a terminal stage / customers",
        ),
        "churn_risk_reduction": mean(
            ((fact.segment, _less(fact.churn_risk_delta)) for fact in outcomes),
            "probability",
            f"mean of -churn_risk_delta of the outcomes that carry one, by segment; {AT_FACE_VALUE}",
            "directional",
        ),
        "csat_delta": mean(
            ((fact.segment, fact.csat_delta) for fact in outcomes),
            "points",
            "mean csat_delta of the outcomes that carry one, by segment",
        ),
        "nps_delta": unknown("points", "change of the net promoter score; records hold none"),
        **_support_cost(facts, economics),
        "revenue_preserved": total(
            (value_at_stake(fact.churn_risk_delta, fact.account_value) for fact in outcomes),
            "dollars",
            f"sum of -churn_risk_delta x account_value, revenue of one year; {AT_FACE_VALUE}",
            "directional",
        ),
        "revenue_saved_as_recorded": total(
            (fact.estimated_revenue_saved for fact in outcomes),
            "dollars",
            "sum of the recorder's own estimated_revenue_saved; another estimate of the same thing, not to be added",
            "directional",
        ),
        "reduction_in_avoidable_escalations": unknown(
            "escalations", "escalations that would have come and did not; records do not hold what did not happen"
        ),
        "lifetime_value_change": mean(
            ((fact.segment, _margin(fact.churn_risk_delta, fact.account_value, economics)) for fact in outcomes),
            "dollars per customer",
            f"mean of -churn_risk_delta x account_value x margin rate {economics.margin_rate:g}: one contract year"
            f" only; {AT_FACE_VALUE}",
            "directional",
        ),
        **_treated_and_baseline(facts),
    }


def value_at_stake(churn_risk_delta: float | None, account_value: float) -> float | None:
    """Revenue of a year that a change of churn risk keeps; None where the change is not known."""
    return None if churn_risk_delta is None else -churn_risk_delta * account_value


def _less(delta: float | None) -> float | None:
    # Adding 0.0 makes a plain zero of the minus zero.
    return None if delta is None else -delta + 0.0


def _margin(delta: float | None, account_value: float, economics: Economics) -> float | None:
    kept = value_at_stake(delta, account_value)
    return None if kept is None else kept * economics.margin_rate


def _support_cost(facts: Facts, economics: Economics) -> dict[str, Kpi]:
    day = economics.support_day.amount
    days = [
        fact.resolution_time_days
        for fact in facts.outcomes
        if fact.journey_stage in SUPPORT_STAGES and fact.resolution_time_days is not None
    ]
    price = f"${day:,.2f} a day in support ({economics.support_day.provenance})"
    after = f"mean resolution time of interventions made in support or escalation x {price}"
    usual = f"{economics.usual_resolution_days:g} days assumed without the orchestrator"
    if not days:
        return {
            "cost_per_support_case": unknown("dollars", after),
            "change_in_cost_per_support_case": unknown("dollars", f"{after}, less {usual} x the same price"),
        }
    cost = fsum(days) / len(days) * day
    return {
        "cost_per_support_case": Kpi(cost, "dollars", len(days), after, "directional"),
        "change_in_cost_per_support_case": Kpi(
            cost - economics.usual_resolution_days * day,
            "dollars",
            len(days),
            f"{after}, less {usual} x the same price",
            "directional",
        ),
    }


def _treated_and_baseline(facts: Facts) -> dict[str, Kpi]:
    worse = "who is contacted is worse off to begin with, so this is no effect"
    return {
        "churn_rate_treated_less_baseline": _difference(
            facts,
            lambda standing: (standing.ended, standing.customers),
            "share",
            f"churn rate of contacted customers less that of all others; {worse}",
        ),
        "severity_treated_less_baseline": _difference(
            facts,
            lambda standing: (fsum(standing.severities), len(standing.severities)),
            "severity",
            f"mean severity of contacted customers less that of all others, journeys not ended; {worse}",
        ),
    }


def _difference(facts: Facts, total_and_n: Callable[[Standing], tuple[float, int]], unit: str, definition: str) -> Kpi:
    treated, n_treated = total_and_n(facts.customers.treated)
    baseline, n_baseline = total_and_n(facts.customers.baseline)
    n = n_treated + n_baseline
    if not n_treated or not n_baseline:
        return unknown(unit, definition, n)
    left, right = treated / n_treated, baseline / n_baseline
    by = {"treated": {"value": left, "n": n_treated}, "baseline": {"value": right, "n": n_baseline}}
    return Kpi(left - right, unit, n, definition, "directional", by)
