"""A scenario reports the metrics of recurring revenue that it names, and no others."""

import pytest

from scenarios.files.loader import load
from scenarios.metrics.definitions import BUILT_IN, RECURRING_REVENUE
from simulation.metrics.on_demand import ON_DEMAND
from simulation.metrics.recurring_revenue import REVENUE_METRICS
from tests.scenarios.cli.invocation import invoke, json_of

SMALL = ("--customers", 60, "--days", 30, "--replications", 2, "--workers", 1, "--engine", "reference")


def test_every_metric_has_a_definition():
    assert tuple(RECURRING_REVENUE) == REVENUE_METRICS
    assert set(ON_DEMAND) <= set(BUILT_IN)


@pytest.mark.medium
def test_what_a_scenario_names_is_compared():
    named = ("--set", 'report=["arr"]', "--set", 'primary_metric="mrr[SMB]"', "--set", "guardrails.logo_churn=0.01")
    found = json_of("compare", "default", *SMALL, *named)
    effects = found["effects"]["treated"]
    assert {name.partition("[")[0] for name in effects} & set(REVENUE_METRICS) == {"mrr", "arr", "logo_churn"}
    assert {"arr", "arr[SMB]", "logo_churn"} <= set(effects)
    assert found["guardrails"][0]["metric"] == "logo_churn"


def test_by_default_none_is_reported():
    assert all(setup.reported == frozenset() for setup in load("default").arms)
    ratio = ('metrics.arpa.ratio=["mrr", "interventions"]',)
    assert {setup.reported for setup in load("default", ratio).arms} == {frozenset({"mrr"})}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--set", 'report=["mrx"]'), "unknown metric 'mrx'; did you mean 'mrr'?"),
        (("--set", 'report=["csat"]'), "csat is always reported; leave it out here"),
        (("--set", 'report=["mrr[SMB]"]'), "mrr[SMB] is reported with mrr; write mrr"),
        (("--precision", "mrr=100"), "mrr is not reported; add --set 'report=[\"mrr\"]'"),
    ],
)
def test_a_metric_that_cannot_be_reported_is_refused(arguments, message):
    done = invoke("compare", "default", *arguments)
    assert done.exit_code == 2
    assert message in done.stderr
