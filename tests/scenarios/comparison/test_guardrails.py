"""Guardrails in a comparison: outcome, verdict, JSON and report."""

import json

import pytest

from journey.core.errors import InputError
from scenarios.comparison.compare import compare
from scenarios.experiment.analysis import build_scenario_split
from scenarios.files.loader import load
from scenarios.reports.comparison import build_report
from scenarios.reports.document import render_markdown
from tests.scenarios import fakes


def compared(*overrides, run_arm=fakes.planted):
    return compare(load("default", ["replications=12", *overrides]), run_arm=run_arm)


def worse_satisfaction(arm, **options):
    """Churn falls by two points, and satisfaction by about 0.2 with a little noise."""
    made = fakes.planted(arm, **options)
    made.metrics["csat"] -= (0.2 + 0.01 * (options["replication"] % 3)) if arm.name == "treated" else 0.0
    return made


@pytest.mark.parametrize(
    ("guardrail", "outcome"),
    [
        ("churn_rate=0.01", "holds"),  # it falls by two points
        ("csat=-0.5", "holds"),
        ("csat=-0.1", "broken"),
        ("csat=-0.21", "not_shown"),
        ("interventions=-1", "holds"),
    ],
)
def test_the_outcome_is_that_of_the_interval_and_the_margin(guardrail, outcome):
    found = compared(f"guardrails.{guardrail}", run_arm=worse_satisfaction)
    (result,) = found.guardrails
    assert result.outcome == outcome
    name = guardrail.partition("=")[0]
    assert result.difference == found.effects["treated"][name].difference


def test_a_broken_guardrail_leads_the_verdict_and_its_arm_is_not_better():
    without, found = (
        compared(*more, "arms.third.label=x", run_arm=worse_satisfaction) for more in ((), ("guardrails.csat=-0.1",))
    )
    assert without.verdict.findings["treated"].outcome == "better"
    assert found.verdict.findings["treated"].outcome == "guardrail_broken"
    assert found.verdict.findings["third"].outcome == without.verdict.findings["third"].outcome
    document = found.to_dict()
    for text in (found.verdict.text, document["verdict"], repr(found)):
        assert text.startswith("treated: guardrail broken: CSAT -0.21 (95 % interval ")
        assert "significantly worse than the margin of -0.10" in text
    assert "The arm is not acceptable, because a guardrail is broken: CSAT." in found.verdict.headlines[0]
    assert document["verdicts"]["treated"] == "guardrail_broken"
    report = render_markdown(build_report(found))
    assert report.index("guardrail broken") < report.index("churn rate is")


def test_a_guardrail_that_is_not_shown_is_said():
    found = compared("guardrails.csat=-0.21", run_arm=worse_satisfaction)
    assert found.verdict.findings["treated"].outcome == "better"
    for text in (found.verdict.text, found.verdict.headlines[0]):
        assert "Guardrail not shown to hold: CSAT" in text


def test_json_has_every_guardrail_of_every_arm():
    found = compared("guardrails.csat=-0.1", "guardrails.churn_rate=0.01", "arms.third.label=x")
    rows = json.loads(json.dumps(found.to_dict()))["guardrails"]
    assert [(row["arm"], row["metric"]) for row in rows] == [
        ("treated", "csat"), ("treated", "churn_rate"), ("third", "csat"), ("third", "churn_rate")
    ]  # fmt: skip
    for row in rows:
        effect = found.effects[row["arm"]][row["metric"]].difference
        assert (row["difference"], row["ci_low"], row["ci_high"]) == (effect.mean, effect.low, effect.high)
        assert row["margin"] == {"csat": -0.1, "churn_rate": 0.01}[row["metric"]]


def test_a_scenario_without_guardrails_has_none():
    found = compared()
    assert found.to_dict()["guardrails"] == []
    assert "uardrail" not in render_markdown(build_report(found))
    assert load("default", ["guardrails={}"]).hash == load("default").hash
    assert load("default", ["guardrails.csat=-1"]).hash != load("default").hash


@pytest.mark.parametrize(
    ("guardrail", "message"),
    [
        ("churn_rate=-0.01", "-0.01 accepts a fall of churn_rate as the worst change, but lower is better; write 0.01"),
        ("csat=0.1", "0.1 accepts a rise of csat as the worst change, but higher is better; write -0.1"),
        ("interventions=0", "0 does not say in which direction interventions becomes worse"),
        ("churn_rate=1", "1 is 100 points, which a share cannot change by; write 0.01 for one point"),
        ("csta=-0.1", "unknown metric 'csta'; did you mean 'csat'?"),
        ("csat=inf", "should be a finite number"),
    ],
)
def test_a_guardrail_without_a_meaning_is_refused_with_the_cure(guardrail, message):
    with pytest.raises(InputError) as caught:
        load("default", [f"guardrails.{guardrail}"])
    assert message in str(caught.value)


def test_a_margin_of_0_takes_its_direction_from_the_metric():
    assert [guardrail.worse for guardrail in load("default", ["guardrails={csat=0, churn_rate=0}"]).guardrails] == [
        "lower", "higher"
    ]  # fmt: skip


def test_an_experiment_compares_totals_and_their_margins_per_customer():
    loaded = load(
        "default",
        [
            "population.size=60",
            "horizon_days=30",
            "replications=4",
            "guardrails={churn_rate=0.5, retained_value=-600000}",
        ],
    )
    found = compare(loaded, split=build_scenario_split(loaded))
    churn, value = found.guardrails
    assert churn.guardrail.margin == 0.5
    assert value.guardrail.margin == pytest.approx(-600_000 / found.experiment.total_customers)
    assert value.metric.label == "retained value per customer"
    assert churn.difference == found.effects["treated"]["churn_rate"].difference


@pytest.mark.parametrize(("replications", "outcome"), [(5, "not_shown"), (6, "holds")])
def test_too_few_equal_differences_are_explained(replications, outcome):
    """The number of interventions is the same in all runs of this fake engine."""
    found = compared("guardrails.interventions=5", f"replications={replications}")
    (result,) = found.guardrails
    assert result.outcome == outcome
    shown = render_markdown(build_report(found))
    for text in (found.verdict.text, shown):
        assert ("0.0 in every replication; 6 replications with the same difference" in text) == (outcome != "holds")
    assert ("tested by its sign, which takes 6 replications" in shown) == (outcome != "holds")


def test_one_replication_shows_nothing():
    (result,) = compared("guardrails.csat=-0.1", "replications=1").guardrails
    assert (result.outcome, result.p_value) == ("not_shown", None)
    assert "has no interval to compare with the margin of -0.10" in result.sentence


def test_a_metric_that_was_never_measured_is_called_that_with_the_reason():
    """This fake engine does not report the metric."""
    (result,) = compared("guardrails.logo_churn=0.05").guardrails
    assert result.sentence == (
        "guardrail not shown to hold: logo churn was never measured in both arms (no customer pays at the start)"
    )
