"""Comparing arms: a planted difference is recovered, none is invented, identical arms are reported as identical."""

import json
import math

import pytest

from journey.core.errors import InputError
from scenarios.comparison.compare import compare
from scenarios.files.loader import load
from tests.scenarios import fakes

ALWAYS = ["churn_rate", "retained_value", "escalations", "interventions", "reviews", "csat"]


def with_seed(seed, replications=10):
    return load("default", [f"seed={seed}", f"replications={replications}"])


@pytest.fixture(scope="module")
def trials():
    """400 comparisons of ten replications each, for what holds on the whole."""
    base = load("default", ["replications=10"])
    from dataclasses import replace

    return [replace(base, scenario=base.scenario.model_copy(update={"seed": seed})) for seed in range(400)]


@pytest.mark.slow
def test_a_planted_difference_is_covered_at_the_stated_rate(trials):
    hits = 0
    for loaded in trials:
        found = compare(loaded, run_arm=fakes.planted).effects["treated"]["churn_rate"].difference
        hits += found.low <= fakes.PLANTED <= found.high
    # 95 % of 400, plus or minus three and a half standard errors.
    assert hits / 400 == pytest.approx(0.95, abs=3.5 * math.sqrt(0.95 * 0.05 / 400))


@pytest.mark.slow
def test_without_an_effect_false_positives_are_no_more_frequent_than_stated(trials):
    shown = sum(
        compare(loaded, run_arm=fakes.nothing_planted).effects["treated"]["churn_rate"].is_significant
        for loaded in trials
    )
    assert shown / 400 <= 0.05 + 3.5 * math.sqrt(0.95 * 0.05 / 400)


def test_common_random_numbers_remove_the_shared_variance():
    loaded = with_seed(1, replications=400)
    found = compare(loaded, run_arm=fakes.planted).effects["treated"]["churn_rate"].variance_reduction.ratio
    # (Var A + Var B) / Var(B - A), from how the fake is made.
    total = 2 * (fakes.SHARED_SD**2 + fakes.PRIVATE_SD**2)
    assert found == pytest.approx(total / (2 * fakes.PRIVATE_SD**2), rel=0.2)


def test_the_json_has_what_the_contract_promises():
    found = compare(with_seed(1), run_arm=fakes.planted).to_dict()
    promised = {
        "scenario", "scenario_hash", "version", "seed", "mode", "engine", "replications", "customers", "days", "arms",
        "effects", "roi", "verdict",
    }  # fmt: skip
    assert promised <= set(found)
    assert list(found["arms"]) == ["baseline", "treated"]
    assert list(found["effects"]) == list(found["roi"]) == ["treated"]
    for name in ALWAYS:
        assert {"mean", "ci_low", "ci_high", "cohort_sd"} <= set(found["arms"]["baseline"][name])
        assert {"difference", "ci_low", "ci_high", "variance_reduction", "cohort_sd"} <= set(
            found["effects"]["treated"][name]
        )
    money = found["roi"]["treated"]
    assert {"incremental_value", "incremental_cost", "net", "roi", "net_ci_low", "net_ci_high"} <= set(money)
    assert {"probability_positive", "lines"} <= set(money)
    assert {"name", "kind", "quantity", "unit_price", "amount", "provenance"} <= set(money["lines"][0])
    json.dumps(found, allow_nan=False)


def test_the_metrics_that_are_always_there_come_first():
    found = compare(with_seed(1), run_arm=fakes.planted)
    assert list(found.arms["baseline"])[: len(ALWAYS)] == ALWAYS


def test_one_replication_gives_means_and_no_interval():
    found = compare(with_seed(1, replications=1), run_arm=fakes.planted).to_dict()
    effect = found["effects"]["treated"]["churn_rate"]
    assert effect["difference"] is not None
    assert effect["ci_low"] is effect["ci_high"] is effect["cohort_sd"] is effect["variance_reduction"] is None
    assert not effect["shown"]
    assert found["roi"]["treated"]["net_ci_low"] is None
    assert "run at least 2 replications" in found["verdict"]
    json.dumps(found, allow_nan=False)


