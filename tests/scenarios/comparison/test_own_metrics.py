"""Own metrics in a comparison: effects, families of tests, primary metric, precision, experiments."""

import json
from io import StringIO

import pytest

from journey.core.errors import InputError
from scenarios.comparison.compare import compare
from scenarios.experiment.analysis import build_scenario_split
from scenarios.files.loader import load
from scenarios.metrics.effects import group_families
from scenarios.operations.comparison import plan_comparison
from simulation.runs.run import run_arm, run_together

SCENARIO = """
title = "Activation"
extends = "onboarding_outreach"
primary_metric = "activated"
horizon_days = 60
replications = 3

[population]
size = 120

[metrics.activated]
reached = "engagement"
from = "onboarding"
within_days = 30
better = "higher"
guardrail = -0.5
smallest_effect = 0.9

[metrics.median_days]
time_to = "engagement"
statistic = "median"

[metrics.contacted]
share_of = "action:onboarding_specialist_call"

[metrics.calls]
count_of = "action:onboarding_specialist_call"

[metrics.earned]
revenue = "all"

[metrics.earned_per_contact]
ratio = ["earned", "interventions"]

[guardrails]
"activated[SMB]" = -0.5
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "own.toml"
    path.write_text(SCENARIO)
    return path


@pytest.fixture(scope="module")
def loaded(file):
    return load(file)


@pytest.fixture(scope="module")
def compared(loaded):
    return compare(loaded)


@pytest.fixture(scope="module")
def experiment(loaded):
    return compare(loaded, split=build_scenario_split(loaded))


def test_an_effect_is_the_mean_difference_of_the_runs(loaded, compared):
    runs = [
        [run_arm(arm, seed=loaded.scenario.seed, replication=each, days=60.0) for arm in loaded.arms]
        for each in range(3)
    ]
    for name in ("activated", "activated[SMB]", "calls[tier=high]", "earned", "earned_per_contact"):
        differences = [treated.metrics[name] - baseline.metrics[name] for baseline, treated in runs]
        assert compared.effects["treated"][name].difference.mean == pytest.approx(sum(differences) / 3, abs=1e-9)


def test_own_metrics_have_the_values_that_every_metric_has(compared):
    document = json.loads(json.dumps(compared.to_dict()))
    effect = document["effects"]["treated"]["activated"]
    assert {"difference", "ci_low", "p_adjusted", "variance_reduction", "cohort_sd", "smallest_effect"} <= set(effect)
    assert set(document["arms"]["baseline"]["activated[tier=low]"]) == {"mean", "ci_low", "ci_high", "cohort_sd", "n"}
    assert {row["metric"] for row in document["guardrails"]} == {"activated", "activated[SMB]"}


def test_every_test_is_in_one_family_and_parts_do_not_weaken_the_whole(compared):
    families = group_families(compared.effects, "activated")
    assert families.primary == (("treated", "activated"),)
    assert {name for _, name in families.segments} >= {"activated[SMB]", "activated[tier=high]"}
    listed = [
        *families.primary, *families.segments, *families.others["treated"], *families.other_parts["treated"]
    ]  # fmt: skip
    assert len(listed) == len(set(listed))
    assert all("[" not in name for _, name in families.others["treated"])
    assert ("treated", "calls[SMB]") in families.other_parts["treated"]


@pytest.mark.parametrize("primary", ["activated[SMB]", "activated[tier=high]", "earned[Enterprise]"])
def test_the_primary_metric_may_be_that_of_a_segment_or_tier(file, primary):
    found = compare(load(file, [f"primary_metric={primary}"]))
    assert found.to_dict()["primary_metric"] == primary
    assert found.loaded.metrics.get(primary).label in found.verdict.text


def test_the_first_screen_has_an_own_primary_metric_by_segment_and_tier(compared):
    from scenarios.reports.comparison_summary import build_first_screen
    from scenarios.reports.document import render_markdown

    shown = render_markdown(build_first_screen(compared))
    assert "activated by segment and tier" in shown
    for part in ("SMB", "Mid-Market", "Enterprise", "tier=low", "tier=medium", "tier=high"):
        assert f"| {part} |" in shown


def test_precision_takes_own_metrics_and_their_parts(loaded):
    plan = plan_comparison(loaded, precision=["activated=0.5", "activated[tier=high]=0.5"])
    assert plan.precision.targets == {"activated": 0.5, "activated[tier=high]": 0.5}
    with pytest.raises(InputError, match="'hi' is not a risk tier; did you mean 'high'"):
        plan_comparison(loaded, precision=["activated[tier=hi]=0.5"])


def test_a_smallest_effect_is_compared_with_the_interval(compared):
    effect = compared.to_dict()["effects"]["treated"]["activated"]
    assert (effect["smallest_effect"], effect["practical"]) == (0.9, "too_small")


@pytest.mark.parametrize("mode", ["counterfactual", "randomised"])
def test_a_smallest_effect_is_beside_the_effect_in_every_form(file, mode):
    from rich.console import Console

    from scenarios.cli.comparison_tables import print_comparison
    from scenarios.reports.comparison import build_report
    from scenarios.reports.document import render_markdown

    loaded = load(file, ["primary_metric=churn_rate", "replications=2"])
    found = compare(loaded, split=None if mode == "counterfactual" else build_scenario_split(loaded))
    text = StringIO()
    print_comparison(Console(width=120, file=text), found, full=True)
    for shown in (" ".join(text.getvalue().split()), render_markdown(build_report(found))):
        assert "smallest effect that matters (90.00 pp)" in shown


def test_the_table_has_units_of_own_metrics(compared):
    rows = {row["metric"]: row["unit"] for row in compared.to_polars().to_dicts()}
    assert (rows["activated"], rows["median_days"], rows["earned"], rows["calls"]) == (
        "share", "days", "dollars", "count"
    )  # fmt: skip


def test_an_experiment_pools_the_strata_of_an_arm(loaded, experiment):
    """The share contacted and the calls per customer, from the counts of the strata of each replication."""
    split = experiment.experiment.split
    shares, calls, by_tier = [], [], []
    for replication in range(3):
        runs = run_together(split.strata, seed=loaded.scenario.seed, replication=replication, days=60.0)
        treated = [run for run in runs if run.arm.startswith("treated[")]
        customers = sum(run.customers for run in treated)
        shares.append(sum(run.metrics["contacted"] * run.customers for run in treated if run.customers) / customers)
        calls.append(sum(run.metrics["calls"] for run in treated) / customers)
        in_tier = sum(run.denominators["customers[tier=high]"] for run in treated)
        by_tier.append(sum(run.metrics["calls[tier=high]"] for run in treated) / in_tier)
    found = experiment.arms["treated"]
    assert found["contacted"].mean == pytest.approx(sum(shares) / 3)
    assert found["calls"].mean == pytest.approx(sum(calls) / 3)
    assert found["calls[tier=high]"].mean == pytest.approx(sum(by_tier) / 3)
    assert experiment.get_metric("calls[tier=high]").unit == "per customer"


def test_an_experiment_has_a_ratio_of_its_totals(experiment):
    found = experiment.arms["baseline"]
    for ratio, earned, contacts in zip(
        *(
            [run[0].metrics[name] for run in _pooled(experiment)]
            for name in ("earned_per_contact", "earned", "interventions")
        ),
        strict=True,
    ):
        assert ratio == pytest.approx(earned / contacts)
    assert found["earned_per_contact"].n == 3


def _pooled(experiment):
    loaded, split = experiment.loaded, experiment.experiment.split
    return split.usable_replications(
        [run_together(split.strata, seed=loaded.scenario.seed, replication=each, days=60.0) for each in range(3)]
    )


@pytest.mark.parametrize("name", ["median_days", "median_days[tier=high]", "median_days[SMB]", "contacted", "calls"])
def test_strata_with_all_customers_in_one_arm_pool_to_the_run_of_that_arm(loaded, name):
    """The runs of the true effect, by stratum, and the same customers simulated as one arm."""
    split = build_scenario_split(loaded, truth=True)
    seed = loaded.scenario.seed
    runs = [run for part in split.parts for run in run_together(part, seed=seed, replication=0, days=60.0)]
    pooled = split.ground_truth_runs(runs)
    for arm, of_arm in zip(loaded.arms, pooled, strict=True):
        whole = run_arm(arm, seed=seed, replication=0, days=60.0)
        expected = whole.metrics[name] / (whole.customers if name == "calls" else 1.0)
        assert of_arm.metrics[name] == pytest.approx(expected, rel=1e-12)


def test_an_experiment_with_other_shares_weights_a_quantile_by_segment(file):
    """A segment of which few customers are in an arm counts there as much as all of its customers."""
    loaded = load(file, ["arms.treated.share_by_segment={ SMB = 0.2 }"])
    split = build_scenario_split(loaded)
    runs = run_together(split.strata, seed=loaded.scenario.seed, replication=0, days=60.0)
    found = split.weight_runs(runs)[1].metrics["median_days"]
    segments = [run[1].metrics["median_days"] for run in split.by_segment(runs).values()]
    assert min(segments) <= found <= max(segments)


def test_an_experiment_tests_the_primary_metric_by_segment_once(experiment):
    for segment, effect in experiment.experiment.segments["treated"].items():
        assert effect == experiment.effects["treated"][f"activated[{segment}]"]


def test_the_table_by_segment_is_named_after_the_metric_of_all_customers(file):
    from scenarios.reports.comparison import build_report
    from scenarios.reports.document import render_markdown

    loaded = load(file, ["primary_metric=activated[tier=high]", "replications=2"])
    found = compare(loaded, split=build_scenario_split(loaded))
    assert "### activated by segment\n" in render_markdown(build_report(found))


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["guardrails.gate_utilisation=0.1"], "guardrails: gate_utilisation describes the reviewers, which all arms"),
        (
            ["arms.treated.share_by_segment={ SMB = 0 }", "primary_metric=churn_rate"],
            "guardrails: the segment of activated[SMB] is not in the experiment",
        ),
    ],
)
def test_an_experiment_refuses_a_guardrail_that_it_cannot_compare(file, overrides, message):
    with pytest.raises(InputError) as caught:
        build_scenario_split(load(file, overrides))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("metrics.activated.guardrail=0.1", "accepts a rise of activated as the worst change, but higher is better"),
        ("guardrails.activated=-0.1", "metrics.activated.guardrail states it too; remove one of the two"),
        ("metrics.earned.guardrail=100", "accepts a rise of earned as the worst change, but higher is better"),
        ("metrics.calls.guardrail=0", "0 does not say in which direction calls becomes worse; write a small number"),
        ('metrics.earned_per_contact.ratio=["earnd", "calls"]', "unknown metric 'earnd'; did you mean 'earned'?"),
        ('metrics.earned_per_contact.ratio=["earned[SMBs]", "calls"]', "'SMBs' is not a segment of the population"),
        ("primary_metric=activatd", "did you mean 'activated'? `journey metrics` lists the built-in ones, and this"),
    ],
)
def test_names_and_margins_without_a_meaning_are_refused_with_the_cure(file, override, message):
    with pytest.raises(InputError) as caught:
        load(file, [override])
    assert message in str(caught.value)
