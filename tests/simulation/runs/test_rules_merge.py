"""The rules of a scenario in pods and in shared runs."""

from dataclasses import replace

import pytest

from journey.core.findings import FindingSeverity
from journey.rules import Rule, Where
from simulation.metrics.rule_totals import RuleTotals
from simulation.model.reviewers_spec import Reviewers
from simulation.model.run_options import RunOptions
from simulation.runs.engine_choice import COMPILED, REFERENCE
from simulation.runs.run import run_arm, run_together, simulate_pod, split_into_pods
from tests.simulation.customer.rules_from_trace import count_verdicts
from tests.simulation.worlds import arm

RULES = (
    Rule("tickets in 5 days", "response", ("support",), ("move:resolve",), within_days=5.0),
    Rule("no action", "absence", ("intervention:executed",), where=Where(segment=("SMB",))),
    Rule("approved first", "precedence", ("review:approved",), ("intervention:executed",)),
)
NOTICES = tuple(replace(rule, severity=FindingSeverity.NOTICE) for rule in RULES)
NAMES = [f"{measure}:{rule.name}" for rule in RULES for measure in ("broken", "pending", "applies")]


def test_pods_add_up_in_any_order():
    arm_spec = arm(rules=NOTICES, population={"size": 60}, reviewers=Reviewers(count=3, pods=3))
    options = RunOptions(seed=1, replication=0, days=90.0, engine=REFERENCE)
    totals = [simulate_pod(pod, options)[0].counters.rules for pod in split_into_pods([arm_spec])]
    merged = RuleTotals.merge(totals)
    assert (merged.counts == RuleTotals.merge(totals[::-1]).counts).all()
    run = run_arm(arm_spec, seed=1, replication=0, days=90.0, trace=True)
    counts = count_verdicts(arm_spec, run, 1)
    assert run.metrics["applies:tickets in 5 days"] == 60
    assert run.metrics["broken:tickets in 5 days"] == counts["tickets in 5 days", "", "broken"] / 60 > 0.0


@pytest.mark.compiled
def test_arms_of_a_shared_run_with_other_policies_have_the_same_verdicts_in_both_engines():
    actions = {"actions": {"call": {"delivery": "human", "cost": 10.0, "averts": 0.2}}}
    arms = [arm("baseline", active=False, rules=NOTICES), arm("treated", policy=actions, rules=NOTICES)]
    expected = run_together(arms, seed=2, replication=0, days=90.0)
    found = run_together(arms, seed=2, replication=0, days=90.0, engine=COMPILED)
    for name in NAMES:
        assert [run.metrics[name] for run in found] == [run.metrics[name] for run in expected]
    assert expected[0].metrics["broken:no action"] == 0.0 < expected[1].metrics["broken:no action"]
    assert sum(run.metrics["applies:approved first"] for run in expected) == 60


def test_rules_that_decisions_need_not_respect_change_nothing_else():
    arm_spec = arm(population={"size": 40})
    plain = run_arm(arm_spec, seed=3, replication=0, days=90.0, trace=True)
    measured = run_arm(replace(arm_spec, rules=NOTICES), seed=3, replication=0, days=90.0, trace=True)
    assert measured.trace.rows == plain.trace.rows
    assert measured.quantities == plain.quantities
    assert {name: measured.metrics[name] for name in plain.metrics} == plain.metrics
