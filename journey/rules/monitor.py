"""What a history means for a rule, event by event: the one source for proofs, records, simulation and decisions.

A rule sees only events of the kinds that it names (`Rule.kinds`). Each of them is A, B or OTHER to it. The marks of a
rule are numbers that start as `initial_marks` gives them. `advance_marks` changes them at each event, and `judge` reads
them. Their number does not grow with the history. The functions are scalar, and the compiled code calls them too.

A history that has ended cannot meet an open demand any more, so the demand is broken; in any other history it is
pending. An open demand whose days have passed is broken in both.
"""

from math import inf
from typing import Any

from journey.rules.templates import (
    ABSENCE,
    ALTERNATE_PRECEDENCE,
    ALTERNATE_RESPONSE,
    ALTERNATE_SUCCESSION,
    CHAIN_PRECEDENCE,
    CHAIN_RESPONSE,
    CHAIN_SUCCESSION,
    CHOICE,
    CO_EXISTENCE,
    END,
    EXACTLY,
    EXCLUSIVE_CHOICE,
    EXISTENCE,
    INIT,
    NOT_CHAIN_SUCCESSION,
    NOT_CO_EXISTENCE,
    PRECEDENCE,
    RESPONDED_EXISTENCE,
    RESPONSE,
    SUCCESSION,
)

OTHER, A, B = range(3)
"""What a visible event is to a rule."""

SATISFIED, PENDING, BROKEN = range(3)
"""Verdicts: no demand is open; a demand is open and can still be met; the rule is broken."""

BROKEN_MARK, LAST_A, LAST_B, OPEN_A, OPEN_B, COUNT, TIMES = range(7)
"""The marks of a rule: 1 once it is broken, else 0; time of the last A and of the last B (in chain templates only of
the previous event; 1 in `end` while the last event is A); time of the earliest A and of the earliest B that still needs
the other; number of events that count. From TIMES a windowed `absence` has the times of its last events."""

NEVER = -inf
"""The time of what has not happened. Times are days on any clock."""


def count_marks(template: int, count: int, days: float) -> int:
    """Number of marks of a rule. `days` is infinite for a rule without `within_days`."""
    return TIMES + count - 1 if template == ABSENCE and days < inf else TIMES


def initial_marks(template: int, count: int, days: float) -> list[float]:
    """The marks of a rule before the first event."""
    marks = [NEVER] * count_marks(template, count, days)
    marks[BROKEN_MARK] = marks[COUNT] = 0.0
    return marks


def advance_marks(
    template: int, count: int, days: float, marks: Any, first: int, event: int, now: float, begun: float
) -> None:
    """Change the marks of a rule at one event that it sees.

    Args:
        template: Code of its template.
        count: Its `count`.
        days: Its `within_days`; infinite if it has none.
        marks: Marks, those of this rule from index `first`.
        first: Index of its first mark.
        event: OTHER, A or B.
        now: Time of the event, in days; never less than that of the event before it.
        begun: Time at which the history began.
    """
    if marks[first + BROKEN_MARK] != 0.0:
        return
    if template <= EXCLUSIVE_CHOICE:
        _advance_count(template, count, days, marks, first, event, now, begun)
    elif template <= ALTERNATE_SUCCESSION:
        _advance_pair(template, days, marks, first, event, now)
    elif template <= CHAIN_SUCCESSION:
        _advance_chain(template, days, marks, first, event, now)
    else:
        _advance_forbidden(template, days, marks, first, event, now)


def judge(
    template: int,
    count: int,
    days: float,
    marks: Any,
    first: int,
    now: float,
    begun: float,
    ended: bool,  # noqa: FBT001
) -> int:
    """The verdict about a history so far: SATISFIED, PENDING or BROKEN.

    Args:
        template: Code of the rule's template.
        count: Its `count`.
        days: Its `within_days`; infinite if it has none.
        marks: Marks, those of this rule from index `first`.
        first: Index of its first mark.
        now: Time up to which the history is known, in days.
        begun: Time at which the history began.
        ended: Whether no further event can happen.
    """
    if marks[first + BROKEN_MARK] != 0.0:
        return BROKEN
    is_open = _is_open(template, count, marks, first, ended)
    if not is_open:
        return SATISFIED
    if ended or now > due_time(template, days, marks, first, begun):
        return BROKEN
    return PENDING


def due_time(template: int, days: float, marks: Any, first: int, begun: float) -> float:
    """Time up to which an open demand can be met; infinite without a limit."""
    if template in (EXISTENCE, CHOICE):
        return begun + days
    due = inf
    if marks[first + OPEN_A] != NEVER:
        due = marks[first + OPEN_A] + days
    if marks[first + OPEN_B] != NEVER:
        due = min(due, marks[first + OPEN_B] + days)
    return due


def _is_open(template: int, count: int, marks: Any, first: int, ended: bool) -> bool:  # noqa: FBT001
    """Whether a demand is open."""
    if template in (EXISTENCE, EXACTLY):
        return bool(marks[first + COUNT] < count)
    if template == INIT:
        # The first event settles it; a history without any event that the rule sees does not begin with A.
        return bool(marks[first + COUNT] == 0.0)
    if template == END:
        # Every history that goes on can still end with another event.
        return bool(not ended or marks[first + LAST_A] != 1.0)
    if template in (CHOICE, EXCLUSIVE_CHOICE):
        return bool(marks[first + LAST_A] == NEVER and marks[first + LAST_B] == NEVER)
    return bool(marks[first + OPEN_A] != NEVER or marks[first + OPEN_B] != NEVER)


