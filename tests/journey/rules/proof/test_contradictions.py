"""Rules that contradict each other, against all histories up to a length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.machine import Guard, Journey, Move
from journey.rules import parse_rules
from journey.rules.proof import Verdict, contradictions, prove_rules
from tests.journey.rules.proof.brute_force import CUSTOMERS, judge, list_histories
from tests.journey.rules.proof.strategies import connected_journeys, rules_about

TRIAL = Journey.build(
    stages=("trial", "paying", "paused", "gone"),
    initial="trial",
    terminal="gone",
    moves=(
        Move("convert", "trial", "paying"),
        Move("pause", "paying", "paused", Guard.of(segment="team")),
        Move("resume", "paused", "paying"),
        Move("leave", "trial", "gone"),
        Move("leave", "paying", "gone"),
    ),
)


def _contradictions(*rules):
    named = [{"name": str(number), **rule} for number, rule in enumerate(rules, start=1)]
    proof = prove_rules(TRIAL, parse_rules(named))
    return [tuple(rule.name for rule in each.rules) for each in proof.contradictions]


@st.composite
def _pairs(draw):
    journey = draw(connected_journeys())
    names = ("first", "second")
    return journey, [draw(rules_about(journey, name=name)) for name in names]


@pytest.mark.medium
@given(_pairs())
def test_a_pair_contradicts_if_no_history_meets_both(case):
    journey, rules = case
    proof = prove_rules(journey, rules)
    customers = {each for each in CUSTOMERS if all(rule.where.admits(*each, 5.0) for rule in rules)}
    met = [{(h.start, h.moves) for h in list_histories(journey, r.where, 5) if judge(r, h)[2]} for r in rules]
    both = [
        h
        for h in list_histories(journey, rules[0].where, 5)
        if {(h.start, h.moves)} <= met[0] & met[1] and customers & h.customers
    ]
    if both or not customers:
        assert proof.contradictions == ()
    elif any(h.ended and customers & h.customers for h in list_histories(journey, rules[0].where, 5)):
        # A rule that no complete history meets, or that every history meets, contradicts no other.
        certain = {Verdict.HOLDS, Verdict.VACUOUS}
        assert proof.contradictions or not all(met) or certain & {each.verdict for each in proof.rules}
    if proof.contradictions:
        assert not {Verdict.UNSATISFIABLE, Verdict.HOLDS, Verdict.VACUOUS} & {each.verdict for each in proof.rules}
        assert proof.contradictions[0].rules == tuple(rules)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"template": "existence", "a": "paying"}, {"template": "absence", "a": "paying"}),
        ({"template": "existence", "a": "signal:x"}, {"template": "absence", "a": "signal:x"}),
        ({"template": "existence", "a": "paying"}, {"template": "not_succession", "a": "trial", "b": "paying"}),
        (
            {"template": "response", "a": "trial", "b": "paused", "where": {"segment": ["team", "solo"]}},
            {"template": "existence", "a": "trial", "where": {"segment": "solo"}},
        ),
    ],
)
def test_a_pair_is_named_where_it_has_customers_in_common(first, second):
    is_pair = "where" not in first
    assert _contradictions(first, second) == ([("1", "2")] if is_pair else [])


@pytest.mark.parametrize(
    "where",
    [
        ({"segment": "team"}, {"segment": "solo"}),
        ({"tier": "low"}, {"tier": "high"}),
        ({"min_value": 10}, {"max_value": 9}),
        ({"consent": True}, {"consent": False}),
    ],
)
def test_rules_about_different_customers_do_not_contradict(where):
    rules = {"template": "existence", "a": "paying"}, {"template": "absence", "a": "paying"}
    assert _contradictions(*({**rule, "where": each} for rule, each in zip(rules, where, strict=True))) == []
    assert _contradictions(*rules) == [("1", "2")]


def test_rules_that_only_some_customers_can_meet_contradict_for_the_others():
    pause = {"template": "existence", "a": "paused", "where": {"segment": ["team", "solo"]}}
    other = {"template": "absence", "a": "move:resume", "where": {"segment": "team"}}
    assert _contradictions(pause, other) == [("1", "2")]


def test_in_a_journey_without_an_end_a_rule_is_met_while_it_is_not_broken():
    moves = Move("go", "a", "b"), Move("back", "b", "a")
    journey = Journey.build(stages=("a", "b"), moves=moves, initial=("a", "b"))
    for last, expected in (("b", 1), ("c", 0)):
        rules = [
            {"name": "1", "template": "absence", "a": "a"},
            {"name": "2", "template": "absence", "a": last},
        ]
        assert len(prove_rules(journey, parse_rules(rules)).contradictions) == expected


def test_a_minimal_set_of_three_is_named():
    rules = (
        {"template": "choice", "a": "paying", "b": "signal:x"},
        {"template": "absence", "a": "paying"},
        {"template": "absence", "a": "signal:x"},
        {"template": "absence", "a": "paying", "count": 3},
    )
    assert _contradictions(*rules) == [("1", "2", "3")]


def test_events_that_one_rule_demands_and_another_forbids_after_a_wait_do_not_contradict():
    calls = {"template": "existence", "a": "action:call", "count": 2}
    rare = {"template": "absence", "a": "action:call", "count": 2, "within_days": 14}
    assert _contradictions(calls, rare) == []


def test_pairs_whose_histories_are_too_many_are_counted_and_not_searched_for_ever(monkeypatch):
    monkeypatch.setattr(contradictions, "MOST_PLACES_OF_PAIRS", 1_000)
    many = [{"name": each, "template": "exactly", "a": f"signal:{each}", "count": 900} for each in ("x", "y")]
    never = {"name": "never both", "template": "not_co_existence", "a": "signal:x", "b": "signal:y"}
    proof = prove_rules(TRIAL, parse_rules([*many, never]))
    assert proof.undecided_pairs > 0
    assert proof.contradictions == ()
