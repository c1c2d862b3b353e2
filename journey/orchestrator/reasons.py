"""The reasons of a decision, as sentences for a person. They restate numbers; they decide nothing."""

from journey.decision import rules
from journey.decision.policy import CompiledPolicy
from journey.decision.steps import PolicyParameters
from journey.orchestrator.escalation import Route
from journey.orchestrator.outcomes import ContactHistory
from journey.orchestrator.planner import Plan
from journey.orchestrator.risk import Risk
from journey.orchestrator.signals import Gathered
from journey.orchestrator.state import JourneyState
from journey.records.model import Customer


class ReasonWriter:
    """Writes why a decision came out as it did."""

    def __init__(self, table: CompiledPolicy, sheet: PolicyParameters) -> None:
        self._table = table
        self._sheet = sheet
        # What depends on the policy alone is put into words once.
        self._typical = [f"typical is up to {days:g}" for days in sheet.typical_days]
        self._from_human = f"(from {sheet.approve_human_severity:.2f} on)"
        self._from_high_tier = f"(from {sheet.approve_high_tier_severity:.2f} on)"

    def write(
        self,
        customer: Customer,
        state: JourneyState,
        gathered: Gathered,
        risk: Risk,
        plan: Plan,
        history: ContactHistory,
        route: Route,
    ) -> tuple[str, ...]:
        """All reasons: what was seen, how it was weighed, what follows and who must agree."""
        reasons = []
        if gathered.lead is not None or gathered.bright is not None:
            reasons.append(_seen(gathered))
            if gathered.negative > 0.0 and gathered.positive > 0.0:
                reasons.append("signals for and against the customer conflict, which lowers confidence")
        if risk.stall > 0.0:
            reasons.append(f"{int(state.days or 0.0)} days in {state.stage}, {self._typical[state.code]}")
        if gathered.unknown:
            names = ", ".join(gathered.unknown)
            reasons.append(f"unknown signal type {names}: weighed as the policy weighs unknown signals")
        reasons.extend(risk.doubts)
        reasons.append(self._verdict(state, risk, plan, history, route))
        reasons.extend(route.notes)
        if route.approval:
            reasons.append(self._approval(customer, risk, route))
        return tuple(reasons)

    def _verdict(self, state: JourneyState, risk: Risk, plan: Plan, history: ContactHistory, route: Route) -> str:
        sheet, reason = self._sheet, route.reason
        if reason == rules.ACT:
            return self._action_sentence(risk, plan, route)
        if reason == rules.NO_EVIDENCE:
            return "no signal speaks for or against this customer: nothing to do"
        if reason == rules.BELOW_THRESHOLD:
            return f"severity {risk.severity:.2f} is below {sheet.act_severity:.2f}: too little to act on"
        if reason == rules.LOW_CONFIDENCE:
            return f"confidence {risk.confidence:.2f} is below {sheet.act_confidence:.2f}: watch, do not act"
        if reason == rules.NO_PLAY:
            return f"the playbook has no action for {plan.cause} in {state.stage}: watch"
        if reason == rules.NOT_LIVE:
            return f"the journey has ended in {state.stage}"
        if reason == rules.NO_STAGE:
            return "without a known stage no action can be chosen"
        return self._held_sentence(history, route)

    def _action_sentence(self, risk: Risk, plan: Plan, route: Route) -> str:
        action = self._table.actions[route.action]
        if risk.severity < self._sheet.act_severity:
            return f"severity {risk.severity:.2f} is low, and a positive signal opens an opportunity: {action}"
        return (
            f"severity {risk.severity:.2f} with confidence {risk.confidence:.2f}, caused by {plan.cause}, "
            f"calls for {action}"
        )

    def _held_sentence(self, history: ContactHistory, route: Route) -> str:
        sheet, held = self._sheet, self._table.actions[route.held]
        if route.reason == rules.OPEN_INTERVENTION:
            waiting = "an earlier intervention is" if history.waiting == 1 else f"{history.waiting} interventions are"
            return f"{held} is held back: {waiting} still open"
        if route.reason == rules.COOLING_DOWN:
            return (
                f"{held} is held back: last contact {int(history.since)} days ago, "
                f"at least {sheet.cool_down_days:g} must pass"
            )
        if route.reason == rules.CAPPED:
            return (
                f"{held} is held back: {history.recent} contacts within {sheet.window_days:g} days, "
                f"at most {sheet.max_contacts} are allowed"
            )
        return f"{held} is held back by governance"

    def _approval(self, customer: Customer, risk: Risk, route: Route) -> str:
        sheet, severity = self._sheet, risk.severity
        if sheet.human[route.action] and severity >= sheet.approve_human_severity:
            why = f"a person delivers it, at severity {severity:.2f} {self._from_human}"
        elif customer.risk_tier == "high" and severity >= sheet.approve_high_tier_severity:
            why = f"risk tier high, at severity {severity:.2f} {self._from_high_tier}"
        elif customer.account_value >= sheet.approve_value and severity >= sheet.approve_value_severity:
            why = f"an account of ${customer.account_value:,.0f}, at severity {severity:.2f}"
        else:
            why = "governance demands it"
        return f"needs a person's approval: {why}"


def _seen(gathered: Gathered) -> str:
    signals, ages = gathered.counted, gathered.ages
    more = len(signals) - MOST_SIGNALS
    if more > 0:
        signals, ages = signals[more:], ages[more:]
    shown = ", ".join(
        [
            f"{signal.signal_type} {signal.signal_strength:.2f} ({int(age)} d ago)"
            for signal, age in zip(signals, ages, strict=True)
        ]
    )
    return f"signals: {shown} and {more} older" if more > 0 else f"signals: {shown}"


MOST_SIGNALS = 5
"""A sentence names this many signals, the newest; how many it left out is said."""
