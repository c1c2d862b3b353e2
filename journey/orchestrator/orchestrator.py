"""The orchestrator: Load State -> Evaluate Signals -> Score Risk -> Recommend Intervention -> Escalate if Needed.

The steps Log Outcome and Update KPIs are in `OutcomeTracker` and `journey.kpis`.
"""

from collections.abc import Sequence
from datetime import date
from math import inf, log

from journey.decision.as_of import AsOf
from journey.decision.parameters import build_parameters
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
from journey.machine import Journey, default_journey
from journey.orchestrator.decision import Components, Decision
from journey.orchestrator.escalation import HumanEscalationRouter, Route
from journey.orchestrator.outcomes import ContactHistory, OutcomeTracker
from journey.orchestrator.planner import InterventionPlanner, Plan
from journey.orchestrator.ports import ConsentCheck, GovernanceCheck
from journey.orchestrator.reasons import ReasonWriter
from journey.orchestrator.risk import Risk, RiskScorer
from journey.orchestrator.rule_check import RuleCheck
from journey.orchestrator.signals import SignalAggregator, SignalEvidence, get_signal_name
from journey.orchestrator.state import JourneyState, JourneyStateEvaluator
from journey.records.model import Customer, Intervention, Outcome, Signal, StageEntry
from journey.rules import Rule
from journey.rules.respect import can_action_break

NO_RECOMMENDATION_REASONS = frozenset((NO_EVIDENCE, BELOW_THRESHOLD, NOT_LIVE, NO_STAGE))
"""Reasons for which nothing is recommended; any other reason against acting leads to ``monitor_only``."""


class Orchestrator:
    """Evaluates one customer at a time. It keeps no state between customers, so one instance serves all.

    Args:
        policy: Thresholds, weights and playbook. Default: the default policy.
        journey: The journey. Default: the default journey.
        governance: Checks that can veto an action or demand approval. Default: consent by the policy's list.
        declared_rules: Declared rules; no action is recommended that would break one of severity error.
    """

    def __init__(
        self,
        policy: Policy | None = None,
        journey: Journey | None = None,
        governance: Sequence[GovernanceCheck] | None = None,
        declared_rules: Sequence[Rule] = (),
    ) -> None:
        self.policy = policy or Policy()
        self.journey = journey or default_journey()
        self.policy_table = self.policy.compile(
            self.journey.stages, self.journey.exit_stages, self.journey.typical_days
        )
        self.parameters = build_parameters(self.policy_table)
        refused = self.policy.contact.do_not_contact
        # Without a do-not-contact list no check is needed, which keeps the hot path short.
        default: tuple[GovernanceCheck, ...] = (ConsentCheck(refused),) if refused else ()
        self.governance = default if governance is None else tuple(governance)
        self.state_evaluator = JourneyStateEvaluator(self.journey)
        self.signal_aggregator = SignalAggregator(self.policy_table, self.parameters)
        self.risk_scorer = RiskScorer(self.policy_table, self.parameters)
        self.planner = InterventionPlanner(self.policy_table, self.parameters)
        self.router = HumanEscalationRouter(self.policy_table, self.parameters, self.governance)
        respected = [rule for rule in declared_rules if can_action_break(rule)]
        self.rule_check = RuleCheck(respected, self.policy, self.policy_table, self.journey) if respected else None
        self.outcome_tracker = OutcomeTracker(self.parameters)
        self._writer = ReasonWriter(self.policy_table, self.parameters)
        self.max_listed_age_days = self._age_at_share(self.policy.evidence.live_share)

    def evaluate_customer(
        self,
        customer: Customer,
        entries: Sequence[StageEntry] = (),
        signals: Sequence[Signal] = (),
        interventions: Sequence[Intervention] = (),
        outcomes: Sequence[Outcome] = (),
        *,
        as_of: AsOf | date | str,
        with_reasons: bool = True,
    ) -> Decision:
        """Evaluate one customer with the records known at `as_of`; later records are ignored.

        Args:
            customer: The customer.
            entries: The customer's stage entries, in any order.
            signals: The customer's signals, in any order.
            interventions: The customer's interventions, in any order.
            outcomes: Outcomes of these interventions.
            as_of: The time of the evaluation; a bare date includes its whole day.
            with_reasons: Whether the decision has its reasons as sentences. They affect nothing else in it, and take
                time to write.

        Raises:
            InputError: `as_of` is a text that is not a valid date.
        """
        when = as_of if isinstance(as_of, AsOf) else AsOf.of(as_of)
        state = self.state_evaluator.evaluate(entries, when)
        evidence = self.signal_aggregator.aggregate(signals, when)
        risk = self.risk_scorer.score(customer, state, evidence)
        plan = self.planner.plan(state, evidence, risk)
        history = self.outcome_tracker.build_contact_history(interventions, outcomes, when)
        route = self.router.route(customer, state, risk, plan, self.risk_scorer.tier(customer), history)
        if self.rule_check is not None and route.action not in (NO_ACTION, self.parameters.monitor):
            route = self.rule_check.apply(route, customer, entries, signals, interventions, outcomes, when)
        reasons = self._writer.write(customer, state, evidence, risk, plan, history, route) if with_reasons else ()
        return self._build_decision(customer, state, evidence, risk, plan, history, route, reasons)

    def _age_at_share(self, share: float) -> float:
        """Return the age in days at which `share` of a signal's evidence is left."""
        return inf if share <= 0.0 else -log(share) / self.policy_table.fade_rate

    def _build_decision(
        self,
        customer: Customer,
        state: JourneyState,
        evidence: SignalEvidence,
        risk: Risk,
        plan: Plan,
        history: ContactHistory,
        route: Route,
        reasons: tuple[str, ...],
    ) -> Decision:
        actions, action, reason = self.policy_table.actions, route.action, route.reason
        recommended = None if reason in NO_RECOMMENDATION_REASONS else MONITOR_ONLY
        money_at_stake = 0.0
        if action != NO_ACTION:
            recommended = actions[action]
            money_at_stake = priority(risk.churn_probability, customer.account_value, self.parameters.averts[action])
        leading_negative, leading_positive, days_since_contact = (
            evidence.leading_negative,
            evidence.leading_positive,
            history.days_since_contact,
        )
        # Positional arguments: keywords would add 1 of about 50 microseconds per customer.
        components = Components(
            evidence.negative,
            evidence.positive,
            risk.stall_evidence,
            evidence.negative_mass,
            evidence.positive_mass,
            len(risk.gaps),
            None if leading_negative is None else get_signal_name(leading_negative),
            None if leading_positive is None else get_signal_name(leading_positive),
            plan.cause,
            history.open_interventions,
            days_since_contact if days_since_contact >= 0.0 else None,
            history.contacts_in_window,
        )
        return Decision(
            customer.customer_id,
            state.stage,
            state.days_in_stage,
            risk.severity,
            risk.confidence,
            None if reason == NOT_LIVE else risk.churn_probability,
            money_at_stake,
            None if reason == NOT_LIVE else priority(risk.churn_probability, customer.account_value, 1.0),
            recommended,
            route.requires_approval,
            self._list_triggers(evidence),
            reasons,
            REASONS[reason],
            None if route.held_action == NO_ACTION else actions[route.held_action],
            components,
        )

    def _list_triggers(self, evidence: SignalEvidence) -> tuple[str, ...]:
        max_age = self.max_listed_age_days
        return tuple(
            [
                get_signal_name(signal)
                for signal, age in zip(evidence.counted_signals, evidence.ages, strict=True)
                if age <= max_age
            ]
        )
