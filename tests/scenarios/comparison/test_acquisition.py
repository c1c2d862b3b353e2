"""Scenarios whose customers come from campaigns: what is refused, compared and reported."""

import json
from dataclasses import fields

import pytest

from journey.core.errors import InputError
from scenarios.comparison.acquisition import ArmAcquisition, ChannelMeans
from scenarios.comparison.compare import compare
from scenarios.experiment.analysis import build_scenario_split
from scenarios.explain.explain import explain
from scenarios.files.loader import load
from scenarios.files.schema import build_scenario_schema
from scenarios.reports.acquisition import COLUMNS, channel_rows, describe_customers
from scenarios.reports.comparison import build_report
from scenarios.reports.document import render
from simulation.metrics.run_results import Run
from simulation.runs.run import run_arm

pytestmark = pytest.mark.compiled

CHANNELS = ("search", "social", "network", "deals")
QUARTER = [f"acquisition.campaigns.launch.channels.{channel}.budget=15000" for channel in CHANNELS]
SMALL = [*QUARTER, "acquisition.campaigns.launch.days=182", "horizon_days=270", "replications=3"]
LAUNCH = "acquisition.campaigns.launch"


def refusal(*overrides):
    with pytest.raises(InputError) as raised:
        load("acquisition_quality", list(overrides))
    return str(raised.value)


@pytest.fixture(scope="module")
def found():
    return compare(load("acquisition_quality", SMALL), workers=1, engine="compiled")


# -- what is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (f"{LAUNCH}.channels.search.segments.SMBB=1", "'SMBB' is not a segment of the population; did you mean 'SMB'?"),
        (f"{LAUNCH}.channels.search.conversion.clik=1", "'clik' is not a step of the path; did you mean 'click'?"),
        (f"{LAUNCH}.channels.search.conversion.impression=1", "'impression' is the first step of the path"),
        (f"{LAUNCH}.channels.search.cost_per_1000=0", "price of an impression rounds to zero"),
        (f"{LAUNCH}.channels.search.segments={{ SMB = 0, Mid-Market = 0, Enterprise = 0 }}", "needs a share above 0"),
        (f"{LAUNCH}.channels.search.by_segment.SMB.order=1", "'order' is not a step of the path"),
        (f"{LAUNCH}.delay_by_segment.Entreprise=2", "did you mean 'Enterprise'?"),
        (f"{LAUNCH}.delays.click.mean_days=2", "'click' has no delay"),
        (f'{LAUNCH}.path=["click", "purchase"]', "must begin with 'impression'"),
        (f'{LAUNCH}.path=["impression", "purchase", "feature_adopt"]', "end with 'purchase'"),
        (f'{LAUNCH}.path=["impression", "visit", "click", "purchase"]', "must be in order, each once"),
        (f"{LAUNCH}.period_days=0.05", "more than 2048 periods; use longer periods"),
        ("acquisition.reallocation.rule=by_luck", "by_retained_value"),
        ("acquisition.reallocation.budget.least_clicks=5", "only affects recorded campaigns"),
        ("acquisition.reallocation.budget.approval_form=5", "did you mean 'approval_from'?"),
        ("acquisition.reallocation.predictor.by_channel.serch=1", "did you mean 'search'?"),
        ("acquisition.reallocation.predictor.years=0", "is not a valid horizon"),
        ("acquisition.step_costs.demo=1", "'demo' is not a step of any campaign's path"),
        ("acquisition.stage=churned", "buyers cannot enter there"),
        ("population.in_mid_stay=true", "population.in_mid_stay=true: there are no customers on day 0"),
        ("population.start.retention=0.5", "buyers enter 'onboarding'; set it to 0"),
        ("population.segments.SMB.tenure_mean_days=100", "buyers from [acquisition] are new customers"),
        (
            "population.arrivals={ share = 0.5 }",
            "population.arrivals={ share = 0.5 }: customers come from [acquisition]",
        ),
        ("world.frailty_spread=0", "world.frailty_spread is 0; set it above 0"),
        ("arms.treated.share=2", "an arm's customers come from its own budget; remove it"),
        ("arms.treated.acquisition.reallocation.evry_days=3", "did you mean 'every_days'?"),
        (f"arms.treated.{LAUNCH}.channels.search.segments.SMBB=1", f"arms.treated.{LAUNCH}.channels.search.segments"),
    ],
)
def test_a_mistake_is_named_with_its_key_and_the_cure(override, expected):
    message = refusal(override)
    assert expected in message
    assert override.partition(".")[0] in message


def test_a_step_without_a_conversion_rate_is_missing():
    path = 'acquisition.campaigns.launch.path=["impression", "click", "visit", "signup", "demo_request", "purchase"]'
    assert "valid" not in refusal(f"{LAUNCH}.channels.mail.budget=10", path)
    new = f"{LAUNCH}.channels.mail={{ cost_per_1000 = 5, budget = 10, segments = {{ SMB = 1 }}, conversion = {{}} }}"
    assert f"{LAUNCH}.channels.mail.conversion.click: is missing; the path has the step 'click'" in refusal(new)


def test_an_arm_cannot_change_campaigns_that_there_are_not():
    with pytest.raises(InputError, match=r"has no effect: the scenario has no \[acquisition\]"):
        load("default", ["arms.treated.acquisition.reallocation.rule=none"])


def test_arms_with_campaigns_are_not_randomised():
    with pytest.raises(InputError, match=r"cannot be assigned to arms.*--mode counterfactual"):
        build_scenario_split(load("acquisition_quality"))


