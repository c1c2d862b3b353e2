"""Respect Rules: a declared rule of severity error can hold an action back, or require a person's approval.

The rules judge the customer's recorded history up to the decision (`journey.histories`), followed by the events that
the action would add at this time (`journey.rules.respect`). What the records do not show has not happened. Where they
leave open which of two moves was made, the action must be allowed in either case.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from journey.decision.as_of import AsOf
from journey.decision.policy import CompiledPolicy, Policy
from journey.decision.rules import BREAKS_RULE, NO_ACTION
from journey.histories import History, HistoryBuilder
from journey.histories.event import is_bare, on_clock
from journey.machine import Journey
from journey.orchestrator.escalation import Route
from journey.records.model import Customer, Intervention, Outcome, Signal, StageEntry
from journey.rules import Rule
from journey.rules.monitor import OTHER, A, B, count_marks, initial_marks
from journey.rules.respect import (
    FORBIDDEN,
    HIDDEN,
    NO_RULE,
    ONLY_APPROVED,
    RespectedRule,
    advance_further,
    breaks_rule,
    build_respected_rule,
    combine_rules,
    find_symbol,
)


class _Breaks(NamedTuple):
    """Whether an action breaks a rule without a review, and with an approving one."""

    unreviewed: bool
    reviewed: bool


class _HistoryMonitor:
    """One rule along the history of a customer.

    Args:
        rule: The rule.
        actions: The actions of the policy.
    """

    def __init__(self, rule: Rule, actions: Sequence[str]) -> None:
        self.rule = rule
        self._numbers: RespectedRule = build_respected_rule(rule, actions)
        self._trial = [0.0] * count_marks(*self._numbers[:3])
        self._symbols: dict[tuple[str, tuple[str, ...]], frozenset[int]] = {}

    def find_breaks(self, history: History, action: int, as_of: AsOf) -> _Breaks:
        """Whether an action would break the rule after a history."""
        seen = [
            (event, symbols)
            for event in history.events
            if HIDDEN not in (symbols := self._find_symbols(event.kind, event.labels))
        ]
        # The decision of a day and an event without a time of day let the rule count calendar days.
        in_days = is_bare(as_of.anchor) or any(
            is_bare(event.moment) and not symbols.isdisjoint((A, B)) for event, symbols in seen
        )
        timed = [(on_clock(event.moment, calendar_days=in_days), symbols) for event, symbols in seen]
        now = on_clock(as_of.anchor, calendar_days=in_days)
        readings = (A, B, OTHER) if any(len(symbols) > 1 for _, symbols in timed) else (OTHER,)
        found = [self._find_breaks_after(timed, reading, action, now) for reading in readings]
        return _Breaks(any(each.unreviewed for each in found), any(each.reviewed for each in found))

    def _find_symbols(self, kind: str, labels: tuple[str, ...]) -> frozenset[int]:
        """What an event can be to the rule; the events of a kind are all hidden, or none is."""
        found = self._symbols.get((kind, labels))
        if found is None:
            found = frozenset(find_symbol(self.rule, kind, label) for label in labels)
            self._symbols[kind, labels] = found
        return found

    def _find_breaks_after(
        self, timed: Iterable[tuple[float, frozenset[int]]], reading: int, action: int, now: float
    ) -> _Breaks:
        """The breaks if events that can be several things are what `reading` says."""
        template, count, days, of_action = self._numbers
        marks = initial_marks(template, count, days)
        for time, symbols in timed:
            symbol = reading if reading in symbols else next(iter(symbols))
            advance_further(template, count, days, marks, 0, symbol, time, now)
        return _Breaks(
            *(
                breaks_rule(template, count, days, of_action, marks, 0, self._trial, 0, action, is_reviewed, now)
                for is_reviewed in (False, True)
            )
        )


class RuleCheck:
    """Applies the declared rules to a routed action.

    Args:
        rules: The declared rules that decisions respect (`journey.rules.respect.can_action_break`).
        policy: The policy.
        table: The compiled policy.
        journey: The journey.
    """

    def __init__(self, rules: Sequence[Rule], policy: Policy, table: CompiledPolicy, journey: Journey) -> None:
        self._monitors = [_HistoryMonitor(rule, table.actions) for rule in rules]
        self._histories = HistoryBuilder(journey, policy)
        self._refused = frozenset(policy.contact.do_not_contact)

    def apply(
        self,
        route: Route,
        customer: Customer,
        entries: Sequence[StageEntry],
        signals: Sequence[Signal],
        interventions: Sequence[Intervention],
        outcomes: Sequence[Outcome],
        as_of: AsOf,
    ) -> Route:
        """The routing of an action that respects the rules.

        Args:
            route: The routing of an action by policy and governance.
            customer: The customer.
            entries: The customer's stage entries.
            signals: The customer's signals.
            interventions: The customer's interventions.
            outcomes: Their outcomes.
            as_of: The time of the decision.
        """
        monitors = [monitor for monitor in self._monitors if self._applies(monitor.rule, customer)]
        if not monitors:
            return route
        earlier = [intervention for intervention in interventions if as_of.is_history(intervention.generated_at)]
        history = self._histories.build(entries, signals, earlier, outcomes, as_of)
        breaks = [monitor.find_breaks(history, route.action, as_of) for monitor in monitors]
        unreviewed = _find_first([each.unreviewed for each in breaks])
        reviewed = _find_first([each.reviewed for each in breaks])
        verdict, index = combine_rules(route.requires_approval, unreviewed, reviewed)
        if verdict == FORBIDDEN:
            rule = monitors[index].rule
            return Route(NO_ACTION, route.action, BREAKS_RULE, requires_approval=False, notes=route.notes, rule=rule)
        if verdict == ONLY_APPROVED:
            return route._replace(requires_approval=True, rule=monitors[index].rule)
        return route

    def _applies(self, rule: Rule, customer: Customer) -> bool:
        return rule.where.admits(
            customer.segment,
            customer.risk_tier,
            customer.account_value,
            consent=customer.customer_id not in self._refused,
        )


def _find_first(breaks: Sequence[bool]) -> int:
    """Index of the first rule that is broken, or NO_RULE."""
    return breaks.index(True) if True in breaks else NO_RULE
