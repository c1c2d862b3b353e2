"""The verdicts of the monitor, against the definition of each template over all events of a history."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.rules.monitor import BROKEN, OTHER, PENDING, A, B, advance_marks, initial_marks, judge
from journey.rules.templates import TEMPLATES, Days
from tests.journey.rules.definitions import expect_verdict

BEGUN = 2.0


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
        advance_marks(code, count, days, marks, 0, symbol, time, BEGUN)
    assert judge(code, count, days, marks, 0, now, BEGUN, ended) == expect_verdict(*case, BEGUN)


@given(_cases(), st.integers(0, 9))
def test_a_broken_rule_stays_broken(case, length):
    name, count, days, events, _, _ = case
    code = TEMPLATES[name].code
    marks = initial_marks(code, count, days)
    was_broken = False
    for time, symbol in events:
        advance_marks(code, count, days, marks, 0, symbol, time, BEGUN)
        is_broken = judge(code, count, days, marks, 0, time, BEGUN, False) == BROKEN
        assert is_broken or not was_broken
        was_broken = is_broken


def test_every_template_has_its_own_code():
    assert sorted(template.code for template in TEMPLATES.values()) == list(range(len(TEMPLATES)))


@pytest.mark.parametrize(("days", "verdict"), [(6.9, PENDING), (7.0, PENDING), (7.1, BROKEN)])
def test_a_demand_is_broken_after_its_days_and_not_on_them(days, verdict):
    code = TEMPLATES["response"].code
    marks = initial_marks(code, 1, 7.0)
    advance_marks(code, 1, 7.0, marks, 0, A, 0.0, 0.0)
    assert judge(code, 1, 7.0, marks, 0, days, 0.0, False) == verdict
