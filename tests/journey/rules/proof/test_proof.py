"""Verdicts about rules, against all histories up to a length, judged by the definitions of the templates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.rules.proof import Verdict, prove_rules
from journeylab.testing import journeys
from tests.journey.rules.proof.brute_force import judge, list_histories, symbol_of
from tests.journey.rules.proof.strategies import connected_journeys, rules_about


@st.composite
def _cases(draw, *, outside=False, limited=False):
    journey = draw(connected_journeys() | journeys(max_stages=4, max_moves=6))
    return journey, draw(rules_about(journey, outside=outside, limited=limited))


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


@pytest.mark.medium
@given(_cases())
def test_a_verdict_about_stages_and_moves_is_that_of_all_histories(case):
    proof = _compare(*case, length=4)
    assert proof.verdict is not Verdict.NEEDS_DATA


@pytest.mark.slow
@given(_cases(limited=True))
def test_a_verdict_about_days_is_that_of_all_times(case):
    _compare(*case, length=4)


@pytest.mark.medium
@given(_cases(outside=True))
def test_a_verdict_about_other_events_is_that_of_all_that_may_happen(case):
    _, rule = case
    symbols = {symbol_of(rule, ("signal", each)) for each in ("x", "")} if "signal" in rule.kinds else set()
    symbols |= {symbol_of(rule, ("action", each)) for each in ("y", "")} if "action" in rule.kinds else set()
    _compare(*case, length=2, outside=sorted(symbols), most=2 if len(symbols) < 3 else 1)


@pytest.mark.medium
@given(_cases(outside=True, limited=True))
def test_a_verdict_about_days_and_other_events_is_that_of_all_that_may_happen(case):
    _, rule = case
    symbols = {symbol_of(rule, ("signal", each)) for each in ("x", "")} if "signal" in rule.kinds else set()
    symbols |= {symbol_of(rule, ("action", each)) for each in ("y", "")} if "action" in rule.kinds else set()
    _compare(*case, length=2, outside=sorted(symbols), most=1)
