"""The ROI ledger of recorded interventions: the seed's cost and value components, each dollar counted once.

Recorded data has no counterfactual, so the result is directional: it shows the sign of the effect, not its size. An
intervention that a person overrode gives the orchestrator neither its value nor the cost of its action. The recorder's
own estimate of the revenue saved is another estimate of the same value, so it is reported beside the ledger.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from math import fsum

from journey.core.time_units import DAYS_PER_MONTH, MINUTES_PER_HOUR
from journey.decision.as_of import AsOf
from journey.decision.economics import Economics, Provenance
from journey.decision.policy import Policy
from journey.kpis.business import AT_FACE_VALUE, compute_preserved_revenue
from journey.kpis.effectiveness import NO_SUPPORT_STAGE
from journey.kpis.facts import Facts, InterventionFact
from journey.money.ledger import Ledger, LedgerLine, Memo

LEDGER_LABEL = "directional: recorded data has no counterfactual"


ONE_CUSTOMER_LABEL = f"{LEDGER_LABEL}; without infrastructure, which is a cost of the whole company"

RECORDED_ESTIMATE = "revenue saved, as recorded"
"""Name of the memo with the recorder's own estimate, for all actions carried out, overridden ones included."""

PRESERVED_IN_ALL = "revenue preserved, with overridden interventions"
"""Name of the memo with the value that the ledger would have if no person had overridden a decision."""

_RECORDED_NOTE = "the recorder's own estimate of the same value, as revenue and not margin; not added"
_PRESERVED_NOTE = (
    "yearly revenue at the recorded change of churn risk, as if no person had overridden a decision; not added"
)

_GetRevenue = Callable[[InterventionFact], float | None]


def build_recorded_ledger(facts: Facts, policy: Policy, as_of: AsOf, *, one_customer: bool = False) -> Ledger:
    """Build the ledger of costs and value of the recorded interventions up to `as_of`.

    Args:
        facts: The facts about the interventions.
        policy: The policy, with the prices.
        as_of: The time of the evaluation.
        one_customer: Whether the facts are limited to one customer; costs of the whole company are then left out.
    """
    executed = [fact for fact in facts.interventions if fact.is_executed or fact.is_overridden]
    credited = [fact for fact in executed if fact.is_credited]
    shared = _build_shared_lines(facts, policy.economics)
    if not one_customer:
        shared = (*shared, _build_infrastructure_line(facts, policy.economics, as_of))

    def build_lines(counted: list[InterventionFact], get_revenue: _GetRevenue) -> tuple[LedgerLine, ...]:
        return (
            *_build_value_lines(counted, policy.economics, get_revenue, facts.support_stages),
            *_build_action_lines(counted, policy),
            *shared,
        )

    def build_memo(name: str, note: str, counted: list[InterventionFact], get_revenue: _GetRevenue) -> Memo:
        amount = _sum_known(get_revenue(fact) for fact in counted if fact.measured)
        roi = None if amount is None else Ledger(build_lines(counted, get_revenue)).roi
        return Memo(name, amount, note, roi)

    memos = [build_memo(RECORDED_ESTIMATE, _RECORDED_NOTE, executed, _get_recorded_revenue)]
    if len(credited) < len(executed):
        without = f"{RECORDED_ESTIMATE}, without overridden interventions"
        memos += [
            build_memo(without, _RECORDED_NOTE, credited, _get_recorded_revenue),
            build_memo(PRESERVED_IN_ALL, _PRESERVED_NOTE, executed, _get_preserved_revenue),
        ]
    return Ledger(
        lines=build_lines(credited, _get_preserved_revenue),
        memos=tuple(memos),
        label=ONE_CUSTOMER_LABEL if one_customer else LEDGER_LABEL,
        periods=_describe_periods(facts, as_of),
    )


def _get_preserved_revenue(fact: InterventionFact) -> float | None:
    return compute_preserved_revenue(fact.churn_risk_delta, fact.account_value)


def _get_recorded_revenue(fact: InterventionFact) -> float | None:
    return fact.estimated_revenue_saved


