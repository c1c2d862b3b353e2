"""Respect Rules: a declared rule of severity error can hold an action back, or require a person's approval.

The rules judge the customer's recorded history up to the decision (`journey.histories`), followed by the events that
the action would add at this time (`journey.rules.respect`). What the records do not show has not happened. Where they
leave open which of two moves was made, the action must be allowed in either case.
"""

from collections.abc import Iterator, Sequence

from journey.decision.as_of import AsOf
from journey.decision.policy import CompiledPolicy, Policy
from journey.decision.rules import BREAKS_RULE, NO_ACTION
from journey.histories import History, HistoryBuilder, HistoryEvent
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

    def breaks(self, history: History, action: int, as_of: AsOf, *, is_reviewed: bool) -> bool:
        """Whether an action would break the rule after a history."""
        symbols = [self._find_symbols(event) for event in history.events]
        # The decision of a day and an event without a time of day let the rule count calendar days.
        in_days = is_bare(as_of.anchor) or any(
            is_bare(event.moment) and not found.isdisjoint((A, B))
            for event, found in zip(history.events, symbols, strict=True)
        )
        times = [on_clock(event.moment, calendar_days=in_days) for event in history.events]
        now = on_clock(as_of.anchor, calendar_days=in_days)
        readings = (A, B, OTHER) if any(len(found) > 1 for found in symbols) else (OTHER,)
        return any(
            self._breaks_after(
                [
                    (time, reading if reading in found else next(iter(found)))
                    for time, found in zip(times, symbols, strict=True)
                ],
                action,
                now,
                is_reviewed=is_reviewed,
            )
            for reading in readings
        )

    def _find_symbols(self, event: HistoryEvent) -> frozenset[int]:
        return frozenset(find_symbol(self.rule, event.kind, label) for label in event.labels)

    def _breaks_after(self, events: Sequence[tuple[float, int]], action: int, now: float, *, is_reviewed: bool) -> bool:
        template, count, days, action_symbols = self._numbers
        marks = initial_marks(template, count, days)
        for time, symbol in events:
            if symbol != HIDDEN:
                advance_further(template, count, days, marks, 0, symbol, time, now)
        return breaks_rule(template, count, days, action_symbols, marks, 0, self._trial, 0, action, is_reviewed, now)


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
        broken = [
            next(_find_broken(monitors, history, route.action, as_of, is_reviewed=is_reviewed), NO_RULE)
            for is_reviewed in (False, True)
        ]
        verdict, index = combine_rules(route.requires_approval, *broken)
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


def _find_broken(
    monitors: Sequence[_HistoryMonitor], history: History, action: int, as_of: AsOf, *, is_reviewed: bool
) -> Iterator[int]:
    """Indices of the rules that an action would break."""
    for index, monitor in enumerate(monitors):
        if monitor.breaks(history, action, as_of, is_reviewed=is_reviewed):
            yield index