@pytest.mark.medium
def test_only_who_buys_in_every_arm_is_explained():
    loaded = load("acquisition_quality", SMALL)
    with pytest.raises(
        InputError, match=r"customer 5 does not buy in baseline, treated, left_alone; customers that buy in every arm"
    ) as raised:
        explain(loaded, 5)
    number = int(str(raised.value).rpartition(",")[2])
    told = explain(loaded, number).as_dict()
    assert told["person"]["arrives_at"] > 0.0
    assert [row["kind"] for row in told["arms"]["baseline"]["events"]][-1] != "funnel"
    assert [row["to_stage"] for row in told["arms"]["treated"]["events"]][:3] == ["signup", "demo_request", "purchase"]


def test_the_schema_knows_campaigns_and_what_an_arm_may_change_in_them():
    schema = build_scenario_schema()
    assert {"Acquisition", "Campaign", "Channel", "Reallocation", "Predictor"} <= set(schema["$defs"])
    assert schema["$defs"]["Arm"]["properties"]["acquisition"]["$ref"] == "#/$defs/Acquisition"


# -- what is compared ------------------------------------------------------------------------------


def test_each_arm_has_its_own_customers_and_reports_them(found):
    told = found.to_dict()["acquisition"]
    customers = {name: arm["customers"] for name, arm in told.items()}
    assert len(set(customers.values())) == 3
    assert customers == {name: pytest.approx(metrics["purchases"].mean) for name, metrics in found.arms.items()}
    assert describe_customers(found).startswith("customers: ")


def test_no_arm_spends_more_than_its_budget_and_spend_is_reported_by_channel(found):
    for name, arm in found.to_dict()["acquisition"].items():
        spent = sum(channel["spend"] for channel in arm["channels"])
        assert spent <= 60_000.0
        assert spent == pytest.approx(found.arms[name]["media_spend"].mean)
        assert {channel["opening_budget"] for channel in arm["channels"]} == {15_000.0}
    moved = {name: arm["moved"] for name, arm in found.to_dict()["acquisition"].items()}
    assert moved["left_alone"] == 0.0 < min(moved["baseline"], moved["treated"])


def test_media_and_demos_are_cost_lines_with_the_price_and_provenance_that_the_scenario_states(found):
    for arm in ("treated", "left_alone"):
        lines = {line.name: line for line in found.roi[arm].ledger.lines}
        media = [lines[f"media_spend.launch/{channel}"] for channel in CHANNELS]
        assert [line.unit_price for line in media] == [30.0, 12.0, 30.0, 24.0]
        assert {line.provenance for line in media} == {"assumed"}
        change = found.arms[arm]["media_spend"].mean - found.arms["baseline"]["media_spend"].mean
        # Quantities are thousands of impressions, to the impression: a cent or two of 60,000 dollars.
        assert sum(line.quantity * line.unit_price for line in media) == pytest.approx(change, abs=1e-6)
        demos = lines["funnel_step.demo_request"]
        asked = found.effects[arm]["demo_requests"].difference.mean
        assert (demos.quantity, demos.unit_price) == (pytest.approx(asked), 150.0)


def test_the_margin_that_the_verdict_rests_on_is_the_margin_of_the_ledger(found):
    for arm, money in found.roi.items():
        (line,) = (line for line in money.ledger.lines if line.name == "margin_retained")
        assert line.amount == pytest.approx(found.effects[arm]["retained_margin"].difference.mean, abs=0.01)


def test_steps_convert_at_the_rates_that_are_shown(found):
    metrics = {name: estimate.mean for name, estimate in found.arms["left_alone"].items()}
    # Means of ratios against ratios of means: alike to a few per cent over three replications.
    assert metrics["purchase_rate"] == pytest.approx(metrics["purchases"] / metrics["demo_requests"], rel=0.05)
    assert metrics["click_rate"] == pytest.approx(metrics["clicks"] / metrics["impressions"], rel=0.01)
    assert metrics["cost_per_acquisition"] == pytest.approx(metrics["media_spend"] / metrics["purchases"], rel=0.05)


def test_the_report_has_channels_moves_and_which_arms_are_comparable(found, tmp_path):
    text = render(build_report(found), tmp_path / "report.md")
    for said in (
        "## Campaigns",
        "Each arm has the customers acquired",
        "Audit trail",
        "launch/deals",
        "human approval required",
    ):
        assert said in text
    assert "the same customers are simulated in every arm" not in text
    assert text.count("| all |") == 3
    rows = list(channel_rows(found.acquisition["baseline"]))
    assert [row[0] for row in rows] == [*(f"launch/{channel}" for channel in CHANNELS), "all"]


def test_a_step_that_no_path_has_is_not_applicable_and_not_zero():
    """The first channel sells without a sign-up, and the second with one."""
    common = {"campaign": "c", "opening": 10.0, "spend": 10.0, "impressions": 5.0, "buyers": {}}
    direct = ChannelMeans(channel="direct", steps={"click": 4.0, "purchase": 1.0}, **common)
    by_signup = ChannelMeans(channel="by_signup", steps={"click": 3.0, "signup": 2.0, "purchase": 1.0}, **common)
    arm = ArmAcquisition((direct, by_signup), {}, 0.0, 2.0, ())
    assert [row[COLUMNS.index("signups")] for row in channel_rows(arm)] == ["n/a", "2", "2"]


def test_other_scenarios_report_no_campaigns():
    told = compare(load("default", ["population.size=20", "horizon_days=30", "replications=2"]), workers=1)
    assert "acquisition" not in told.to_dict()
    assert told.acquisition == {}


def test_a_run_is_stored_and_read_back_as_it_was():
    setup = load("acquisition_quality", SMALL).arms[0]
    run = run_arm(setup, seed=1, replication=0, days=200.0)
    record = {field.name: getattr(run, field.name) for field in fields(run) if field.name != "trace"}
    assert Run(**json.loads(json.dumps(record))) == run
