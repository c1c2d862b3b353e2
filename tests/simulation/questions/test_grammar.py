"""Questions as text: every production, and errors that mark the position."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.core.errors import InputError
from simulation.questions.grammar import Names, parse_question
from simulation.questions.question import Question

NAMES = Names(("trial", "paying", "at risk", "gone"), ("smb", "Mid-Market"), ("gone",))


def parse(text):
    return parse_question(text, NAMES)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('P(reach "paying" within 30)', {"kind": "reach", "stage": "paying", "days": 30.0}),
        ("P(reach paying within 1.5 days)", {"kind": "reach", "stage": "paying", "days": 1.5}),
        ("P( reach 'at risk' )", {"kind": "reach", "stage": "at risk"}),
        ("P(reach paying before gone)", {"kind": "reach", "stage": "paying", "before": "gone"}),
        (
            'P(reach "paying" before "gone" within 9)',
            {"kind": "reach", "stage": "paying", "before": "gone", "days": 9.0},
        ),
        ('P(stay in "trial" > 14)', {"kind": "stay", "stage": "trial", "days": 14.0}),
        ('E(time to "paying")', {"kind": "time", "stage": "paying"}),
        ('E(time to "paying" if reached)', {"kind": "time", "stage": "paying", "if_reached": True}),
        ('E(time to "paying" within 90)', {"kind": "time", "stage": "paying", "days": 90.0}),
        ('E(visits to "at risk" within 90)', {"kind": "visits", "stage": "at risk", "days": 90.0}),
        ('share("paying")', {"kind": "share", "stage": "paying"}),
        ("share(paying within 365)", {"kind": "share", "stage": "paying", "days": 365.0}),
        (
            'share(paying) from "trial" for segment Mid-Market by tier',
            {"kind": "share", "stage": "paying", "start": "trial", "segment": "Mid-Market", "by_tier": True},
        ),
        (
            "share(paying) by segment for tier high",
            {"kind": "share", "stage": "paying", "tier": "high", "by_segment": True},
        ),
    ],
)
def test_every_production(text, parts):
    assert parse(text) == Question(text=text, **parts)


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        ('P(reach "payng" within 30)', "unknown stage 'payng'; did you mean 'paying'?", 8),
        ("P(reach paying witin 30)", "expected 'before' or 'within' or ')', found 'witin'; did you mean 'within'?", 15),
        ("P(reach paying within)", "expected a number of days, found ')'", 21),
        ("P(reach paying within 0)", "0 days; give a number above 0 and at most 36,525", 22),
        ("P(reach paying within 99999)", "99999 days; give a number above 0", 22),
        ("P(rech paying)", "expected 'reach' or 'stay', found 'rech'; did you mean 'reach'?", 2),
        ('P(stay in "trial")', "expected '>', found ')'", 17),
        ("E(time to)", "expected the name of a stage, found ')'", 9),
        ("E(time to paying if reach)", "expected 'reached', found 'reach'; did you mean 'reached'?", 20),
        ("Q(reach paying)", "expected 'P' or 'E' or 'share', found 'Q'", 0),
        ("share(paying", "expected 'within' or ')', found the end of the question", 12),
        ("share(paying) since trial", "expected 'from' or 'for' or 'by', found 'since'", 14),
        ("share(paying) by stage", "expected 'segment' or 'tier', found 'stage'", 17),
        ("share(paying) for segment mid-market", "unknown segment 'mid-market'; did you mean 'Mid-Market'?", 26),
        ("share(paying) for tier hihg", "unknown risk tier 'hihg'; did you mean 'high'?", 23),
        ("share(paying) by tier by tier", "this is given twice", 22),
        ("share(paying) for tier low by tier", "'for tier' and 'by tier' exclude each other", 27),
        ('share("paying)', "this quotation mark is not closed", 6),
        ("share(paying) & 3", "unexpected '&'", 14),
        ("share(“paying”)", "unexpected '“'; write straight quotation marks, \" or '", 6),
        ("P(reach ‘paying’)", "unexpected '‘'; write straight quotation marks", 8),  # noqa: RUF001 - as pasted
        ("does a trial pay within 30 days, by segment?", "expected 'P' or 'E' or 'share', found 'does'", 0),
        ("P(reach paying before paying)", "'paying' stands on both sides of 'before'", 22),
        ("P(reach paying) from paying", "customers that begin in 'paying' are already there", 21),
        ("E(time to paying) from gone", "nothing happens after 'gone', which is terminal", 23),
        ("P(stay in gone > 5)", "customers never leave 'gone', which is terminal", 10),
        ("", "expected 'P' or 'E' or 'share', found the end of the question", 0),
    ],
)
def test_an_error_says_what_was_expected_and_where(text, message, position):
    with pytest.raises(InputError) as caught:
        parse(text)
    problem, shown, mark = str(caught.value).split("\n")
    assert message in problem
    assert shown == f"  {text}"
    assert mark.index("^") == position + 2


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("x" * 10_000, 0),
        (f'P(reach "{"x" * 10_000}")', 8),
        (f"P(reach paying within {'9' * 5_000})", 22),
        (f"P(reach {' ' * 9_000}payng) by tier{' ' * 500}by segment", 9_008),
        (f"{'(' * 10_000}", 0),
    ],
)
def test_an_error_in_a_long_question_shows_the_part_around_it(text, position):
    with pytest.raises(InputError) as caught:
        parse(text)
    problem, shown, mark = str(caught.value).split("\n")
    assert len(problem) < 300
    assert len(shown) <= 208
    assert shown.endswith("...")
    assert shown[mark.index("^") :].startswith(text[position : position + 100])


_WORDS = (
    *("P", "E", "share", "(", ")", ">", "reach", "stay", "in", "time", "to", "visits", "within", "before", "if"),
    *("reached", "from", "for", "by", "segment", "tier", "days", "7", "trial", "smb", "low", '"paying"', "'at risk'"),
)


@given(st.one_of(st.text(), st.lists(st.sampled_from(_WORDS)).map(" ".join)))
def test_any_text_is_a_question_or_refused(text):
    try:
        question = parse(text)
    except InputError as error:
        problem = str(error)
    else:
        problem = None
    assert question.text == text.strip() if problem is None else problem.count("\n") == 2


@st.composite
def questions(draw):
    """The text of a valid question, with the names in random quotes and the clauses in random order."""

    def name(known):
        found = draw(st.sampled_from(known))
        return draw(st.sampled_from([f'"{found}"', f"'{found}'"] + ([found] if " " not in found else [])))

    within = draw(st.sampled_from(["", " within 30", " within 0.5 days", " within 1e3"]))
    stage, other = draw(st.permutations(["trial", "paying", "at risk"]))[:2]
    about = draw(
        st.sampled_from(
            [
                f"P(reach '{stage}'{within})",
                f"P(reach '{stage}' before '{other}'{within})",
                f"P(stay in '{stage}' > 7)",
                f"E(time to '{stage}'{within or ' if reached'})",
                f"E(visits to '{stage}'{within})",
                f"share('{stage}'{within})",
            ]
        )
    )
    clauses = [f"for segment {name(NAMES.segments)}", "by tier"]
    if "P(" not in about and "time" not in about:
        clauses.append(f"from {name(NAMES.stages[:3])}")
    return " ".join([about, *draw(st.permutations(clauses))])


@given(questions())
def test_valid_questions_are_read(text):
    question = parse(text)
    assert question.by_tier
    assert question.segment in NAMES.segments
    assert (question.start is not None) == (" from " in text)
