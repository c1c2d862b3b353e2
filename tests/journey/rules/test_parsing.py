"""Rules in files: what is read, and what is refused with a reason."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.core.findings import FindingSeverity
from journey.rules import TEMPLATES, Rule, RuleError, Vocabulary, Where, parse_rules
from journey.rules.templates import Days


def _rule(**changes):
    return {"name": "approved first", "template": "precedence", "a": "review:approved", "b": "action:call", **changes}


def _problems(data):
    with pytest.raises(RuleError) as raised:
        parse_rules(data)
    return [each.message for each in raised.value.problems]


def test_a_rule_is_read():
    rule = parse_rules([_rule(within_days=30, where={"segment": "team"}, severity="warning", message="Ask first.")])[0]
    assert rule == Rule(
        "approved first",
        "precedence",
        ("review:approved",),
        ("action:call",),
        within_days=30.0,
        where=Where(segment=("team",)),
        severity=FindingSeverity.WARNING,
        message="Ask first.",
    )
    assert rule.describe() == ("'action:call' happens only after 'review:approved', within 30 days (for segment team)")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"template": "respons"}, "did you mean 'response'"),
        ({"a": "reviews:approved"}, "unknown prefix"),
        ({"a": "action:call"}, "'action:call' is in both `a` and `b`"),
        ({"a": "stage:trial", "b": "trial"}, "'stage:trial' is in both `a` and `b`"),
        ({"a": ["trial", "stage:trial"]}, "`a` names an event twice"),
        ({"b": []}, "the key `b` is missing"),
        ({"template": "absence", "b": "x"}, "`b` is not used by absence"),
        ({"count": 2}, "`count` is not used by precedence"),
        ({"within_days": -1}, "`within_days` must be above 0"),
        ({"within_days": float("nan")}, "`within_days` must be a finite number"),
        ({"within_days": True}, "`within_days` must be a finite number"),
        ({"severity": "fatal"}, "`severity` must be one of error, warning, notice"),
        ({"where": {"tiers": "high"}}, "unknown key `tiers`; did you mean 'tier'"),
        ({"where": {"tier": "hgih"}}, "unknown tier 'hgih'"),
        ({"where": 3}, "`where` must be a table"),
        ({"where": {"min_value": 5, "max_value": 1}}, "swap the two"),
        ({"whithin_days": 3}, "unknown key `whithin_days`"),
        ({"message": "a\nb"}, "one printable line"),
        ({"name": ""}, "the name must be printable"),
    ],
)
def test_a_mistake_is_refused_with_its_place(change, problem):
    problems = _problems([_rule(**change)])
    assert any(problem in each and each.startswith("rule ") for each in problems), problems


def test_all_mistakes_are_reported_at_once():
    assert len(_problems([_rule(template="x"), {"name": "y"}, 3, _rule(), _rule()])) == 4


def test_what_is_no_list_is_refused():
    assert "[[rules]]" in _problems({"name": "x"})[0]


def test_an_unknown_event_is_reported_with_the_known_ones():
    rule = parse_rules([_rule(a="trail", b=["move:convert", "move:leave"])])[0]
    vocabulary = Vocabulary(stages=("trial", "paying"), moves=("convert",))
    assert [each.message for each in rule.find_unknown_names(vocabulary)] == [
        "rule 'approved first': 'trail' is not one of the stages; did you mean 'trial'?",
        "rule 'approved first': 'move:leave' is not one of the moves; known here: convert",
    ]


@pytest.mark.parametrize(
    ("event", "hint"),
    [
        ("convert", "is not one of the stages; did you mean 'move:convert'?"),
        ("call", "is not one of the stages; did you mean 'signal:call' or 'action:call'?"),
        # The closest spelling is 'expired', which means something else.
        (
            "review:denied",
            "is not one of the review decisions; known here: approved, rejected, overridden, expired, withdrawn",
        ),
    ],
)
def test_an_unknown_event_is_reported_with_its_prefix_or_all_review_decisions(event, hint):
    vocabulary = Vocabulary(stages=("trial", "paying"), moves=("convert",), signals=("call",), actions=("call",))
    assert list(vocabulary.find_unknown([event])) == [f"{event!r} {hint}"]


_EVENTS = st.lists(st.sampled_from(["trial", "move:go", "signal:x", "action:y"]), min_size=1, max_size=2, unique=True)


@st.composite
def _rules(draw):
    name = draw(st.sampled_from(sorted(TEMPLATES)))
    template = TEMPLATES[name]
    events = draw(_EVENTS)
    count = draw(st.integers(1, 5)) if template.has_count else 1
    limited = template.days is not Days.UNUSED and not (name == "absence" and count == 1)
    value = draw(st.none() | st.floats(0, 1e9))
    return Rule(
        draw(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=9)),
        name,
        tuple(events),
        ("review:approved",) if template.has_b else (),
        within_days=draw(st.none() | st.floats(0.1, 999)) if limited else None,
        count=count,
        where=Where(
            draw(st.sampled_from([(), ("smb",), ("smb", "mid")])),
            min_value=value,
            consent=draw(st.none() | st.booleans()),
        ),
        severity=draw(st.sampled_from(FindingSeverity)),
    )


@given(_rules())
def test_a_rule_survives_the_way_through_a_file(rule):
    assert parse_rules([rule.to_dict()]) == (rule,)
    assert rule.describe()


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
        lambda x: (
            st.lists(x)
            | st.dictionaries(st.sampled_from(["name", "template", "a", "b", "where", "count", "within_days"]), x)
        ),
    )
)
def test_no_data_leads_to_another_error_than_a_refusal(data):
    with suppress(RuleError):
        parse_rules(data)


def test_a_customer_is_admitted_by_every_condition():
    where = Where(segment=("team",), tier=("high",), min_value=100.0, consent=True)
    assert where.admits("team", "high", 100.0)
    assert not where.admits("solo", "high", 100.0)
    assert not where.admits("team", "low", 100.0)
    assert not where.admits("team", "high", 99.0)
    assert not where.admits("team", "high", 100.0, consent=False)
