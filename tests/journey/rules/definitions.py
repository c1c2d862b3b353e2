"""The templates of rules, as they are defined over all events of a history at once."""

from itertools import pairwise
from math import inf

from journey.rules.monitor import BROKEN, PENDING, SATISFIED, A, B


class _History:
    """A history as the definitions of the templates see it: the indices of its events, and their times."""

    def __init__(self, events, days):
        self.events = events
        self.a = [i for i, (_, symbol) in enumerate(events) if symbol == A]
        self.b = [i for i, (_, symbol) in enumerate(events) if symbol == B]
        self.times = [time for time, _ in events]
        self.days = days

    def near(self, i, j):
        return abs(self.times[i] - self.times[j]) <= self.days

    def is_next(self, i, j):
        return j == i + 1 and j < len(self.events) and self.near(i, j)


def _is_forbidden(name, count, h):
    """Whether something has happened that the template forbids, whatever follows."""
    a, b = h.a, h.b
    found = {
        "absence": lambda: any(h.near(a[i + count - 1], a[i]) for i in range(len(a) - count + 1)),
        "exactly": lambda: len(a) > count,
        "init": lambda: bool(h.events) and h.events[0][1] != A,
        "exclusive_choice": lambda: bool(a and b),
        "precedence": lambda: any(not any(i < j and h.near(i, j) for i in a) for j in b),
        "alternate_response": lambda: any(not any(i < j < k for j in b) for i, k in pairwise(a)),
        "alternate_precedence": lambda: any(
            not any(j < i < k and h.near(i, k) for i in a) for j, k in pairwise([-1, *b])
        ),
        "chain_response": lambda: any(i + 1 < len(h.events) and not (i + 1 in b and h.near(i, i + 1)) for i in a),
        "chain_precedence": lambda: any(not any(h.is_next(i, j) for i in a) for j in b),
        "not_co_existence": lambda: any(h.near(i, j) for i in a for j in b),
        "not_succession": lambda: any(i < j and h.near(i, j) for i in a for j in b),
        "not_chain_succession": lambda: any(h.is_next(i, j) for i in a for j in b),
    }
    return any(found[each]() for each in _PARTS.get(name, (name,)) if each in found)


_PARTS = {
    "succession": ("response", "precedence"),
    "alternate_succession": ("alternate_response", "alternate_precedence"),
    "chain_succession": ("chain_response", "chain_precedence"),
}


def _demands(name, count, h, begun):
    """What the template demands: up to which time, and whether it has been met by then."""
    a, b, times, limit = h.a, h.b, h.times, begun + h.days
    found = {
        "existence": lambda: [(limit, sum(times[i] <= limit for i in a) >= count)],
        "exactly": lambda: [(inf, len(a) >= count)],
        "init": lambda: [(inf, bool(h.events) and h.events[0][1] == A)],
        "choice": lambda: [(limit, any(times[i] <= limit for i in a + b))],
        "exclusive_choice": lambda: [(inf, bool(a or b))],
        "responded_existence": lambda: [(times[i] + h.days, any(h.near(i, j) for j in b)) for i in a],
        "co_existence": lambda: [
            (times[i] + h.days, any(h.near(i, j) for j in other)) for own, other in ((a, b), (b, a)) for i in own
        ],
        "response": lambda: [(times[i] + h.days, any(j > i and h.near(i, j) for j in b)) for i in a],
        "alternate_response": lambda: [(times[i] + h.days, any(j > i and h.near(i, j) for j in b)) for i in a],
        "chain_response": lambda: [(times[i] + h.days, any(h.is_next(i, j) for j in b)) for i in a],
    }
    return [demand for each in _PARTS.get(name, (name,)) if each in found for demand in found[each]()]


def _definition(name, count, days, events, now, begun):
    """Whether a rule is broken, and whether a demand is open, straight from the definition of its template."""
    history = _History(events, days)
    demands = _demands(name, count, history, begun)
    is_late = any(not met and now > due for due, met in demands)
    return _is_forbidden(name, count, history) or is_late, any(not met for _, met in demands)


def expect_verdict(name, count, days, events, now, ended, begun):
    """The verdict of a rule about a history.

    Args:
        name: Its template.
        count: Its `count`.
        days: Its `within_days`; infinite without.
        events: The events that it sees, as time and symbol, in order.
        now: Time up to which the history is known.
        ended: Whether it has ended.
        begun: Time at which it began.
    """
    broken, is_open = _definition(name, count, days, events, now, begun)
    if name == "end":
        last_is_a = bool(events) and events[-1][1] == A
        return (SATISFIED if last_is_a else BROKEN) if ended else PENDING
    if broken or (is_open and ended):
        return BROKEN
    return PENDING if is_open else SATISFIED