def test_a_metric_that_neither_arm_could_measure_is_null_with_a_reason():
    effect = compare(with_seed(1), run_arm=fakes.planted).to_dict()["effects"]["treated"]["review_wait_days_mean"]
    assert effect["difference"] is None
    assert effect["n"] == 0
    assert effect["note"] == "not measured in both arms in any replication"


def test_a_primary_metric_that_was_never_measured_is_unknown():
    found = compare(with_seed(1), run_arm=fakes.never_measured)
    assert found.verdict.findings["treated"].outcome == "unknown"


def identical():
    actions = "arms.baseline.actions=" + json.dumps(["proactive_outreach"])
    same = "arms.treated.actions=" + json.dumps(["proactive_outreach"])
    return load("default", [actions, same, "replications=4"])


def test_identical_arms_differ_by_exactly_0_and_are_reported_as_identical():
    found = compare(identical(), run_arm=fakes.all_alike)
    effect = found.effects["treated"]["churn_rate"].difference
    assert (effect.mean, effect.low, effect.high) == (0.0, 0.0, 0.0)
    assert "no difference: the arms are identical" in found.verdict.text
    assert found.roi["treated"].net[:3] == (0.0, 0.0, 0.0)
    assert found.roi["treated"].roi is None
    assert found.roi["treated"].roi_reason
    assert not any(effect.is_significant for effect in found.effects["treated"].values())


def test_identical_arms_have_identical_histories_in_the_engine():
    loaded = load(
        "default",
        [*identical().overrides, "population.size=30", "horizon_days=60", "replications=2"],
    )
    found = compare(loaded)
    for effect in found.effects["treated"].values():
        assert effect.difference.mean in (None, 0.0)


def test_different_arms_with_equal_results_are_not_called_identical():
    found = compare(with_seed(1), run_arm=fakes.all_alike)
    assert "it is identical in all 10 replications" in found.verdict.text
    assert found.verdict.findings["treated"].outcome == "no_difference_shown"


def test_an_interrupted_comparison_uses_and_reports_the_complete_replications():
    found = compare(with_seed(1, replications=9), run_arm=fakes.interrupted_in_the_third)
    assert found.interrupted
    assert (found.replications, found.requested) == (2, 9)
    assert found.to_dict()["interrupted"] is True


def test_an_interruption_before_anything_is_complete_passes_on():
    with pytest.raises(KeyboardInterrupt):
        compare(with_seed(1), run_arm=stop_at_once)


def stop_at_once(setup, **how):
    raise KeyboardInterrupt


def test_one_arm_cannot_be_compared():
    with pytest.raises(InputError, match="at least one arm besides 'baseline'"):
        compare(load("default", ["arms.treated=false"]))


@pytest.mark.medium
def test_over_many_arms_the_primary_metric_is_tested_as_one_family():
    """Twenty arms without an effect: uncorrected, about one of them would be a winner."""
    arms = [f"arms.arm{number}.label=x" for number in range(20)]
    false_alarms = 0
    for seed in range(12):
        found = compare(load("default", [*arms, f"seed={seed}", "replications=6"]), run_arm=fakes.nothing_planted)
        false_alarms += any(effects["churn_rate"].is_significant for effects in found.effects.values())
    assert false_alarms <= 2


def test_a_cohort_whose_size_differs_between_replications_has_its_mean_size():
    def run_arm(arm, **how):
        return fakes.run(arm.name, how["days"], 0.2, customers=10 + how["replication"])

    found = compare(with_seed(1, replications=4), run_arm=run_arm)
    assert found.cohort_size == "11.5 customers on average"
    assert "11.5 customers on average" in repr(found)
    assert (found.to_dict()["customers"], found.to_dict()["customers_mean"]) == (10, 11.5)
    assert compare(with_seed(1, replications=4), run_arm=fakes.planted).cohort_size == "1,000 customers"
