"""`journey metrics` and `journeylab.metrics`."""

import json

import pytest

import journeylab as jl
from scenarios.metrics.definitions import BUILT_IN
from tests.scenarios.cli.invocation import invoke


def test_it_lists_every_metric_with_the_keys_of_the_contract():
    listed = json.loads(invoke("metrics", "--json").stdout)
    assert {metric["name"] for metric in listed} == set(BUILT_IN)
    assert all({"name", "unit", "definition", "by", "source"} <= set(metric) for metric in listed)
    (churn,) = (metric for metric in listed if metric["name"] == "churn_rate")
    assert (churn["unit"], churn["by"], churn["source"], churn["better"]) == (
        "share", ["segment"], "built in", "lower"
    )  # fmt: skip


def test_the_text_names_what_json_does():
    shown = invoke("metrics", COLUMNS="80").stdout
    assert all(name in shown for name in BUILT_IN)
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize(("scenario", "has_clicks"), [("default", False), ("acquisition_quality", True)])
def test_metrics_of_campaigns_are_those_of_scenarios_with_campaigns(scenario, has_clicks):
    assert ("clicks" in {metric.name for metric in jl.metrics(scenario)}) == has_clicks


def test_python_lists_what_the_command_lists():
    listed = json.loads(invoke("metrics", "default", "--json").stdout)
    assert [metric.as_dict() for metric in jl.metrics("default")] == listed


def test_an_override_without_a_scenario_is_refused():
    assert invoke("metrics", "--set", "seed=1").stderr.startswith("journey: --set: changes a scenario, and none")
    with pytest.raises(jl.InputError, match="name a scenario"):
        jl.metrics(overrides=["seed=1"])


@pytest.mark.parametrize("option", [("--precision", "chrun_rate=1"), ("--set", "primary_metric=chrun_rate")])
def test_an_unknown_name_leads_to_the_list(option):
    done = invoke("compare", "default", *option)
    assert done.exit_code == 2
    assert "unknown metric 'chrun_rate'; did you mean 'churn_rate'" in done.stderr
    assert "`journey metrics" in done.stderr
