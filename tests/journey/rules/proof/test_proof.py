"""Verdicts about rules, against all histories up to a length, judged by the definitions of the templates."""

from hypothesis import given
from hypothesis import strategies as st

from journey.machine import Journey, Move
from journey.rules import TEMPLATES, Rule, Where
from journey.rules.proof import Verdict, prove_rules
from journey.rules.templates import Days
from journeylab.testing import guards, journeys
from journeylab.testing.strategies.journeys import MOVE_NAMES, SEGMENTS, TIERS
from tests.journey.rules.proof.brute_force import judge, list_histories, symbol_of

OUTSIDE = ("signal:x", "action:y")
WHERES = st.sampled_from(
    [Where(), Where(segment=SEGMENTS[:1]), Where(segment=SEGMENTS[:2]), Where(tier=TIERS), Where(min_value=5.0)]
)


@st.composite
def _connected_journeys(draw):
    """Small journeys with many histories; those of `journeys` may have hardly any."""
    stages = ["one", "two", "three", "end"][-draw(st.integers(3, 4)) :]
    live = stages[:-1]
    places = [(stage, name) for stage in live for name in MOVE_NAMES[:3]]
    chosen = draw(st.lists(st.sampled_from(places), unique=True, min_size=len(live) + 1, max_size=7))
    moves = []
    for stage, name in chosen:
        destination = draw(st.sampled_from(stages))
        guard = draw(st.one_of(st.none(), st.none(), guards(stages)))
        moves.append(Move(name, stage, destination, guard, destination != stage or draw(st.booleans())))
    initial = draw(st.lists(st.sampled_from(live), unique=True, min_size=1, max_size=2))
    return Journey.build(stages=stages, moves=moves, initial=initial, terminal="end")


@st.composite
def _rules(draw, journey, *, outside=False, limited=False):
    name = draw(st.sampled_from(sorted(TEMPLATES)))
    template = TEMPLATES[name]
    known = [*journey.stages, *(f"move:{move}" for move in journey.move_names), "nowhere", *(OUTSIDE * outside)]
    names = draw(st.lists(st.sampled_from(known), min_size=2, max_size=3, unique=True))
    count = draw(st.integers(1, 2)) if template.has_count else 1
    may_limit = limited and template.days is not Days.UNUSED and not (name == "absence" and count == 1)
    return Rule(
        "rule",
        name,
        tuple(names[1:]),
        tuple(names[:1]) if template.has_b else (),
        within_days=7.0 if may_limit else None,
        count=count,
        where=draw(WHERES),
    )


@st.composite
def _cases(draw, *, outside=False, limited=False):
    journey = draw(_connected_journeys() | journeys(max_stages=4, max_moves=6))
    return journey, draw(_rules(journey, outside=outside, limited=limited))


def _compare(journey, rule, length, outside=(), most=0):
    proof = prove_rules(journey, [rule]).rules[0]
    histories = list(list_histories(journey, rule.where, length))
    judged = [(history, *judge(rule, history, outside, most)) for history in histories]
    certain = [len(h.moves) for h, broken, _, _ in judged if broken and h.is_certain]
    possible = [len(h.moves) for h, broken, _, _ in judged if broken]
    found = proof.counterexample
    if found is not None:
        shortest = possible if proof.guards else certain
        assert found.moves or found.start in journey.initial
        assert len(found.moves) > length or len(found.moves) == min(shortest)
        same = [h for h in histories if (h.start, h.moves) == (found.start, found.moves)]
        assert len(found.moves) > length or (same and judge(rule, same[0], outside, most)[0])
    if certain:
        assert proof.verdict in (Verdict.VIOLATED, Verdict.UNSATISFIABLE)
    elif possible:
        assert proof.verdict in (Verdict.VIOLATED, Verdict.UNSATISFIABLE, Verdict.DEPENDS)
    elif any(some for _, _, some, _ in judged):
        assert proof.verdict not in (Verdict.HOLDS, Verdict.VACUOUS)
    if any(met for *_, met in judged):
        assert proof.verdict is not Verdict.UNSATISFIABLE
    return proof


@given(_cases())
def test_a_verdict_about_stages_and_moves_is_that_of_all_histories(case):
    proof = _compare(*case, length=4)
    assert proof.verdict is not Verdict.NEEDS_DATA


@given(_cases(limited=True))
def test_a_verdict_about_days_is_that_of_all_times(case):
    _compare(*case, length=4)


@given(_cases(outside=True))
def test_a_verdict_about_other_events_is_that_of_all_that_may_happen(case):
    _, rule = case
    symbols = {symbol_of(rule, ("signal", each)) for each in ("x", "")} if "signal" in rule.kinds else set()
    symbols |= {symbol_of(rule, ("action", each)) for each in ("y", "")} if "action" in rule.kinds else set()
    _compare(*case, length=2, outside=sorted(symbols), most=2 if len(symbols) < 3 else 1)


@given(_cases(outside=True, limited=True))
def test_a_verdict_about_days_and_other_events_is_that_of_all_that_may_happen(case):
    _, rule = case
    symbols = {symbol_of(rule, ("signal", each)) for each in ("x", "")} if "signal" in rule.kinds else set()
    symbols |= {symbol_of(rule, ("action", each)) for each in ("y", "")} if "action" in rule.kinds else set()
    _compare(*case, length=2, outside=sorted(symbols), most=1)
