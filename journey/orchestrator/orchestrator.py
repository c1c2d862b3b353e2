"""The orchestrator: Load State -> Evaluate Signals -> Score Risk -> Recommend Intervention -> Escalate if Needed.

(Log Outcome and Update KPIs follow on what was recommended: `OutcomeTracker` and `journey.kpis`.)
"""

from collections.abc import Sequence
from datetime import date
from math import inf, log

from journey.decision.as_of import AsOf
from journey.decision.policy import MONITOR_ONLY, Policy
from journey.decision.rules import (
    BELOW_THRESHOLD,
    NO_ACTION,
    NO_EVIDENCE,
    NO_STAGE,
    NOT_LIVE,
    REASONS,
    priority,
)
from journey.decision.steps import build_parameters
from journey.machine import Journey, default_journey
from journey.orchestrator.decision import Components, Decision
from journey.orchestrator.escalation import HumanEscalationRouter, Route
from journey.orchestrator.outcomes import ContactHistory, OutcomeTracker
from journey.orchestrator.planner import InterventionPlanner, Plan
from journey.orchestrator.ports import ConsentCheck, GovernanceCheck
from journey.orchestrator.reasons import ReasonWriter
from journey.orchestrator.risk import Risk, RiskScorer
from journey.orchestrator.signals import Gathered, SignalAggregator, name_of
from journey.orchestrator.state import JourneyState, JourneyStateEvaluator
from journey.records.model import Customer, Intervention, Outcome, Signal, StageEntry

SILENT_REASONS = frozenset((NO_EVIDENCE, BELOW_THRESHOLD, NOT_LIVE, NO_STAGE))
"""Reasons for which nothing at all is recommended; every other reason against acting means: watch."""


class Orchestrator:
    """Judges one customer at a time. It keeps nothing between two customers, so one serves all.

    Args:
        policy: Thresholds, weights and playbook; left out, the default policy.
        journey: The machine; left out, the default journey.
        governance: Checks that may veto an action or demand approval; left out, consent by the policy's list.
    """

    def __init__(
        self,
        policy: Policy | None = None,
        journey: Journey | None = None,
        governance: Sequence[GovernanceCheck] | None = None,
    ) -> None:
        self.policy = policy or Policy()
        self.journey = journey or default_journey()
        self.table = self.policy.compile(self.journey.stages, frozenset(self.journey.terminal))
        self.sheet = build_parameters(self.table)
        refused = self.policy.contact.do_not_contact
        # With nobody on the list there is nothing to ask, and the hot path stays short.
        default: tuple[GovernanceCheck, ...] = (ConsentCheck(refused),) if refused else ()
        self.governance = default if governance is None else tuple(governance)
        self.states = JourneyStateEvaluator(self.journey)
        self.signals = SignalAggregator(self.table, self.sheet)
        self.risks = RiskScorer(self.table, self.sheet)
        self.planner = InterventionPlanner(self.table, self.sheet)
        self.router = HumanEscalationRouter(self.table, self.sheet, self.governance)
        self.outcomes = OutcomeTracker(self.sheet)
        self._writer = ReasonWriter(self.table, self.sheet)
        self.listed_days = self._days_until_left(self.policy.evidence.live_share)

    def evaluate_customer(
        self,
        customer: Customer,
        entries: Sequence[StageEntry] = (),
        signals: Sequence[Signal] = (),
        interventions: Sequence[Intervention] = (),
        outcomes: Sequence[Outcome] = (),
        *,
        as_of: AsOf | date | str,
    ) -> Decision:
        """Judge one customer by what was known at `as_of`; later records may be there and change nothing.

        Args:
            customer: The customer.
            entries: The customer's stage entries, in any order.
            signals: The customer's signals, in any order.
            interventions: The customer's interventions, in any order.
            outcomes: Outcomes of these interventions.
            as_of: The moment of the judgement; a bare date means the whole day.

        Raises:
            InputError: `as_of` is text and not a date.
        """
        when = as_of if isinstance(as_of, AsOf) else AsOf.of(as_of)
        state = self.states.evaluate(entries, when)
        gathered = self.signals.aggregate(signals, when)
        risk = self.risks.score(customer, state, gathered)
        plan = self.planner.plan(state, gathered, risk)
        history = self.outcomes.history(interventions, outcomes, when)
        route = self.router.route(customer, state, risk, plan, self.risks.tier(customer), history)
        return self._decision(customer, state, gathered, risk, plan, history, route)

    def _days_until_left(self, share: float) -> float:
        """The age at which only `share` of a signal is left."""
        return inf if share <= 0.0 else -log(share) / self.table.fade_rate

    def _decision(
        self,
        customer: Customer,
        state: JourneyState,
        gathered: Gathered,
        risk: Risk,
        plan: Plan,
        history: ContactHistory,
        route: Route,
    ) -> Decision:
        actions, action, reason = self.table.actions, route.action, route.reason
        recommended = None if reason in SILENT_REASONS else MONITOR_ONLY
        worth = 0.0
        if action != NO_ACTION:
            recommended = actions[action]
            worth = priority(risk.churn, customer.account_value, self.sheet.averts[action])
        lead, bright, since = gathered.lead, gathered.bright, history.since
        # In the order of the fields: naming each costs a microsecond in a place where there are only fifty.
        components = Components(
            gathered.negative,
            gathered.positive,
            risk.stall,
            gathered.negative_mass,
            gathered.positive_mass,
            len(risk.doubts),
            None if lead is None else name_of(lead),
            None if bright is None else name_of(bright),
            plan.cause,
            history.waiting,
            since if since >= 0.0 else None,
            history.recent,
        )
        return Decision(
            customer.customer_id,
            state.stage,
            state.days,
            risk.severity,
            risk.confidence,
            None if reason == NOT_LIVE else risk.churn,
            worth,
            recommended,
            route.approval,
            self._triggers(gathered),
            self._writer.write(customer, state, gathered, risk, plan, history, route),
            REASONS[reason],
            None if route.held == NO_ACTION else actions[route.held],
            components,
        )

    def _triggers(self, gathered: Gathered) -> tuple[str, ...]:
        oldest = self.listed_days
        return tuple(
            [name_of(signal) for signal, age in zip(gathered.counted, gathered.ages, strict=True) if age <= oldest]
        )
