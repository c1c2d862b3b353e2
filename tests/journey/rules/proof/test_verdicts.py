"""Verdicts in cases with a known answer: guards, customers, days, other events, vacuous and unsatisfiable rules."""

import time

import pytest

from journey.machine import Guard, Journey, Move, default_journey
from journey.rules import TEMPLATES, Rule, parse_rules
from journey.rules.proof import prove_rules


def _journey(*moves, terminal="d", initial="a"):
    stages = ("a", "b", "c", "d")
    return Journey.build(stages=stages, moves=moves, initial=initial, terminal=terminal)


def _prove(journey, **rule):
    return prove_rules(journey, parse_rules([{"name": "rule", **rule}])).rules[0]


def _verdict(journey, **rule):
    proof = _prove(journey, **rule)
    return str(proof.verdict), [guard.move for guard in proof.guards]


def _guarded(*guards):
    """Two guarded moves in a row: from a to b, and from b to c."""
    one, two = (None if guard is None else Guard.of(**guard) for guard in guards)
    return _journey(Move("go", "a", "b", one), Move("on", "b", "c", two), Move("end", "a", "d"), Move("end", "c", "d"))


SMB = {"segment": "smb"}
NO_C = {"template": "absence", "a": "c"}


@pytest.mark.parametrize(
    ("guards", "where", "expected"),
    [
        ((None, None), {}, ("violated", [])),
        (({"min_days_in_stage": 7}, None), {}, ("depends", ["go"])),
        (({"min_days_in_stage": 0}, None), {}, ("violated", [])),
        ((SMB, None), {}, ("depends", ["go"])),
        ((SMB, SMB), {}, ("depends", ["go"])),
        ((SMB, {"segment": "mid"}), {}, ("holds", [])),
        ((SMB, {"segment": ["mid", "smb"]}), {}, ("depends", ["go"])),
        (({"segment": ["mid", "smb"]}, SMB), {}, ("depends", ["go", "on"])),
        ((SMB, {"risk_tier": "high"}), {}, ("depends", ["go", "on"])),
        (({"risk_tier": "low"}, {"risk_tier": "high"}), {}, ("holds", [])),
        ((SMB, SMB), {"segment": "smb"}, ("violated", [])),
        ((SMB, SMB), {"segment": "mid"}, ("holds", [])),
        ((SMB, None), {"segment": ["smb", "mid"]}, ("depends", ["go"])),
        (({"segment": ["smb", "mid"]}, None), {"segment": ["smb", "mid"]}, ("violated", [])),
        ((SMB, {"risk_tier": "high"}), {"segment": "smb", "tier": "high"}, ("violated", [])),
        ((None, {"came_from": "a"}), {}, ("violated", [])),
        ((None, {"came_from": "c"}), {}, ("holds", [])),
        (({"came_from": "a"}, None), {}, ("holds", [])),
        ((None, None), {"min_value": 1000, "consent": False}, ("violated", [])),
    ],
)
def test_a_guard_is_decided_where_the_journey_decides_it(guards, where, expected):
    assert _verdict(_guarded(*guards), **NO_C, where=where) == expected


def test_the_stage_before_a_stay_is_not_that_of_a_move_within_it():
    for restarts, expected in ((True, "holds"), (False, "violated")):
        again = Move("again", "b", "b", restarts_clocks=restarts)
        moves = Move("go", "a", "b"), again, Move("on", "b", "c", Guard.of(came_from="a")), Move("end", "b", "d")
        assert _verdict(_journey(*moves), template="not_succession", a="move:again", b="c")[0] == expected


