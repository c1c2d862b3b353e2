"""The rules of a scenario by index: which events each rule sees, what they are to it, and to whom it applies.

Names are resolved to codes once. The customer looks up the rules that see an event by its code
(`simulation.customer.rules`), so an event that no rule sees costs one comparison.
"""

from collections.abc import Mapping, Sequence
from math import inf
from typing import NamedTuple

from journey.decision.policy import TIERS, CompiledPolicy
from journey.machine import CompiledJourney
from journey.machine.lifecycles import intervention_lifecycle
from journey.rules import EVENT_KINDS, Rule
from journey.rules.event_names import split_event_name
from journey.rules.monitor import OTHER, A, B, count_marks, initial_marks
from journey.rules.respect import build_respected_rule, can_action_break
from journey.rules.templates import (
    CHAIN_PRECEDENCE,
    CHAIN_RESPONSE,
    CHAIN_SUCCESSION,
    END,
    INIT,
    NOT_CHAIN_SUCCESSION,
)
from simulation.trace.codes import VERDICTS

STAGE, MOVE, ACTION, SIGNAL, REVIEW, INTERVENTION = range(6)
"""Kinds of events that rules see, in the order of their codes."""

_KINDS = ("stage", "move", "action", "signal", "review", "intervention")

INTERVENTION_STATUSES = tuple(intervention_lifecycle().stages)
"""The statuses of interventions, by code."""

RECOMMENDED, PENDING_APPROVAL, AUTOMATICALLY_APPROVED, EXECUTED, MEASURED = (
    INTERVENTION_STATUSES.index(status)
    for status in ("recommended", "pending_approval", "approved", "executed", "measured")
)

STATUS_AFTER_VERDICT = tuple(
    INTERVENTION_STATUSES.index("expired" if verdict == "withdrawn" else verdict) for verdict in VERDICTS
)
"""Status of an intervention after each verdict. A request that is withdrawn expires, as in records."""

HEEDS_OTHERS = frozenset({INIT, END, CHAIN_RESPONSE, CHAIN_PRECEDENCE, CHAIN_SUCCESSION, NOT_CHAIN_SUCCESSION})
"""Templates to which an event that is neither A nor B matters."""

EXEMPT, BROKEN, PENDING = range(3)
"""Rows of the table of a rule: customers to whom it does not apply, for whom it is broken, and for whom it is open.

After the tables of the rules there is one whose first row has all customers."""

RULE_ROWS = 3

ANY_CONSENT = -1
"""In place of 0 or 1: the rule applies with and without consent."""


class RuleDefinition(NamedTuple):
    """One rule.

    Attributes:
        template: Code of its template.
        times: Its `count`.
        days: Its `within_days`; infinite without.
        first: Index of its first mark among the customer's marks.
        is_respected: Whether decisions respect it (`journey.rules.respect.can_action_break`).
        min_value, max_value: Limits of the account value at arrival, in dollars per year; infinite without.
        consent: 0 or 1: whether the customer has consent; ANY_CONSENT for both.
    """

    template: int
    times: int
    days: float
    first: int
    is_respected: bool
    min_value: float
    max_value: float
    consent: int


class RuleUse(NamedTuple):
    """What an event is to one rule: A, B or OTHER."""

    rule: int
    symbol: int


class RuleParameters(NamedTuple):
    """The rules of a scenario, by index.

    Attributes:
        begun: Index of the customer's mark with the time at which the history began.
        end: Index after the last mark of the rules.
        has_conditions: Whether a rule does not apply to all customers.
        definitions: The rules.
        admits: By rule, segment and tier: whether the rule applies.
        first: By event: index of its first use; the uses of event `c` end just before ``first[c + 1]``.
        uses: The uses of all events.
        action_symbols: By rule: what each event of an action is to it (`journey.rules.respect.RespectedRule`).
    """

    begun: int
    end: int
    has_conditions: bool
    definitions: tuple[RuleDefinition, ...]
    admits: tuple[tuple[tuple[bool, ...], ...], ...]
    first: tuple[int, ...]
    uses: tuple[RuleUse, ...]
    action_symbols: tuple[tuple[int, ...], ...]


class RuleEvents(NamedTuple):
    """The codes of the events of an arm.

    Attributes:
        first: By kind: the code of its first label among all events.
        names: By code: kind and label.
    """

    first: tuple[int, ...]
    names: tuple[tuple[str, str], ...]


