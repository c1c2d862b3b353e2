"""Simulated decisions respect rules: what the orchestrator alone can break is broken for no customer."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.core.findings import FindingSeverity
from journey.rules import Rule, Where
from simulation.model.reviewers_spec import Reviewers
from simulation.runs.engine_choice import COMPILED, REFERENCE
from simulation.runs.run import run_arm
from tests.levels import examples
from tests.simulation.world_strategies import POLICIES, populations, worlds
from tests.simulation.worlds import WORLD, arm

ACTIONS = tuple(f"action:{action}" for action in WORLD["effects"])
EAGER = {"thresholds": {"act_severity": 0.05, "act_confidence": 0.05}, "approve": "never",
         "contact": {"cool_down_days": 0.0, "max_contacts": 99}}  # fmt: skip
REVIEWERS = Reviewers(count=2, override=0.0)
"""A reviewer who overrides chooses another action, for which the orchestrator is not responsible."""

RULES = (
    Rule("two contacts", "absence", ACTIONS, count=2, within_days=40.0),
    Rule("no call", "absence", ("action:onboarding_specialist_call",), where=Where(segment=("SMB",))),
    Rule("approved first", "precedence", ("review:approved",), ACTIONS),
    Rule("approved each time", "alternate_precedence", ("review:approved",), ACTIONS),
    Rule("no later call", "not_succession", ACTIONS[2:], ACTIONS[:2]),
    Rule("one of two", "not_co_existence", ACTIONS[:3], ACTIONS[3:], within_days=100.0),
    Rule("at most twice", "absence", ACTIONS, count=3),
    Rule("at most one recommended", "absence", ("intervention:recommended",), count=2, within_days=30.0),
    Rule("pending at once", "chain_response", ("intervention:recommended",), ("intervention:pending_approval",)),
)
"""Rules of which only the orchestrator can break one."""


def warnings_of(rules):
    return tuple(replace(rule, severity=FindingSeverity.WARNING) for rule in rules)


def run(engine, rules, *, days=250.0, seed=3, trace=False, **changes):
    spec = arm(**{"policy": EAGER, "reviewers": REVIEWERS, "population": {"size": 60}, **changes}, rules=rules)
    return run_arm(spec, seed=seed, replication=0, days=days, engine=engine, trace=trace)


def broken(result, rules):
    """Share of the customers for whom each rule is broken; None if it applies to none."""
    return {rule.name: result.metrics[f"broken:{rule.name}"] for rule in rules}


@pytest.mark.compiled
@pytest.mark.parametrize("engine", [REFERENCE, COMPILED])
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_is_broken_only_where_decisions_do_not_respect_it(engine, rule):
    ignored, respected = run(engine, warnings_of([rule])), run(engine, (rule,))
    assert broken(ignored, [rule])[rule.name] > 0.0
    assert broken(respected, [rule])[rule.name] == 0.0


@pytest.mark.compiled
@settings(max_examples=examples(10, otherwise=3))
@given(
    worlds(), populations(), POLICIES, st.integers(0, 2**32), st.floats(30.0, 200.0),
    st.lists(st.sampled_from(RULES), min_size=1, max_size=3, unique=True),
)  # fmt: skip
def test_no_decision_in_any_world_breaks_a_rule(world, population, policy, seed, days, rules):
    changes = {"world": world, "population": population, "policy": policy, "days": days, "seed": seed}
    for engine in (REFERENCE, COMPILED):
        shares = broken(run(engine, tuple(rules), **changes), rules).values()
        assert all(share in (0.0, None) for share in shares)


def test_rules_that_warn_change_no_event():
    traces = [run(REFERENCE, rules, trace=True).trace.rows for rules in ((), warnings_of(RULES))]
    assert traces[0] == traces[1]


def test_held_back_actions_are_counted_by_reason_and_approvals_are_demanded():
    never = run(REFERENCE, RULES[1:2])
    assert never.decisions_by_reason["breaks_rule"] > 0
    assert run(REFERENCE, ()).events_by_kind.get("review_requested", 0) == 0
    approved = run(REFERENCE, RULES[2:3])
    assert approved.decisions_by_reason.get("breaks_rule", 0) == 0
    assert approved.events_by_kind["review_requested"] > 0
    assert approved.events_by_kind["action"] > 0


@pytest.mark.compiled
def test_both_engines_hold_back_the_same_actions():
    runs = [run(engine, RULES, trace=trace) for engine, trace in ((REFERENCE, False), (COMPILED, False))]
    assert runs[0].decisions_by_reason == runs[1].decisions_by_reason
    traces = [run(engine, RULES[:4], trace=True).trace.rows for engine in (REFERENCE, COMPILED)]
    assert traces[0] == traces[1]
