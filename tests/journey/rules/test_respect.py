"""Which rules an action breaks, against the definition of each template over all events of a history."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.core.findings import FindingSeverity
from journey.machine.lifecycles import intervention_lifecycle
from journey.rules import TEMPLATES, Rule, Where
from journey.rules.monitor import BROKEN, OTHER, A, B, advance_marks, count_marks, initial_marks, judge
from journey.rules.respect import (
    ALLOWED,
    DEMANDS,
    FIRST_ACTION,
    FORBIDDEN,
    HIDDEN,
    NO_RULE,
    ONLY_APPROVED,
    advance_further,
    breaks_rule,
    build_respected_rule,
    can_action_break,
    combine_rules,
)
from tests.journey.rules.timed_histories import BEGUN, list_symbols, timed_histories


def _list_breaking(name, count, days, events):
    """Indices of the events that break a template by themselves, straight from its definition."""
    times = [time for time, _ in events]
    a = [i for i, (_, symbol) in enumerate(events) if symbol == A]
    b = [i for i, (_, symbol) in enumerate(events) if symbol == B]

    def near(i, j):
        return abs(times[i] - times[j]) <= days

    found = {
        "absence": lambda: [a[k] for k in range(count - 1, len(a)) if near(a[k - count + 1], a[k])],
        "exactly": lambda: a[count:],
        "init": lambda: [0] if events and 0 not in a else [],
        "exclusive_choice": lambda: [k for own, other in ((a, b), (b, a)) for k in own if any(i < k for i in other)],
        "precedence": lambda: [k for k in b if not any(i < k and near(i, k) for i in a)],
        "alternate_response": lambda: [k for i, k in pairwise(a) if not any(i < j < k for j in b)],
        "alternate_precedence": lambda: [
            k for j, k in pairwise([-1, *b]) if not any(j < i < k and near(i, k) for i in a)
        ],
        "chain_response": lambda: [i + 1 for i in a if i + 1 < len(events) and i + 1 not in b],
        "chain_precedence": lambda: [k for k in b if k - 1 not in a or not near(k - 1, k)],
        "not_co_existence": lambda: [
            k for own, other in ((a, b), (b, a)) for k in own if any(i < k and near(i, k) for i in other)
        ],
        "not_succession": lambda: [k for k in b if any(i < k and near(i, k) for i in a)],
        "not_chain_succession": lambda: [k for k in b if k - 1 in a and near(k - 1, k)],
    }
    parts = {
        "succession": ("precedence",),
        "alternate_succession": ("alternate_response", "alternate_precedence"),
        "chain_succession": ("chain_response", "chain_precedence"),
    }
    return {k for each in parts.get(name, (name,)) if each in found for k in found[each]()}


@st.composite
def _cases(draw):
    name, count, days, events = draw(timed_histories())
    last = events[-1][0] if events else BEGUN
    symbols = st.sampled_from([*list_symbols(name), HIDDEN])
    steps = draw(st.tuples(*[symbols] * (FIRST_ACTION + 2)))
    return (
        name,
        count,
        days,
        events,
        steps,
        last + draw(st.integers(0, 4)),
        draw(st.integers(0, 1)),
        draw(st.booleans()),
    )


def _marks_after(name, count, days, events):
    marks = initial_marks(TEMPLATES[name].code, count, days)
    for time, symbol in events:
        advance_further(TEMPLATES[name].code, count, days, marks, 0, symbol, time, BEGUN)
    return marks


def _events_of_action(steps, action, is_reviewed):
    recommended, pending, reviewed, approved, executed, *actions = steps
    order = [recommended, *([pending, reviewed] if is_reviewed else []), approved, actions[action], executed]
    return [symbol for symbol in order if symbol != HIDDEN]


@given(_cases())
def test_an_action_breaks_a_rule_where_the_definition_says_that_one_of_its_events_does(case):
    name, count, days, events, steps, now, action, is_reviewed = case
    if TEMPLATES[name].code in DEMANDS:
        return
    marks = _marks_after(name, count, days, events)
    before, trial = list(marks), [5.0] * count_marks(TEMPLATES[name].code, count, days)
    found = breaks_rule(TEMPLATES[name].code, count, days, steps, marks, 0, trial, 0, action, is_reviewed, now)
    added = [(now, symbol) for symbol in _events_of_action(steps, action, is_reviewed)]
    assert found == any(k >= len(events) for k in _list_breaking(name, count, days, events + added))
    assert marks == before


@given(_cases())
def test_an_action_that_is_allowed_does_not_break_a_rule_that_was_kept(case):
    name, count, days, events, steps, now, action, is_reviewed = case
    code = TEMPLATES[name].code
    marks = initial_marks(code, count, days)
    for time, symbol in events:
        advance_marks(code, count, days, marks, 0, symbol, time, BEGUN)
    was_broken = judge(code, count, days, marks, 0, now, BEGUN, False) == BROKEN
    trial = [0.0] * len(marks)
    is_allowed = not breaks_rule(code, count, days, steps, marks, 0, trial, 0, action, is_reviewed, now)
    for symbol in _events_of_action(steps, action, is_reviewed):
        advance_marks(code, count, days, marks, 0, symbol, now, BEGUN)
    is_broken = judge(code, count, days, marks, 0, now, BEGUN, False) == BROKEN
    assert not (is_allowed and is_broken and not was_broken)


@given(_cases())
def test_a_rule_stays_broken_while_its_marks_go_on(case):
    name, count, days, events, *_ = case
    code, stopped = TEMPLATES[name].code, initial_marks(TEMPLATES[name].code, count, days)
    for time, symbol in events:
        advance_marks(code, count, days, stopped, 0, symbol, time, BEGUN)
    going_on = _marks_after(name, count, days, events)
    now = events[-1][0] if events else BEGUN
    verdicts = [judge(code, count, days, marks, 0, now, BEGUN, False) for marks in (stopped, going_on)]
    assert (verdicts[0] == BROKEN) == (verdicts[1] == BROKEN)


@pytest.mark.parametrize(("days", "breaks"), [(13.0, True), (14.0, True), (14.5, False), (30.0, False)])
def test_a_break_of_the_past_does_not_forbid_contacts_for_ever(days, breaks):
    code = TEMPLATES["absence"].code
    marks = _marks_after("absence", 2, 14.0, [(0.0, A), (3.0, A)])
    steps = (HIDDEN,) * FIRST_ACTION + (A,)
    assert breaks_rule(code, 2, 14.0, steps, marks, 0, [0.0] * len(marks), 0, 0, False, 3.0 + days) == breaks


def test_a_late_answer_is_allowed():
    code = TEMPLATES["succession"].code
    marks = _marks_after("succession", 1, 7.0, [(0.0, A), (10.0, A)])
    steps = (HIDDEN,) * FIRST_ACTION + (B,)
    assert not breaks_rule(code, 1, 7.0, steps, marks, 0, [0.0] * len(marks), 0, 0, False, 12.0)


@pytest.mark.parametrize(
    ("needs_approval", "unreviewed", "reviewed", "expected"),
    [
        (False, NO_RULE, NO_RULE, (ALLOWED, NO_RULE)),
        (False, 2, NO_RULE, (ONLY_APPROVED, 2)),
        (False, 2, 1, (FORBIDDEN, 2)),
        (False, NO_RULE, 1, (ALLOWED, NO_RULE)),
        (True, NO_RULE, 1, (FORBIDDEN, 1)),
        (True, 2, NO_RULE, (ALLOWED, NO_RULE)),
    ],
)
def test_the_rules_together(needs_approval, unreviewed, reviewed, expected):
    assert combine_rules(needs_approval, unreviewed, reviewed) == expected


def _rule(**changes):
    values = {"name": "r", "template": "precedence", "a": ("review:approved",), "b": ("action:call",), **changes}
    return Rule(**values)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (_rule(), True),
        (_rule(where=Where(tier=("high",))), True),
        (_rule(severity=FindingSeverity.WARNING), False),
        (_rule(a=("trial",), b=("paying",)), False),
        (_rule(a=("trial",)), True),
        (_rule(template="response", a=("signal:x",)), False),
        (_rule(template="absence", a=("intervention:executed",), b=(), count=2, within_days=14.0), True),
    ],
)
def test_decisions_respect_the_rules_that_an_action_can_break(rule, expected):
    assert can_action_break(rule) == expected


def test_the_symbols_of_the_events_of_an_action():
    rule = build_respected_rule(_rule(a=("review:approved", "intervention:expired")), ("monitor_only", "call"))
    assert rule.symbols == (OTHER, OTHER, A, OTHER, OTHER, OTHER, B)
    hidden = build_respected_rule(_rule(a=("trial",)), ("monitor_only", "call"))
    assert hidden.symbols == (HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN, OTHER, B)
    assert {"recommended", "pending_approval", "approved", "executed"} <= set(intervention_lifecycle().stages)
