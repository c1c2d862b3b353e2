"""The rules of a scenario in both engines."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation.compiled import row_retention
from simulation.metrics.metric_names import RULE_MEASURES
from simulation.runs.engine_choice import COMPILED
from simulation.runs.run import run_arm
from tests.simulation.customer.metric_strategies import metric_sets
from tests.simulation.customer.rule_strategies import rule_sets
from tests.simulation.customer.test_own_metrics import own, rows_kept
from tests.simulation.full_worlds import full_arm
from tests.simulation.world_strategies import POLICIES, REVIEWERS, populations, worlds
from tests.simulation.worlds import arm


def assert_same_in_both_engines(arm_spec, *, seed, days):
    """All values are equal bit for bit: with a trace, in two passes, and where all customers are simulated twice."""
    names = {f"{measure}:{rule.name}" for rule in arm_spec.rules for measure in RULE_MEASURES} | set(arm_spec.metrics)
    options = {"seed": seed, "replication": 0, "days": days}
    expected = own(run_arm(arm_spec, **options, trace=True), names)
    assert {name.partition("[")[0] for name in expected[0]} == names
    runs = [run_arm(arm_spec, **options, trace=True, engine=COMPILED)]
    for kept in (row_retention.RETAINED_ROWS, 0):
        with rows_kept(kept):
            runs.append(run_arm(arm_spec, **options, engine=COMPILED))
    for run in runs:
        assert own(run, names) == expected


@pytest.mark.compiled
@settings(max_examples=12)
@given(
    rule_sets(), metric_sets(), worlds(), populations(), REVIEWERS, POLICIES, st.integers(0, 2**32),
    st.floats(10.0, 150.0),
)  # fmt: skip
def test_both_engines_agree_on_any_rules_of_any_world(rules, metrics, world, population, reviewers, policy, seed, days):
    arm_spec = arm(world=world, population=population, reviewers=reviewers, policy=policy, metrics=metrics, rules=rules)
    assert_same_in_both_engines(arm_spec, seed=seed, days=days)


@pytest.mark.compiled
@settings(max_examples=5)
@given(rule_sets(), st.integers(0, 2**32))
def test_both_engines_agree_on_any_rules_of_a_world_with_everything(rules, seed):
    assert_same_in_both_engines(full_arm(rules=rules), seed=seed, days=120.0)
