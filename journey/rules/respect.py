"""Which rules an action would break: the events that it adds to a history, tried on a copy of the marks.

At the time of the decision an action adds these events: the intervention is recommended, perhaps pending until a
reviewer approves it, approved, and carried out. If one of them breaks a rule of severity error, the action must not be
recommended. If that is so only without a review, a review is demanded.

Two kinds of breaks are no reason against an action: a demand that was not met in its days is broken by time, and a
break of the past cannot be undone. The rule still applies after it, so no action may break it again. Therefore the
marks go on after a break (`advance_further`).

The functions are scalar, and the compiled code calls them too.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

from journey.core.findings import FindingSeverity
from journey.rules.event_names import split_event_name
from journey.rules.monitor import BROKEN_MARK, NEVER, OPEN_A, OPEN_B, OTHER, A, B, advance_marks, count_marks
from journey.rules.templates import CHOICE, CO_EXISTENCE, END, EXISTENCE, RESPONDED_EXISTENCE, RESPONSE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journey.rules.rule import Rule

DEMANDS = frozenset({EXISTENCE, END, CHOICE, RESPONDED_EXISTENCE, CO_EXISTENCE, RESPONSE})
"""Templates that forbid no event: only time or the end of a history breaks them."""

HIDDEN = -1
"""What an event is to a rule that does not see it. See `journey.rules.monitor` for OTHER, A and B."""

RECOMMENDED, PENDING, REVIEWED, APPROVED, EXECUTED, FIRST_ACTION = range(6)
"""The events of an action: the statuses of its intervention and the approving review, then each action by code."""

_STEPS = (
    ("intervention", "recommended"),
    ("intervention", "pending_approval"),
    ("review", "approved"),
    ("intervention", "approved"),
    ("intervention", "executed"),
)

NO_RULE = -1
"""Index that stands for no rule."""

ALLOWED, ONLY_APPROVED, FORBIDDEN = range(3)
"""What the rules say about an action: allowed; allowed if a person approves it first; forbidden."""


class RespectedRule(NamedTuple):
    """A rule that decisions respect.

    Attributes:
        template: Code of its template.
        number: Its `count`.
        days: Its `within_days`; infinite without.
        symbols: What each event of an action is to it (RECOMMENDED and so on): HIDDEN, OTHER, A or B.
    """

    template: int
    number: int
    days: float
    symbols: Sequence[int]


def can_action_break(rule: Rule) -> bool:
    """Whether decisions respect a rule: it has severity error, sees the events of actions, and forbids some event."""
    is_seen = not rule.kinds.isdisjoint(("action", "review", "intervention"))
    return rule.severity is FindingSeverity.ERROR and is_seen and rule.definition.code not in DEMANDS


def build_respected_rule(rule: Rule, actions: Sequence[str]) -> RespectedRule:
    """The numbers of a rule.

    Args:
        rule: The rule.
        actions: The actions of the policy, by code.
    """
    events = (*_STEPS, *(("action", action) for action in actions))
    return RespectedRule(
        rule.definition.code,
        rule.count,
        inf if rule.within_days is None else rule.within_days,
        tuple(find_symbol(rule, *event) for event in events),
    )


def find_symbol(rule: Rule, kind: str, label: str) -> int:
    """What an event is to a rule: HIDDEN, OTHER, A or B."""
    if kind not in rule.kinds:
        return HIDDEN
    event = (kind, label)
    if event in map(split_event_name, rule.a):
        return A
    return B if event in map(split_event_name, rule.b) else OTHER


def advance_further(
    template: int, count: int, days: float, marks: Any, first: int, event: int, now: float, begun: float
) -> None:
    """Change the marks of a rule at an event, as `advance_marks` does, but also after a break: it stays broken."""
    was_broken = marks[first + BROKEN_MARK]
    marks[first + BROKEN_MARK] = 0.0
    advance_marks(template, count, days, marks, first, event, now, begun)
    if was_broken != 0.0:
        marks[first + BROKEN_MARK] = was_broken


def breaks_rule(
    template: int,
    count: int,
    days: float,
    symbols: Sequence[int],
    marks: Any,
    first: int,
    trial: Any,
    trial_first: int,
    action: int,
    is_reviewed: bool,  # noqa: FBT001 - compiled code takes no keywords
    now: float,
) -> bool:
    """Whether an action would break a rule now.

    Args:
        template: Code of the rule's template.
        count: Its `count`.
        days: Its `within_days`; infinite without.
        symbols: What each event of an action is to it.
        marks: Marks, those of the rule from index `first`. They do not change.
        first: Index of its first mark.
        trial: Room for a copy of the marks.
        trial_first: Index of its first mark in the copy.
        action: The action's code.
        is_reviewed: Whether a person must approve it first.
        now: Time of the decision, in days.
    """
    for mark in range(count_marks(template, count, days)):
        trial[trial_first + mark] = marks[first + mark]
    trial[trial_first + BROKEN_MARK] = 0.0
    for demand in (OPEN_A, OPEN_B):
        # A demand that is overdue has been broken by time. It is still open, and not overdue once more.
        if trial[trial_first + demand] != NEVER and now - trial[trial_first + demand] > days:
            trial[trial_first + demand] = now
    for step in (RECOMMENDED, PENDING, REVIEWED, APPROVED, FIRST_ACTION, EXECUTED):
        if step in (PENDING, REVIEWED) and not is_reviewed:
            continue
        symbol = symbols[step + action] if step == FIRST_ACTION else symbols[step]
        if symbol != HIDDEN:
            # The time at which a history began matters only to demands.
            advance_further(template, count, days, trial, trial_first, symbol, now, now)
    return bool(trial[trial_first + BROKEN_MARK] != 0.0)


def combine_rules(needs_approval: bool, unreviewed: int, reviewed: int) -> tuple[int, int]:  # noqa: FBT001
    """What all rules say about an action, and the rule that is the reason: ``(verdict, rule)``.

    Args:
        needs_approval: Whether a person must approve the action without any rule.
        unreviewed: The first rule that the action breaks without a review, or NO_RULE.
        reviewed: The first rule that it breaks with an approving review, or NO_RULE.
    """
    if needs_approval:
        return (ALLOWED, NO_RULE) if reviewed == NO_RULE else (FORBIDDEN, reviewed)
    if unreviewed == NO_RULE:
        return ALLOWED, NO_RULE
    return (ONLY_APPROVED if reviewed == NO_RULE else FORBIDDEN), unreviewed


KERNELS: tuple[Any, ...] = (advance_further, breaks_rule, combine_rules)
"""Functions to compile, callees before callers."""