def test_a_move_within_a_stay_is_no_entry():
    for restarts, expected in ((True, "violated"), (False, "holds")):
        moves = Move("go", "a", "b"), Move("again", "b", "b", restarts_clocks=restarts), Move("end", "b", "d")
        assert _verdict(_journey(*moves), template="absence", a="b", count=2)[0] == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"template": "response", "a": "c", "b": "d"}, "vacuous"),
        ({"template": "response", "a": "c", "b": "d", "within_days": 3}, "vacuous"),
        ({"template": "precedence", "a": "a", "b": "c"}, "vacuous"),
        ({"template": "co_existence", "a": "c", "b": "move:never"}, "vacuous"),
        ({"template": "not_succession", "a": "c", "b": "d"}, "vacuous"),
        ({"template": "not_succession", "a": "a", "b": "c"}, "holds"),
        ({"template": "not_co_existence", "a": "a", "b": "c"}, "holds"),
        ({"template": "absence", "a": "c"}, "holds"),
        ({"template": "existence", "a": "c"}, "unsatisfiable"),
        ({"template": "init", "a": "b"}, "unsatisfiable"),
        ({"template": "end", "a": "d"}, "holds"),
        ({"template": "response", "a": "a", "b": "signal:x"}, "needs_data"),
        ({"template": "response", "a": "signal:x", "b": "d"}, "holds"),
        ({"template": "precedence", "a": "signal:x", "b": "a"}, "unsatisfiable"),
        ({"template": "existence", "a": ["signal:x", "d"]}, "holds"),
        ({"template": "existence", "a": "b", "within_days": 7}, "needs_data"),
        ({"template": "existence", "a": "a", "within_days": 7}, "holds"),
        ({"template": "exactly", "a": "d", "count": 2}, "unsatisfiable"),
        ({"template": "chain_response", "a": "move:go", "b": "b", "within_days": 1}, "holds"),
        ({"template": "response", "a": "b", "b": "d", "within_days": 1}, "needs_data"),
        ({"template": "response", "a": "d", "b": "b", "within_days": 1}, "violated"),
        ({"template": "not_succession", "a": "move:go", "b": "b", "within_days": 1}, "violated"),
        ({"template": "not_succession", "a": "a", "b": "b", "within_days": 1}, "needs_data"),
        ({"template": "not_succession", "a": "b", "b": "a", "within_days": 1}, "holds"),
        ({"template": "absence", "a": ["move:go", "b"], "count": 2, "within_days": 1}, "violated"),
        ({"template": "absence", "a": ["a", "b", "d"], "count": 3, "within_days": 1}, "needs_data"),
        ({"template": "absence", "a": ["a", "b", "d"], "count": 4, "within_days": 1}, "holds"),
        ({"template": "absence", "a": ["a", "move:go", "b", "d"], "count": 4, "within_days": 1}, "needs_data"),
    ],
)
def test_a_verdict_is_as_strong_as_it_can_be(rule, expected):
    journey = _journey(Move("go", "a", "b"), Move("end", "b", "d"), Move("never", "c", "d"))
    assert str(_prove(journey, **rule).verdict) == expected


def test_a_rule_that_some_history_meets_before_it_ends_is_violated_and_not_unsatisfiable():
    journey = _journey(Move("go", "a", "b"), Move("end", "b", "d"))
    found = _prove(journey, template="absence", a="d")
    assert str(found.verdict) == "violated"
    assert "Every complete history breaks it." in found.message
    assert _verdict(journey, template="absence", a="a") == ("unsatisfiable", [])


def test_in_a_journey_without_an_end_open_demands_are_pending():
    journey = _journey(Move("go", "a", "b"), Move("back", "b", "a"), terminal=())
    assert _verdict(journey, template="existence", a="b") == ("holds", [])
    assert _verdict(journey, template="existence", a="c") == ("unsatisfiable", [])
    assert _verdict(journey, template="absence", a="b") == ("violated", [])
    assert _verdict(journey, template="init", a="b") == ("unsatisfiable", [])


def test_the_message_says_what_would_decide():
    message = _prove(default_journey(), template="response", a="support", b="action:call", within_days=9).message
    assert "depends on actions and days" in message
    assert "`journey check`" in message
    assert "`journey compare`" in message


def test_the_message_gives_the_verdict_without_the_limit():
    rule = {"template": "response", "a": "onboarding", "b": ["engagement", "churned"], "within_days": 30}
    assert "Without the limit of 30 days, the verdict is: holds." in _prove(default_journey(), **rule).message


@pytest.mark.parametrize("order", [1, -1])
def test_the_history_is_the_shortest_whatever_the_order_of_the_moves(order):
    short = [Move("one", "a", "b"), Move("two", "b", "f")]
    long = [Move("far", "a", "c"), Move("on", "c", "d"), Move("at_last", "d", "f")]
    journey = Journey.build(stages=tuple("abcdf"), moves=[*short, *long][::order], initial="a", terminal="f")
    proof = _prove(journey, template="absence", a="f")
    assert [move.name for move in proof.counterexample.moves] == ["one", "two"]


def test_the_text_of_a_long_history_is_short():
    found = _prove(default_journey(), template="absence", a="support", count=400).counterexample
    assert len(found.moves) == len(found.to_rows()) == 800
    assert str(found).startswith("onboarding -activate-> engagement -open_ticket-> support")
    assert " ... (780 moves) ..." in str(found)


@pytest.mark.medium
def test_a_hundred_rules_of_thirty_stages_take_less_than_a_second():
    stages = [f"s{number}" for number in range(30)]
    moves = [Move(f"m{number}", stages[number], stages[number + 1]) for number in range(29)]
    moves += [Move(f"x{number}", stages[number % 29], stages[(number * 7) % 30]) for number in range(60)]
    journey = Journey.build(stages=stages, moves=moves, initial="s0", terminal="s29")
    events = [*stages, *(f"move:{move.name}" for move in moves)]
    rules = []
    for number in range(100):
        name = sorted(TEMPLATES)[number % len(TEMPLATES)]
        a, b = events[number * 5 % len(events)], events[(number * 5 + 7) % len(events)]
        rules.append(Rule(f"rule {number}", name, (a,), (b,) if TEMPLATES[name].has_b else ()))
    begun = time.process_time()
    proof = prove_rules(journey, rules)
    assert time.process_time() - begun < 1.0
    assert len({each.verdict for each in proof.rules}) >= 3
