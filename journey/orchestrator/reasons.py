"""The reasons of a decision as sentences. They restate the decision's numbers and do not affect it."""

from journey.decision import rules
from journey.decision.parameters import PolicyParameters
from journey.decision.policy import CompiledPolicy
from journey.orchestrator.escalation import Route
from journey.orchestrator.outcomes import ContactHistory
from journey.orchestrator.planner import Plan
from journey.orchestrator.risk import Risk
from journey.orchestrator.signals import SignalEvidence
from journey.orchestrator.state import JourneyState
from journey.records.model import Customer
from journey.rules import Rule


class ReasonWriter:
    """Writes the reasons of a decision."""

    def __init__(self, table: CompiledPolicy, parameters: PolicyParameters) -> None:
        self._table = table
        self._parameters = parameters
        # Texts that depend only on the policy are built once.
        self._typical_stay = [f"typical is up to {days:g}" for days in parameters.typical_days]
        self._human_threshold = f"(threshold {parameters.approve_human_severity:.2f})"
        self._high_tier_threshold = f"(threshold {parameters.approve_high_tier_severity:.2f})"

    def write(
        self,
        customer: Customer,
        state: JourneyState,
        evidence: SignalEvidence,
        risk: Risk,
        plan: Plan,
        history: ContactHistory,
        route: Route,
    ) -> tuple[str, ...]:
        """Return all reasons: the evidence, the gaps in the record, the deciding reason and the approval."""
        reasons = []
        if evidence.leading_negative is not None or evidence.leading_positive is not None:
            reasons.append(_describe_signals(evidence))
            if evidence.negative > 0.0 and evidence.positive > 0.0:
                reasons.append("positive and negative signals conflict, which lowers confidence")
        if risk.stall_evidence > 0.0:
            reasons.append(
                f"{int(state.days_in_stage or 0.0)} days in {state.stage}, {self._typical_stay[state.stage_code]}"
            )
        if evidence.unknown_types:
            names = ", ".join(evidence.unknown_types)
            reasons.append(f"unknown signal type {names}: the policy's weight for unknown types is used")
        reasons.extend(risk.gaps)
        reasons.append(self._describe_verdict(state, risk, plan, history, route))
        reasons.extend(route.notes)
        if route.requires_approval:
            reasons.append(self._describe_approval(customer, risk, route))
        return tuple(reasons)

    def _describe_verdict(
        self, state: JourneyState, risk: Risk, plan: Plan, history: ContactHistory, route: Route
    ) -> str:
        parameters, reason = self._parameters, route.reason
        if reason == rules.ACT:
            return self._describe_action(state, risk, plan, route)
        if reason == rules.NO_EVIDENCE:
            return "there is no positive or negative evidence: no action"
        if reason == rules.BELOW_THRESHOLD:
            return (
                f"severity {risk.severity:.2f} is below the action threshold {parameters.act_severity:.2f}: no action"
            )
        if reason == rules.LOW_CONFIDENCE:
            return (
                f"confidence {risk.confidence:.2f} is below the action threshold {parameters.act_confidence:.2f}: "
                "monitor only"
            )
        if reason == rules.NO_PLAY:
            return f"the playbook has no action for {plan.cause} in {state.stage}: monitor only"
        if reason == rules.NOT_LIVE:
            return f"the journey has ended in {state.stage}"
        if reason == rules.NO_STAGE:
            return "the stage is unknown, so no action can be chosen"
        return self._describe_hold(history, route)

    def _describe_action(self, state: JourneyState, risk: Risk, plan: Plan, route: Route) -> str:
        action = self._table.actions[route.action]
        if plan.is_timed:
            stay = f"after {int(state.days_in_stage or 0.0)} days in {state.stage}"
            return f"severity {risk.severity:.2f} is low, and {stay} the playbook has {action}"
        if risk.severity < self._parameters.act_severity:
            return f"severity {risk.severity:.2f} is low, and a positive signal opens an opportunity: {action}"
        return (
            f"severity {risk.severity:.2f} with confidence {risk.confidence:.2f}, caused by {plan.cause}, "
            f"calls for {action}"
        )

    def _describe_hold(self, history: ContactHistory, route: Route) -> str:
        parameters, action = self._parameters, self._table.actions[route.held_action]
        if route.reason == rules.OPEN_INTERVENTION:
            waiting = (
                "an earlier intervention is"
                if history.open_interventions == 1
                else f"{history.open_interventions} interventions are"
            )
            return f"{action} is held back: {waiting} still open"
        if route.reason == rules.COOLING_DOWN:
            return (
                f"{action} is held back: last contact {int(history.days_since_contact)} days ago, "
                f"at least {parameters.cool_down_days:g} must pass"
            )
        if route.reason == rules.CAPPED:
            return (
                f"{action} is held back: {history.contacts_in_window} contacts within {parameters.window_days:g} days, "
                f"at most {parameters.max_contacts} are allowed"
            )
        if route.rule is not None:
            return f"{action} is held back: it would break the {_describe_rule(route.rule)}"
        return f"{action} is held back by governance"

    def _describe_approval(self, customer: Customer, risk: Risk, route: Route) -> str:
        parameters, severity = self._parameters, risk.severity
        if route.rule is not None:
            return f"needs a person's approval: without it the action would break the {_describe_rule(route.rule)}"
        if parameters.always_approve:
            reason = "the policy demands it for every action"
        elif parameters.human[route.action] and severity >= parameters.approve_human_severity:
            reason = f"a person delivers it, at severity {severity:.2f} {self._human_threshold}"
        elif customer.risk_tier == "high" and severity >= parameters.approve_high_tier_severity:
            reason = f"risk tier high, at severity {severity:.2f} {self._high_tier_threshold}"
        elif customer.account_value >= parameters.approve_value and severity >= parameters.approve_value_severity:
            reason = f"an account of ${customer.account_value:,.0f}, at severity {severity:.2f}"
        else:
            reason = "a governance check demands it"
        return f"needs a person's approval: {reason}"


def _describe_rule(rule: Rule) -> str:
    """A rule by name, with the user's own sentence or else what it demands."""
    return f"rule {rule.name!r}: {rule.message or rule.describe()}"


def _describe_signals(evidence: SignalEvidence) -> str:
    signals, ages = evidence.counted_signals, evidence.ages
    omitted = len(signals) - MAX_LISTED_SIGNALS
    if omitted > 0:
        signals, ages = signals[omitted:], ages[omitted:]
    descriptions = ", ".join(
        [
            f"{signal.signal_type} {signal.signal_strength:.2f} ({int(age)} d ago)"
            for signal, age in zip(signals, ages, strict=True)
        ]
    )
    return f"signals: {descriptions} and {omitted} older" if omitted > 0 else f"signals: {descriptions}"


MAX_LISTED_SIGNALS = 5
"""A sentence lists this number of signals, the newest, and gives the number of older ones."""
