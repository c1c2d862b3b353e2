"""What KPIs and ledger are computed from: each intervention with what came of it, each customer with where it stands.

Facts are collected while customers are judged, from records dated not after the judgement.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from journey.asof import AsOf
from journey.kpis.classification import NO_STAGES_JUDGED, StagesJudged, stages_judged
from journey.orchestrator.cases import CustomerCase
from journey.orchestrator.decision import Decision
from journey.orchestrator.orchestrator import Orchestrator
from journey.orchestrator.outcomes import OpenLoop
from journey.policy import MONITOR_ONLY
from journey.records.model import Customer, Intervention, Outcome

BEFORE_AFTER_DAYS = 14
"""Length of the two windows that are held against each other around a customer's first contact."""

ESCALATION = "escalation"
SUPPORT_STAGES = ("support", ESCALATION)
"""Stages in which a customer's problem has reached the company; what is done earlier is proactive."""

EXECUTED_STATES = ("awaiting_outcome", "measured", "unmeasured")
REVIEWED_STATES = ("approved", "rejected", "overridden", *EXECUTED_STATES)


class InterventionFact(NamedTuple):
    """A recorded intervention and what came of it.

    Attributes:
        intervention: The record.
        customer: Whose it is.
        state: One of `journey.steps.STATES`.
        outcome: Its latest known outcome, or None. (An earlier one of the same intervention is an interim report of
            the same thing: counting both would count it twice.)
    """

    intervention: Intervention
    customer: Customer
    state: str
    outcome: Outcome | None

    @property
    def monitors(self) -> bool:
        """Whether it was to do nothing but watch."""
        return self.intervention.recommended_action == MONITOR_ONLY

    @property
    def executed(self) -> bool:
        """Whether something was carried out."""
        return not self.monitors and self.state in EXECUTED_STATES

    @property
    def reviewed(self) -> bool:
        """Whether a person has decided on it."""
        return self.intervention.requires_human_approval and self.state in REVIEWED_STATES


class CustomerFact(NamedTuple):
    """Where a customer stands.

    Attributes:
        segment: The segment.
        severity: Severity now.
        ended: Whether the journey has ended in a terminal stage.
        treated: Whether the customer was ever contacted.
        escalated: Whether the customer ever entered escalation.
        troubled: Whether any negative signal is known.
        repeated: Whether two negative signals of one cause came on different days.
        change: Negative signals in the days after the first contact less those before it; None where there was no
            contact or the days after it are not over.
    """

    segment: str
    severity: float
    ended: bool
    treated: bool
    escalated: bool
    troubled: bool
    repeated: bool
    change: int | None


@dataclass(slots=True)
class Facts:
    """Everything collected.

    Attributes:
        interventions: One fact per intervention of a known customer.
        customers: One per customer.
        loops: Interventions that were never brought to an end.
        stages: How many decisions were made with the right stage.
    """

    interventions: list[InterventionFact] = field(default_factory=list)
    customers: list[CustomerFact] = field(default_factory=list)
    loops: list[OpenLoop] = field(default_factory=list)
    stages: StagesJudged = NO_STAGES_JUDGED

    @property
    def outcomes(self) -> list[tuple[InterventionFact, Outcome]]:
        """Interventions with a known outcome."""
        return [(fact, fact.outcome) for fact in self.interventions if fact.outcome is not None]

    def add(self, orchestrator: Orchestrator, case: CustomerCase, decision: Decision, as_of: AsOf) -> None:
        """Collect the facts of one customer."""
        facts = intervention_facts(orchestrator, case, as_of)
        self.interventions.extend(facts)
        self.loops.extend(orchestrator.outcomes.open_loops(case.interventions, case.outcomes, as_of))
        self.stages = self.stages.plus(stages_judged(case.interventions, case.signals, case.entries, as_of))
        self.customers.append(_customer_fact(orchestrator, case, decision, facts, as_of))


def intervention_facts(orchestrator: Orchestrator, case: CustomerCase, as_of: AsOf) -> list[InterventionFact]:
    """The facts of one customer's interventions."""
    latest: dict[str, Outcome] = {}
    for outcome in case.outcomes:
        moment = outcome.measured_at
        if moment is None or moment > as_of.cutoff:
            continue
        other = latest.get(outcome.intervention_id)
        if other is None or _recency(outcome) > _recency(other):
            latest[outcome.intervention_id] = outcome
    facts = []
    for intervention in case.interventions:
        if intervention.generated_at <= as_of.cutoff:
            outcome_of_it = latest.get(intervention.intervention_id)
            state = orchestrator.outcomes.state(intervention, as_of, measured=outcome_of_it is not None)
            facts.append(InterventionFact(intervention, case.customer, state, outcome_of_it))
    return facts


def _recency(outcome: Outcome) -> tuple[str, str]:
    return (outcome.measured_at.isoformat() if outcome.measured_at else "", outcome.outcome_id or "")


def _customer_fact(
    orchestrator: Orchestrator, case: CustomerCase, decision: Decision, facts: list[InterventionFact], as_of: AsOf
) -> CustomerFact:
    policy = orchestrator.policy
    negative = []
    for signal in case.signals:
        kind = policy.signals.get(signal.signal_type, policy.unknown_signal)
        if kind.polarity == "negative" and signal.known_at <= as_of.cutoff:
            negative.append((kind.cause, signal.detected_at))
    days = {(cause, moment.date()) for cause, moment in negative}
    contacts = [fact.intervention.generated_at for fact in facts if fact.executed]
    change = None
    if contacts:
        first, window = min(contacts), timedelta(days=BEFORE_AFTER_DAYS)
        if first + window <= as_of.anchor:
            before = sum(first - window < moment <= first for _, moment in negative)
            after = sum(first < moment <= first + window for _, moment in negative)
            change = after - before
    return CustomerFact(
        segment=case.customer.segment,
        severity=decision.severity,
        ended=decision.reason == "not_live",
        treated=bool(contacts),
        escalated=any(e.journey_stage == ESCALATION and e.state_entered_at <= as_of.cutoff for e in case.entries),
        troubled=bool(negative),
        repeated=len(days) > len({cause for cause, _ in days}),
        change=change,
    )