def _advance_count(
    template: int, count: int, days: float, marks: Any, first: int, event: int, now: float, begun: float
) -> None:
    """The templates that count events or ask for the first or the last one."""
    if template == INIT:
        if marks[first + COUNT] == 0.0 and event != A:
            marks[first + BROKEN_MARK] = 1.0
        marks[first + COUNT] = 1.0
    elif template == END:
        marks[first + LAST_A] = 1.0 if event == A else 0.0
    elif template in (CHOICE, EXCLUSIVE_CHOICE):
        if event == OTHER:
            return
        done = marks[first + LAST_A] != NEVER or marks[first + LAST_B] != NEVER
        if not done and now > begun + days:
            marks[first + BROKEN_MARK] = 1.0
        mark = LAST_A if event == A else LAST_B
        other = LAST_B if event == A else LAST_A
        if template == EXCLUSIVE_CHOICE and marks[first + other] != NEVER:
            marks[first + BROKEN_MARK] = 1.0
        marks[first + mark] = now
    elif event == A:
        if template == ABSENCE:
            _count_forbidden(count, days, marks, first, now)
            return
        if template == EXISTENCE and marks[first + COUNT] < count and now > begun + days:
            marks[first + BROKEN_MARK] = 1.0
        if template == EXACTLY and marks[first + COUNT] >= count:
            marks[first + BROKEN_MARK] = 1.0
        marks[first + COUNT] = min(marks[first + COUNT] + 1.0, float(count))


def _count_forbidden(count: int, days: float, marks: Any, first: int, now: float) -> None:
    """An event of which fewer than `count` may happen, in all or in every period of `days`."""
    if days == inf:
        marks[first + COUNT] += 1.0
        if marks[first + COUNT] >= count:
            marks[first + BROKEN_MARK] = 1.0
        return
    # The times of the last `count - 1` events, in a ring: the next one to replace is the oldest.
    at = first + TIMES + int(marks[first + COUNT])
    if now - marks[at] <= days:
        marks[first + BROKEN_MARK] = 1.0
    marks[at] = now
    marks[first + COUNT] = (marks[first + COUNT] + 1.0) % (count - 1)


def _advance_pair(template: int, days: float, marks: Any, first: int, event: int, now: float) -> None:
    """The templates in which A needs B, or B needs A, at any distance."""
    if event == OTHER:
        return
    needs_b_after = template in (RESPONSE, SUCCESSION, ALTERNATE_RESPONSE, ALTERNATE_SUCCESSION)
    needs_a_before = template in (PRECEDENCE, SUCCESSION, ALTERNATE_PRECEDENCE, ALTERNATE_SUCCESSION)
    if event == A:
        if template in (ALTERNATE_RESPONSE, ALTERNATE_SUCCESSION) and marks[first + OPEN_A] != NEVER:
            marks[first + BROKEN_MARK] = 1.0
        _close(marks, first, OPEN_B, days, now)
        seen = template in (RESPONDED_EXISTENCE, CO_EXISTENCE) and _is_recent(marks[first + LAST_B], days, now)
        asks = needs_b_after or template in (RESPONDED_EXISTENCE, CO_EXISTENCE)
        if asks and not seen and marks[first + OPEN_A] == NEVER:
            marks[first + OPEN_A] = now
        marks[first + LAST_A] = now
        return
    if needs_a_before and not _is_recent(marks[first + LAST_A], days, now):
        marks[first + BROKEN_MARK] = 1.0
    _close(marks, first, OPEN_A, days, now)
    if template == CO_EXISTENCE and not _is_recent(marks[first + LAST_A], days, now) and marks[first + OPEN_B] == NEVER:
        marks[first + OPEN_B] = now
    if template in (ALTERNATE_PRECEDENCE, ALTERNATE_SUCCESSION):
        # Each A allows one B.
        marks[first + LAST_A] = NEVER
    marks[first + LAST_B] = now


def _is_recent(time: float, days: float, now: float) -> bool:
    """Whether something has happened at most `days` ago."""
    return time != NEVER and now - time <= days


def _close(marks: Any, first: int, mark: int, days: float, now: float) -> None:
    """Meet an open demand now; too late, the rule is broken."""
    if marks[first + mark] != NEVER:
        if now - marks[first + mark] > days:
            marks[first + BROKEN_MARK] = 1.0
        marks[first + mark] = NEVER


def _advance_chain(template: int, days: float, marks: Any, first: int, event: int, now: float) -> None:
    """The templates in which A and B follow each other immediately."""
    if template != CHAIN_PRECEDENCE and marks[first + OPEN_A] != NEVER:
        if event != B:
            marks[first + BROKEN_MARK] = 1.0
        _close(marks, first, OPEN_A, days, now)
    if template != CHAIN_RESPONSE and event == B and not _is_recent(marks[first + LAST_A], days, now):
        marks[first + BROKEN_MARK] = 1.0
    marks[first + LAST_A] = now if event == A else NEVER
    if template != CHAIN_PRECEDENCE and event == A:
        marks[first + OPEN_A] = now


def _advance_forbidden(template: int, days: float, marks: Any, first: int, event: int, now: float) -> None:
    """The templates that forbid B after A, or both."""
    if event == B and _is_recent(marks[first + LAST_A], days, now):
        marks[first + BROKEN_MARK] = 1.0
    if event == A and template == NOT_CO_EXISTENCE and _is_recent(marks[first + LAST_B], days, now):
        marks[first + BROKEN_MARK] = 1.0
    if event == A:
        marks[first + LAST_A] = now
    elif template == NOT_CHAIN_SUCCESSION:
        marks[first + LAST_A] = NEVER
    if event == B:
        marks[first + LAST_B] = now


KERNELS = (
    count_marks,
    _is_recent,
    _close,
    _count_forbidden,
    _advance_count,
    _advance_pair,
    _advance_chain,
    _advance_forbidden,
    _is_open,
    due_time,
    advance_marks,
    judge,
)
"""Functions to compile, callees before callers."""