def list_rule_events(machine: CompiledJourney, policy: CompiledPolicy) -> RuleEvents:
    """The events that can happen in an arm.

    Args:
        machine: The compiled journey.
        policy: The compiled policy of the arm.
    """
    labels: Mapping[str, Sequence[str]] = {
        "stage": machine.stages,
        "move": machine.moves,
        "action": policy.actions,
        # Signal types that the policy does not have share the last code.
        "signal": (*policy.signal_types, ""),
        "review": VERDICTS,
        "intervention": INTERVENTION_STATUSES,
    }
    counts = [len(labels[kind]) for kind in _KINDS]
    names = tuple((kind, label) for kind in _KINDS for label in labels[kind])
    return RuleEvents(tuple(sum(counts[:kind]) for kind in range(len(counts))), names)


def build_rule_parameters(
    rules: Sequence[Rule], events: RuleEvents, segments: Sequence[str], first_mark: int, *, evaluates: bool
) -> RuleParameters:
    """Resolve the rules of a scenario. An event that does not exist in the arm never happens in it.

    Args:
        rules: The rules.
        events: The events of the arm.
        segments: The population's segments.
        first_mark: Number of a customer's marks that belong to metrics; those of the rules follow.
        evaluates: Whether customers are ever evaluated. Otherwise there are no decisions that respect rules.
    """
    definitions, end = [], first_mark + 1
    for rule in rules:
        definitions.append(_define(rule, end, evaluates=evaluates))
        end += count_marks(definitions[-1].template, rule.count, definitions[-1].days)
    actions = [label for kind, label in events.names if kind == _KINDS[ACTION]]
    first, uses = [0], list[RuleUse]()
    for event in events.names:
        uses += _list_uses(rules, event)
        first.append(len(uses))
    return RuleParameters(
        begun=first_mark,
        end=end if rules else first_mark,
        has_conditions=any(not rule.where.is_empty for rule in rules),
        definitions=tuple(definitions),
        admits=tuple(
            tuple(tuple(_admits(rule, segment, tier) for tier in TIERS) for segment in segments) for rule in rules
        ),
        first=tuple(first),
        uses=tuple(uses),
        action_symbols=tuple(tuple(build_respected_rule(rule, actions).symbols) for rule in rules),
    )


def find_seen_events(rules: RuleParameters) -> tuple[bool, ...]:
    """By event: whether it can change what a rule has seen."""
    return tuple(rules.first[code] < rules.first[code + 1] for code in range(len(rules.first) - 1))


def list_initial_marks(rules: Sequence[Rule]) -> list[float]:
    """The customer's marks of the rules before the start; without rules there are none."""
    if not rules:
        return []
    marks = [0.0]
    for rule in rules:
        marks += initial_marks(rule.definition.code, rule.count, _limit(rule))
    return marks


def count_rule_marks(rules: Sequence[Rule]) -> int:
    """Number of a customer's marks of the rules."""
    return len(list_initial_marks(rules))


def _limit(rule: Rule) -> float:
    return inf if rule.within_days is None else rule.within_days


def _define(rule: Rule, first: int, *, evaluates: bool) -> RuleDefinition:
    where = rule.where
    return RuleDefinition(
        template=rule.definition.code,
        times=rule.count,
        days=_limit(rule),
        first=first,
        is_respected=evaluates and can_action_break(rule),
        min_value=-inf if where.min_value is None else where.min_value,
        max_value=inf if where.max_value is None else where.max_value,
        consent=ANY_CONSENT if where.consent is None else int(where.consent),
    )


def _admits(rule: Rule, segment: str, tier: str) -> bool:
    where = rule.where
    return (not where.segment or segment in where.segment) and (not where.tier or tier in where.tier)


def _list_uses(rules: Sequence[Rule], event: tuple[str, str]) -> list[RuleUse]:
    uses = []
    for index, rule in enumerate(rules):
        if event[0] not in rule.kinds:
            continue
        symbol = OTHER
        if event in map(split_event_name, rule.a):
            symbol = A
        elif event in map(split_event_name, rule.b):
            symbol = B
        if symbol != OTHER or rule.definition.code in HEEDS_OTHERS:
            uses.append(RuleUse(index, symbol))
    return uses


if set(_KINDS) != set(EVENT_KINDS):
    raise AssertionError("the kinds of events differ from those that rules may name")
