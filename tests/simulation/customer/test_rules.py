"""The rules of a scenario in both engines."""

from dataclasses import replace
from math import inf

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from journey.core.findings import FindingSeverity
from journey.machine import Journey, Move
from journey.rules import TEMPLATES, Rule, Where
from journey.rules.monitor import OTHER, A, B, advance_marks, initial_marks
from journey.rules.respect import ALLOWED, FORBIDDEN, ONLY_APPROVED
from simulation.compiled import row_retention
from simulation.customer.own_metrics import UNSEEN
from simulation.customer.rules import apply_rules, begin_history, see_event
from simulation.customer.state import Customer
from simulation.metrics.metric_names import RULE_MEASURES
from simulation.model.arm import compile_arm
from simulation.model.rule_parameters import EXECUTED, HEEDS_OTHERS, INTERVENTION, list_initial_marks
from simulation.model.world_spec import World
from simulation.runs.engine_choice import COMPILED
from simulation.runs.run import run_arm
from tests.levels import examples
from tests.simulation.bare_worlds import bare
from tests.simulation.customer.metric_strategies import metric_sets
from tests.simulation.customer.rule_strategies import rule_sets
from tests.simulation.customer.rules_from_trace import count_verdicts
from tests.simulation.customer.test_own_metrics import own, rows_kept
from tests.simulation.full_worlds import full_arm
from tests.simulation.world_strategies import POLICIES, REVIEWERS, populations, worlds
from tests.simulation.worlds import arm

PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
"""Shrinking and explaining a failure would simulate for minutes."""


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
@settings(max_examples=examples(12, otherwise=4), phases=PHASES)
@given(
    rule_sets(), metric_sets(), worlds(), populations(), REVIEWERS, POLICIES, st.integers(0, 2**32),
    st.floats(10.0, 150.0),
)  # fmt: skip
def test_both_engines_agree_on_any_rules_of_any_world(rules, metrics, world, population, reviewers, policy, seed, days):
    arm_spec = arm(world=world, population=population, reviewers=reviewers, policy=policy, metrics=metrics, rules=rules)
    assert_same_in_both_engines(arm_spec, seed=seed, days=days)


@pytest.mark.compiled
@settings(max_examples=5, phases=PHASES)
@given(rule_sets(), st.integers(0, 2**32))
def test_both_engines_agree_on_any_rules_of_a_world_with_everything(rules, seed):
    assert_same_in_both_engines(full_arm(rules=rules), seed=seed, days=120.0)


class _Engine:
    """The tables of an engine that rules need, for one customer."""

    def __init__(self, rules, slots):
        self.observed = [[UNSEEN] * slots + list_initial_marks(rules)]
        self.trial_marks = [0.0] * len(self.observed[0])


def _start(rules, **traits):
    arm_spec = arm(rules=rules)
    parameters = compile_arm(arm_spec, ("SMB", "Enterprise")).parameters
    engine, customer = _Engine(rules, parameters.own_metrics.slots), Customer(**traits)
    begin_history(parameters, customer, engine)
    return parameters, customer, engine


def _verdict(started, *, needs_approval=False):
    """What the rules say about the first action other than monitoring."""
    parameters, customer, engine = started
    action = 1 if parameters.policy.monitor == 0 else 0
    return apply_rules(parameters, customer, engine, action, needs_approval)


def test_an_action_that_would_break_a_rule_of_severity_error_is_forbidden():
    never = Rule("never", "absence", ("intervention:executed",))
    started = _start((never,))
    marks = list(started[2].observed[0])
    assert _verdict(started) == FORBIDDEN
    assert started[2].observed[0] == marks
    see_event(*started, INTERVENTION, EXECUTED)
    # A rule that was broken must not be broken again.
    assert _verdict(started) == FORBIDDEN
    assert _verdict(_start((replace(never, severity=FindingSeverity.WARNING),))) == ALLOWED
    elsewhere = replace(never, where=Where(segment=("Enterprise",)))
    assert _verdict(_start((elsewhere,))) == ALLOWED
    assert _verdict(_start((elsewhere,), segment=1)) == FORBIDDEN


def test_an_action_that_only_an_approval_lets_keep_a_rule_needs_it():
    started = _start((Rule("approved first", "precedence", ("review:approved",), ("intervention:executed",)),))
    assert _verdict(started) == ONLY_APPROVED
    assert _verdict(started, needs_approval=True) == ALLOWED


@given(
    st.lists(st.tuples(st.sampled_from([OTHER, A, B]), st.floats(0.0, 9.0)), max_size=8), st.integers(1, 3),
    st.sampled_from([inf, 1.0, 5.0]),
)  # fmt: skip
def test_an_event_that_is_neither_a_nor_b_does_not_matter_to_the_other_templates(events, count, days):
    for template in (each.code for each in TEMPLATES.values() if each.code not in HEEDS_OTHERS):
        limit = inf if template == TEMPLATES["absence"].code and count == 1 else days
        marks, now = initial_marks(template, count, limit), 0.0
        for symbol, wait in events:
            now += wait
            before = list(marks)
            advance_marks(template, count, limit, marks, 0, symbol, now, 0.0)
            assert symbol != OTHER or marks == before


def test_a_present_customer_has_a_history_from_the_entry_into_the_stage():
    rules = (Rule("moves in 30 days", "existence", ("move:open_ticket", "move:resolve"), within_days=30.0),)
    arm_spec = arm(rules=rules, population={"in_mid_stay": True})
    run = run_arm(arm_spec, seed=4, replication=0, days=5.0, trace=True)
    # The run is shorter than the limit: only customers who entered their stage before day 0 can have broken the rule.
    broken = count_verdicts(arm_spec, run, 4)["moves in 30 days", "", "broken"]
    assert run.metrics["broken:moves in 30 days"] * run.customers == pytest.approx(broken)
    assert broken > 0


def test_a_move_within_a_stay_is_no_entry():
    journey = Journey.build(
        stages=("open", "closed"),
        moves=(Move("touch", "open", "open", restarts_clocks=False), Move("close", "open", "closed")),
        initial="open",
        terminal="closed",
    )
    world = World.model_validate(
        {"moves": {"touch": {"dwell": {"mean_days": 3}}, "close": {"dwell": {"mean_days": 60}}}}
    )
    rules = (Rule("one entry", "absence", ("open",), count=2), Rule("one touch", "absence", ("move:touch",), count=2))
    arm_spec = replace(bare(population={"size": 50}), journey=journey, world=world, rules=rules, active=False)
    run = run_arm(arm_spec, seed=1, replication=0, days=30.0)
    assert run.metrics["broken:one entry"] == 0.0
    assert run.metrics["broken:one touch"] > 0.9
