"""Business KPIs: is it worth it? Without a counterfactual most of these are directional at best."""

from journey.kpis.facts import SUPPORT_STAGES, CustomerFact, Facts
from journey.kpis.model import Kpi, mean, share, total, unknown
from journey.policy import Economics

AT_FACE_VALUE = "the recorded churn_risk_delta is taken at face value, with no counterfactual"


def business(facts: Facts, economics: Economics) -> dict[str, Kpi]:
    """All KPIs of the group."""
    outcomes = facts.outcomes
    return {
        "churn_rate": share(
            sum(customer.ended for customer in facts.customers),
            len(facts.customers),
            "customers whose journey has ended in a terminal stage / customers",
        ),
        "churn_risk_reduction": mean(
            ((fact.customer.segment, _less(outcome.churn_risk_delta)) for fact, outcome in outcomes),
            "probability",
            f"mean of -churn_risk_delta of the outcomes that carry one, by segment; {AT_FACE_VALUE}",
            "directional",
        ),
        "csat_delta": mean(
            ((fact.customer.segment, outcome.csat_delta) for fact, outcome in outcomes),
            "points",
            "mean csat_delta of the outcomes that carry one, by segment",
        ),
        "nps_delta": unknown("points", "change of the net promoter score; records hold none"),
        **_support_cost(facts, economics),
        "revenue_preserved": total(
            (value_at_stake(outcome.churn_risk_delta, fact.customer.account_value) for fact, outcome in outcomes),
            "dollars",
            f"sum of -churn_risk_delta x account_value, revenue of one year; {AT_FACE_VALUE}",
            "directional",
        ),
        "revenue_saved_as_recorded": total(
            (outcome.estimated_revenue_saved for _, outcome in outcomes),
            "dollars",
            "sum of the recorder's own estimated_revenue_saved; another estimate of the same thing, not to be added",
            "directional",
        ),
        "reduction_in_avoidable_escalations": unknown(
            "escalations", "escalations that would have come and did not; records do not hold what did not happen"
        ),
        "lifetime_value_change": mean(
            (
                (fact.customer.segment, _margin(outcome.churn_risk_delta, fact.customer.account_value, economics))
                for fact, outcome in outcomes
            ),
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
        outcome.resolution_time_days
        for fact, outcome in facts.outcomes
        if fact.intervention.journey_stage in SUPPORT_STAGES and outcome.resolution_time_days is not None
    ]
    price = f"${day:,.2f} a day in support ({economics.support_day.provenance})"
    after = f"mean resolution time of interventions made in support or escalation x {price}"
    usual = f"{economics.usual_resolution_days:g} days assumed without the orchestrator"
    if not days:
        return {
            "cost_per_support_case": unknown("dollars", after),
            "change_in_cost_per_support_case": unknown("dollars", f"{after}, less {usual} x the same price"),
        }
    cost = sum(days) / len(days) * day
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
    treated = [customer for customer in facts.customers if customer.treated]
    baseline = [customer for customer in facts.customers if not customer.treated]
    worse = "who is contacted is worse off to begin with, so this is no effect"
    return {
        "churn_rate_treated_less_baseline": _difference(
            [float(customer.ended) for customer in treated],
            [float(customer.ended) for customer in baseline],
            "share",
            f"churn rate of contacted customers less that of all others; {worse}",
        ),
        "severity_treated_less_baseline": _difference(
            _severities(treated),
            _severities(baseline),
            "severity",
            f"mean severity of contacted customers less that of all others, journeys not ended; {worse}",
        ),
    }


def _severities(customers: list[CustomerFact]) -> list[float]:
    return [customer.severity for customer in customers if not customer.ended]


def _difference(treated: list[float], baseline: list[float], unit: str, definition: str) -> Kpi:
    if not treated or not baseline:
        return unknown(unit, definition, len(treated) + len(baseline))
    left, right = sum(treated) / len(treated), sum(baseline) / len(baseline)
    by = {"treated": {"value": left, "n": len(treated)}, "baseline": {"value": right, "n": len(baseline)}}
    return Kpi(left - right, unit, len(treated) + len(baseline), definition, "directional", by)