def _describe_periods(facts: Facts, as_of: AsOf) -> dict[str, str]:
    """Describe the periods of value and cost, which differ."""
    if not facts.interventions:
        return {}
    first, last = _get_first_day(facts), as_of.anchor.date().isoformat()
    return {
        "value": "revenue of one year after each outcome",
        "cost": f"{first} to {last}, from the first recorded intervention to the evaluation date",
        RECORDED_ESTIMATE: "not stated in the records",
    }


def _sum_known(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fsum(known) if known else None


def _build_value_lines(
    counted: list[InterventionFact], economics: Economics, get_revenue: _GetRevenue, support_stages: Sequence[str]
) -> tuple[LedgerLine, ...]:
    outcomes = [fact for fact in counted if fact.measured]
    revenues = [get_revenue(fact) for fact in outcomes]
    baseline_days = economics.usual_resolution_days
    support = [fact for fact in outcomes if fact.journey_stage in support_stages and fact.is_resolved]
    saved_days = [
        None if fact.resolution_time_days is None else baseline_days - fact.resolution_time_days for fact in support
    ]
    known = sum(value is not None for value in revenues)
    return (
        LedgerLine(
            "reduced churn risk",
            "value",
            # Without an action nothing was gained, which is known; with actions and no figure it is not.
            _sum_known(revenues) if counted else 0.0,
            "dollars of yearly revenue",
            economics.margin_rate,
            _get_provenance(economics.margin_rate, Economics().margin_rate),
            f"-churn_risk_delta x account_value, known for {known} of {len(counted)} actions carried out and not"
            f" overridden, times margin; {AT_FACE_VALUE}",
            is_required=True,
        ),
        LedgerLine(
            "escalations prevented",
            "value",
            None,
            "agent hours",
            economics.agent_hour.amount,
            economics.agent_hour.provenance,
            "not counted: escalations that did not happen are not recorded",
        ),
        LedgerLine(
            "lower support workload",
            "value",
            None if not support_stages else _sum_known(saved_days) if support else 0.0,
            "support days",
            economics.support_day.amount,
            economics.support_day.provenance,
            f"days saved compared with {baseline_days:g} (assumed) in support or escalation, n = {len(support)}"
            if support_stages
            else f"not counted: {NO_SUPPORT_STAGE}",
        ),
        LedgerLine(
            "faster resolution for the customer",
            "value",
            None,
            "days",
            None,
            "default",
            "not counted: retention is in reduced churn risk, agents' time in lower support workload",
        ),
    )


def _build_shared_lines(facts: Facts, economics: Economics) -> tuple[LedgerLine, ...]:
    """Build the costs of deciding, which arise whether a person overrides a decision or not."""
    reviewed = sum(fact.is_reviewed for fact in facts.interventions)
    evaluations = len(facts.interventions)
    return (
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


def _build_action_lines(counted: list[InterventionFact], policy: Policy) -> tuple[LedgerLine, ...]:
    lines = []
    for action, count in sorted(Counter(fact.recommended_action for fact in counted).items()):
        known = policy.actions.get(action)
        lines.append(
            LedgerLine(
                f"action: {action}",
                "cost",
                float(count),
                "actions",
                known.cost if known else None,
                _get_provenance(known, Policy().actions.get(action)),
                "carried out" if known else "not counted: carried out, but the policy has no price",
            )
        )
    return tuple(lines)


def _get_provenance(value: object, default: object) -> Provenance:
    """Return the provenance of a figure that has none of its own: ``default`` or ``assumed``."""
    return "default" if value == default else "assumed"


def _count_months(facts: Facts, as_of: AsOf) -> float:
    if not facts.interventions:
        return 0.0
    # Both days are included: a single day of use is one day of infrastructure.
    return ((as_of.anchor.date() - _get_first_day(facts)).days + 1) / DAYS_PER_MONTH


def _get_first_day(facts: Facts) -> date:
    return min(fact.generated_at for fact in facts.interventions).date()
