"""The ROI ledger of recorded interventions: the seed's cost and value components, each dollar counted once.

Recorded data has no counterfactual, so the result is directional: it shows the sign of the effect, not its size.
"""

from collections import Counter
from math import fsum

from journey.core.time_units import DAYS_PER_MONTH, MINUTES_PER_HOUR
from journey.decision.as_of import AsOf
from journey.decision.policy import Economics, Policy, Provenance
from journey.kpis.business import AT_FACE_VALUE, compute_preserved_revenue
from journey.kpis.facts import SUPPORT_STAGES, Facts
from journey.money.ledger import Ledger, LedgerLine, Memo

LEDGER_LABEL = "directional: recorded data has no counterfactual"


ONE_CUSTOMER_LABEL = f"{LEDGER_LABEL}; without infrastructure, which is a cost of the whole company"


def build_recorded_ledger(facts: Facts, policy: Policy, as_of: AsOf, *, one_customer: bool = False) -> Ledger:
    """Build the ledger of costs and value of the recorded interventions up to `as_of`.

    Args:
        facts: The facts about the interventions.
        policy: The policy, with the prices.
        as_of: The time of the evaluation.
        one_customer: Whether the facts are limited to one customer; costs of the whole company are then left out.
    """
    economics = policy.economics
    shared = () if one_customer else (_build_infrastructure_line(facts, economics, as_of),)
    return Ledger(
        lines=(*_build_value_lines(facts, economics), *_build_cost_lines(facts, policy), *shared),
        memos=(
            Memo(
                "revenue saved, as recorded",
                _sum_known([fact.estimated_revenue_saved for fact in facts.outcomes]),
                "the recorded estimate of the same value, as revenue and not margin; not added",
            ),
        ),
        label=ONE_CUSTOMER_LABEL if one_customer else LEDGER_LABEL,
    )


def _sum_known(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fsum(known) if known else None


def _build_value_lines(facts: Facts, economics: Economics) -> tuple[LedgerLine, ...]:
    outcomes = facts.outcomes
    preserved = [compute_preserved_revenue(fact.churn_risk_delta, fact.account_value) for fact in outcomes]
    baseline_days = economics.usual_resolution_days
    saved_days: list[float | None] = [
        None if fact.resolution_time_days is None else baseline_days - fact.resolution_time_days
        for fact in outcomes
        if fact.journey_stage in SUPPORT_STAGES
    ]
    known = sum(value is not None for value in preserved)
    return (
        LedgerLine(
            "reduced churn risk",
            "value",
            _sum_known(preserved),
            "dollars of yearly revenue",
            economics.margin_rate,
            _get_provenance(economics.margin_rate, Economics().margin_rate),
            f"-churn_risk_delta x account_value of {known} outcomes, times margin; {AT_FACE_VALUE}",
        ),
        LedgerLine(
            "escalations prevented",
            "value",
            None,
            "agent hours",
            economics.agent_hour.amount,
            economics.agent_hour.provenance,
            "not counted: the records contain only escalations that happened",
        ),
        LedgerLine(
            "lower support workload",
            "value",
            _sum_known(saved_days),
            "support days",
            economics.support_day.amount,
            economics.support_day.provenance,
            f"days saved compared with {baseline_days:g} (assumed), interventions made in support or escalation",
        ),
        LedgerLine(
            "faster resolution for the customer",
            "value",
            None,
            "days",
            0.0,
            "default",
            "not counted: retention is in reduced churn risk, agents' time in lower support workload",
        ),
    )


def _build_cost_lines(facts: Facts, policy: Policy) -> tuple[LedgerLine, ...]:
    economics = policy.economics
    reviewed = sum(fact.is_reviewed for fact in facts.interventions)
    evaluations = len(facts.interventions)
    return (
        *_build_action_lines(facts, policy),
        LedgerLine(
            "human review",
            "cost",
            reviewed * economics.review_minutes / MINUTES_PER_HOUR,
            "reviewer hours",
            economics.reviewer_hour.amount,
            economics.reviewer_hour.provenance,
            f"{reviewed} completed reviews of {economics.review_minutes:g} minutes",
        ),
        LedgerLine(
            "tool and API calls",
            "cost",
            float(evaluations),
            "evaluations",
            economics.evaluation.amount,
            economics.evaluation.provenance,
            "one evaluation per recorded intervention; evaluations without an intervention are not recorded",
        ),
        LedgerLine(
            "LLM calls",
            "cost",
            evaluations * economics.llm_calls_per_evaluation,
            "calls",
            economics.llm_call.amount,
            economics.llm_call.provenance,
            f"{economics.llm_calls_per_evaluation:g} calls per evaluation",
        ),
    )


def _build_infrastructure_line(facts: Facts, economics: Economics, as_of: AsOf) -> LedgerLine:
    return LedgerLine(
        "infrastructure",
        "cost",
        _count_months(facts, as_of),
        "months",
        economics.infrastructure_month.amount,
        economics.infrastructure_month.provenance,
        "from the first recorded intervention to the evaluation date",
    )


def _build_action_lines(facts: Facts, policy: Policy) -> tuple[LedgerLine, ...]:
    executed = Counter(fact.recommended_action for fact in facts.interventions if fact.is_executed)
    lines = []
    for action, count in sorted(executed.items()):
        known = policy.actions.get(action)
        lines.append(
            LedgerLine(
                f"action: {action}",
                "cost",
                float(count) if known else None,
                "actions",
                known.cost if known else 0.0,
                _get_provenance(known, Policy().actions.get(action)),
                "carried out" if known else f"not counted: {count} carried out, but the policy has no price",
            )
        )
    return tuple(lines)


def _get_provenance(value: object, default: object) -> Provenance:
    """Return the provenance of a figure that has none of its own: ``default`` or ``assumed``."""
    return "default" if value == default else "assumed"


def _count_months(facts: Facts, as_of: AsOf) -> float:
    if not facts.interventions:
        return 0.0
    first = min(fact.generated_at for fact in facts.interventions)
    # Both days are included: a single day of use is one day of infrastructure.
    return ((as_of.anchor.date() - first.date()).days + 1) / DAYS_PER_MONTH
