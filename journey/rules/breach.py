"""What broke a rule in a history: the event, the earlier event to which it relates, and when an open demand was due.

The functions follow `journey.rules.monitor` along events in sequences of symbols and times. They are scalar, and the
compiled code calls them too.
"""

from math import inf
from typing import Any

from journey.rules.monitor import BROKEN, BROKEN_MARK, NEVER, OPEN_A, OPEN_B, A, B, advance_marks, due_time, judge
from journey.rules.templates import (
    ABSENCE,
    ALTERNATE_RESPONSE,
    ALTERNATE_SUCCESSION,
    CHAIN_RESPONSE,
    CHAIN_SUCCESSION,
    CHOICE,
    END,
    EXACTLY,
    EXCLUSIVE_CHOICE,
    EXISTENCE,
    INIT,
)

NO_EVENT = -1
"""In place of the index of an event."""


def find_breach(
    template: int,
    count: int,
    days: float,
    marks: Any,
    symbols: Any,
    times: Any,
    number: int,
    begun: float,
    now: float,
    ended: bool,  # noqa: FBT001
) -> tuple[int, int, int, float]:
    """The verdict of a rule about a history, and what broke it.

    Args:
        template: Code of the rule's template.
        count: Its `count`.
        days: Its `within_days`; infinite if it has none.
        marks: Its marks before the first event; they are changed.
        symbols: What each event that the rule sees is to it, in order: OTHER, A or B.
        times: Their times, in days.
        number: Number of events.
        begun: Time at which the history began.
        now: Time up to which it is known.
        ended: Whether no further event can happen.

    Returns:
        The verdict; index of the event that broke the rule, or NO_EVENT if a demand was not met; index of its partner,
        or NO_EVENT; and the time up to which the demand could be met, infinite if another event or the end broke it.
    """
    for event in range(number):
        open_a, open_b = marks[OPEN_A], marks[OPEN_B]
        advance_marks(template, count, days, marks, 0, symbols[event], times[event], begun)
        if marks[BROKEN_MARK] != 0.0:
            return BROKEN, event, _find_partner(template, count, symbols, times, event, open_a, open_b), inf
    verdict = judge(template, count, days, marks, 0, now, begun, ended)
    if verdict != BROKEN:
        return verdict, NO_EVENT, NO_EVENT, inf
    if template == END:
        return BROKEN, number - 1, NO_EVENT, inf
    due = due_time(template, days, marks, 0, begun)
    if now <= due:
        due = inf
    partner = NO_EVENT
    if template > EXCLUSIVE_CHOICE:
        open_a, open_b = marks[OPEN_A], marks[OPEN_B]
        if open_a != NEVER and (open_b == NEVER or open_a <= open_b):
            partner = _find_open(A, B, open_a, symbols, times, number)
        else:
            partner = _find_open(B, A, open_b, symbols, times, number)
    return BROKEN, NO_EVENT, partner, due


def _find_partner(template: int, count: int, symbols: Any, times: Any, event: int, open_a: float, open_b: float) -> int:
    """The earlier event to which the event that broke the rule relates; NO_EVENT without one.

    Args:
        template: Code of the template.
        count: Its `count`.
        symbols: As in `find_breach`.
        times: As in `find_breach`.
        event: Index of the event.
        open_a: Time of the earliest A that still needed a B before it.
        open_b: The same for B.
    """
    if template in (EXISTENCE, INIT, CHOICE):
        return NO_EVENT
    if template == ABSENCE:
        return _find_last(A, count - 1, symbols, event) if count > 1 else NO_EVENT
    if CHAIN_RESPONSE <= template <= CHAIN_SUCCESSION:
        return event - 1 if event > 0 and symbols[event - 1] == A else NO_EVENT
    if symbols[event] == A:
        if template in (EXACTLY, ALTERNATE_RESPONSE, ALTERNATE_SUCCESSION):
            return _find_last(A, 1, symbols, event)
        if open_b != NEVER:
            return _find_open(B, A, open_b, symbols, times, event)
        return _find_last(B, 1, symbols, event)
    if open_a != NEVER:
        return _find_open(A, B, open_a, symbols, times, event)
    return _find_last(A, 1, symbols, event)


def _find_last(symbol: int, number: int, symbols: Any, stop: int) -> int:
    """The `number`-th event from the end that is a symbol, before the event `stop`; NO_EVENT without one."""
    left = number
    for event in range(stop - 1, -1, -1):
        if symbols[event] == symbol:
            left -= 1
            if left == 0:
                return event
    return NO_EVENT


def _find_open(symbol: int, answer: int, since: float, symbols: Any, times: Any, stop: int) -> int:
    """The event that has needed an answer since a time, before the event `stop`: the earliest after the last answer."""
    found = NO_EVENT
    for event in range(stop - 1, -1, -1):
        if symbols[event] == answer and found != NO_EVENT:
            return found
        if symbols[event] == symbol and times[event] == since:
            found = event
    return found


KERNELS = (_find_last, _find_open, _find_partner, find_breach)
"""Functions to compile, callees before callers; after those of `journey.rules.monitor`."""
