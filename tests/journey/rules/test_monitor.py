"""The verdicts of the monitor, against the definition of each template over all events of a history."""

from itertools import pairwise
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.rules.monitor import BROKEN, OTHER, PENDING, SATISFIED, A, B, advance, initial_marks, judge
from journey.rules.templates import TEMPLATES, Days

BEGUN = 2.0


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


def _demands(name, count, h):
    """What the template demands: up to which time, and whether it has been met by then."""
    a, b, times, limit = h.a, h.b, h.times, BEGUN + h.days
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


def _definition(name, count, days, events, now):
    """Whether a rule is broken, and whether a demand is open, straight from the definition of its template."""
    history = _History(events, days)
    demands = _demands(name, count, history)
    is_late = any(not met and now > due for due, met in demands)
    return _is_forbidden(name, count, history) or is_late, any(not met for _, met in demands)


def _expected(name, count, days, events, now, ended):
    broken, is_open = _definition(name, count, days, events, now)
    if name == "end":
        last_is_a = bool(events) and events[-1][1] == A
        return (SATISFIED if last_is_a else BROKEN) if ended else PENDING
    if broken or (is_open and ended):
        return BROKEN
    return PENDING if is_open else SATISFIED


@st.composite
def _cases(draw):
    name = draw(st.sampled_from(sorted(TEMPLATES)))
    template = TEMPLATES[name]
    count = draw(st.integers(1, 3)) if template.has_count else 1
    days = inf
    if template.days is not Days.UNUSED and not (name == "absence" and count == 1):
        days = draw(st.sampled_from([inf, 1.0, 2.0, 5.0]))
    symbols = st.sampled_from([OTHER, A, B] if template.has_b else [OTHER, A])
    steps = draw(st.lists(st.tuples(st.integers(0, 3), symbols), max_size=9))
    events, now = [], BEGUN
    for gap, symbol in steps:
        now += gap
        events.append((now, symbol))
    return name, count, days, events, now + draw(st.integers(0, 6)), draw(st.booleans())


@given(_cases())
def test_the_verdict_is_that_of_the_definition(case):
    name, count, days, events, now, ended = case
    code = TEMPLATES[name].code
    marks = initial_marks(code, count, days)
    for time, symbol in events:
        advance(code, count, days, marks, 0, symbol, time, BEGUN)
    assert judge(code, count, days, marks, 0, now, BEGUN, ended) == _expected(*case)


@given(_cases(), st.integers(0, 9))
def test_a_broken_rule_stays_broken(case, length):
    name, count, days, events, _, _ = case
    code = TEMPLATES[name].code
    marks = initial_marks(code, count, days)
    was_broken = False
    for time, symbol in events:
        advance(code, count, days, marks, 0, symbol, time, BEGUN)
        is_broken = judge(code, count, days, marks, 0, time, BEGUN, False) == BROKEN
        assert is_broken or not was_broken
        was_broken = is_broken


def test_every_template_has_its_own_code():
    assert sorted(template.code for template in TEMPLATES.values()) == list(range(len(TEMPLATES)))


@pytest.mark.parametrize(("days", "verdict"), [(6.9, PENDING), (7.0, PENDING), (7.1, BROKEN)])
def test_a_demand_is_broken_after_its_days_and_not_on_them(days, verdict):
    code = TEMPLATES["response"].code
    marks = initial_marks(code, 1, 7.0)
    advance(code, 1, 7.0, marks, 0, A, 0.0, 0.0)
    assert judge(code, 1, 7.0, marks, 0, days, 0.0, False) == verdict
