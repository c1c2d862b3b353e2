"""The verdicts of the monitor, against the definition of each template over all events of a history."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.rules.monitor import BROKEN, PENDING, A, advance_marks, initial_marks, judge
from journey.rules.templates import TEMPLATES
from tests.journey.rules.definitions import expect_verdict
from tests.journey.rules.timed_histories import BEGUN, timed_histories


@st.composite
def _cases(draw):
    name, count, days, events = draw(timed_histories())
    last = events[-1][0] if events else BEGUN
    return name, count, days, events, last + draw(st.integers(0, 6)), draw(st.booleans())


@given(_cases())
def test_the_verdict_is_that_of_the_definition(case):
    name, count, days, events, now, ended = case
    code = TEMPLATES[name].code
    marks = initial_marks(code, count, days)
    for time, symbol in events:
        advance_marks(code, count, days, marks, 0, symbol, time, BEGUN)
    assert judge(code, count, days, marks, 0, now, BEGUN, ended) == expect_verdict(*case, BEGUN)


@given(timed_histories())
def test_a_broken_rule_stays_broken(case):
    name, count, days, events = case
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
