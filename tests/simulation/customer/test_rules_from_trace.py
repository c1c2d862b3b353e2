"""The metrics of rules are the verdicts by definition on the trace, for any rules and any world."""

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from simulation.runs.run import run_arm
from tests.levels import examples
from tests.simulation.customer.rule_strategies import rule_sets
from tests.simulation.customer.rules_from_trace import count_verdicts
from tests.simulation.full_worlds import full_arm
from tests.simulation.world_strategies import POLICIES, REVIEWERS, populations, worlds
from tests.simulation.worlds import arm

PARTS = ("", "[SMB]", "[Enterprise]", "[tier=low]", "[tier=medium]", "[tier=high]")

PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
"""Shrinking and explaining a failure would simulate for minutes."""


def assert_verdicts_are_those_of_the_trace(arm_spec, *, seed, days):
    run = run_arm(arm_spec, seed=seed, replication=0, days=days, trace=True)
    counts = count_verdicts(arm_spec, run, seed)
    for rule in arm_spec.rules:
        assert run.metrics[f"applies:{rule.name}"] == counts[rule.name, "", "applies"]
        for part in PARTS:
            customers = counts[rule.name, part, "applies"]
            for measure in ("broken", "pending"):
                name = f"{measure}:{rule.name}{part}"
                assert run.denominators[name] == customers
                expected = counts[rule.name, part, measure] / customers if customers else None
                assert run.metrics[name] == expected, (rule, name)


@settings(max_examples=examples(25, otherwise=6), phases=PHASES)
@given(rule_sets(), worlds(), populations(), REVIEWERS, POLICIES, st.integers(0, 2**32), st.floats(10.0, 150.0))
def test_verdicts_are_those_of_the_trace_in_any_world(rules, world, population, reviewers, policy, seed, days):
    arm_spec = arm(world=world, population=population, reviewers=reviewers, policy=policy, rules=rules)
    assert_verdicts_are_those_of_the_trace(arm_spec, seed=seed, days=days)


@settings(max_examples=examples(15, otherwise=4), phases=PHASES)
@given(rule_sets(), st.integers(0, 2**32))
def test_verdicts_are_those_of_the_trace_in_a_world_with_everything(rules, seed):
    assert_verdicts_are_those_of_the_trace(full_arm(rules=rules), seed=seed, days=200.0)
