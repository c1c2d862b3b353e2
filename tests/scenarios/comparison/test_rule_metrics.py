"""The metrics of declared rules in a comparison: primary metric, guardrail, precision, experiment, tables and JSON."""

import json

import pytest

import journeylab as jl
from journey.core.errors import InputError
from scenarios.comparison.compare import compare
from scenarios.experiment.analysis import build_scenario_split
from scenarios.files.loader import load
from scenarios.operations.comparison import plan_comparison
from simulation.runs.run import run_arm, run_together
from tests.scenarios.cli.invocation import invoke

LATE, CALLS = "broken:activation in 30 days", "broken:one call in 60 days"
SCENARIO = f"""
title = "Activation"
extends = "onboarding_outreach"
primary_metric = "{LATE}"
horizon_days = 60
replications = 3

[population]
size = 120

[guardrails]
"{CALLS}" = 0.9

[[rules]]
name = "activation in 30 days"
template = "response"
a = "onboarding"
b = "engagement"
within_days = 30

[[rules]]
name = "one call in 60 days"
template = "absence"
a = "action:onboarding_specialist_call"
count = 2
within_days = 60
where = {{ segment = "SMB" }}
severity = "warning"
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("rules") / "rules.toml"
    path.write_text(SCENARIO)
    return path


@pytest.fixture(scope="module")
def loaded(file):
    return load(file)


@pytest.fixture(scope="module")
def compared(loaded):
    return compare(loaded)


def test_a_rule_is_a_primary_metric_and_a_guardrail(compared):
    document = json.loads(json.dumps(compared.to_dict()))
    assert document["primary_metric"] == LATE
    assert {(row["metric"], row["outcome"]) for row in document["guardrails"]} == {(CALLS, "holds")}
    assert "share breaking 'activation in 30 days'" in compared.verdict.text


def test_an_effect_is_the_mean_difference_of_the_runs(loaded, compared):
    runs = [
        [run_arm(arm, seed=loaded.scenario.seed, replication=each, days=60.0) for arm in loaded.arms]
        for each in range(3)
    ]
    for name in (LATE, CALLS, f"{LATE}[SMB]", f"{LATE}[tier=high]", "pending:activation in 30 days"):
        differences = [treated.metrics[name] - baseline.metrics[name] for baseline, treated in runs]
        assert compared.effects["treated"][name].difference.mean == pytest.approx(sum(differences) / 3, abs=1e-12)
    assert {run.metrics["applies:activation in 30 days"] for arms in runs for run in arms} == {120.0}
    # The conditions of a rule choose its customers by their traits, which are the same in all arms.
    assert all(arms[0].denominators[CALLS] == arms[1].denominators[CALLS] < 120 for arms in runs)


def test_precision_takes_the_metric_of_a_rule(loaded):
    assert plan_comparison(loaded, precision=[f"{LATE}=0.5"]).precision.targets == {LATE: 0.5}
    with pytest.raises(InputError, match="unknown metric 'broken:activation'"):
        plan_comparison(loaded, precision=["broken:activation=0.5"])


def test_an_experiment_pools_the_customers_to_whom_the_rule_applies(loaded):
    split = build_scenario_split(loaded)
    experiment = compare(loaded, split=split)
    shares = []
    for replication in range(3):
        runs = run_together(split.strata, seed=loaded.scenario.seed, replication=replication, days=60.0)
        treated = [run for run in runs if run.arm.startswith("treated[") and run.denominators[CALLS]]
        applies = sum(run.denominators[CALLS] for run in treated)
        shares.append(sum(run.metrics[CALLS] * run.denominators[CALLS] for run in treated) / applies)
    assert experiment.arms["treated"][CALLS].mean == pytest.approx(sum(shares) / 3)


def test_a_report_explains_the_rule(compared):
    from scenarios.reports.comparison import build_report
    from scenarios.reports.document import render_markdown

    shown = render_markdown(build_report(compared))
    assert "share breaking 'activation in 30 days'" in shown


def test_the_list_of_metrics_has_those_of_rules(file):
    by_name = {metric.name: metric for metric in jl.metrics(file)}
    metric = by_name[CALLS]
    assert metric.definition == (
        "Share of customers for whom this rule is broken, among those to whom it applies: "
        "'action:onboarding_specialist_call' happens less than twice within any 60 days (for segment SMB)."
    )
    assert (metric.unit, metric.by, metric.better, metric.group) == ("share", ("segment", "tier"), "lower", "rules")
    assert metric.source.endswith("rules.toml: rules[1]")
    assert by_name["applies:one call in 60 days"].unit == "count"
    shown = " ".join(invoke("metrics", file).stdout.split())
    assert "[[rules]]: broken:activation in 30 days" in shown


def test_a_run_prints_the_shares_and_the_number_of_customers(file):
    shown = invoke("simulate", file, COLUMNS="120").stdout
    assert "customers subject to 'activation in 30 days'" in shown
    assert "share breaking 'activation in 30 days' [SMB]" in shown


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ('primary_metric="broken:activation in 3 days"', "did you mean 'broken:activation in 30 days'"),
        ('guardrails={ "broken:one call in 60 days" = -0.1 }', "lower is better"),
        ('rules=[{ name = "a [b]", template = "init", a = "onboarding" }]', "must not contain '[' or ']'"),
    ],
)
def test_mistakes_are_named(file, key, message):
    with pytest.raises(InputError) as caught:
        load(file, [key])
    assert message in str(caught.value)
