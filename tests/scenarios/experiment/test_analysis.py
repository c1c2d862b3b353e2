"""Experiments with a known truth: what is planted is found and covered, what is not is not invented."""

import json
from dataclasses import replace
from math import sqrt
from statistics import NormalDist

import pytest

from journey.core.errors import InputError
from scenarios.comparison.checkpoint import open_checkpoint
from scenarios.comparison.compare import build_identity, compare
from scenarios.comparison.stopping_rule import PrecisionTarget
from scenarios.experiment.analysis import build_scenario_split
from scenarios.files.loader import load
from tests.scenarios.experiment import known_experiments
from tests.scenarios.experiment.known_experiments import CHURN, PLANTED, SIZES, VALUE, experiment

TRIALS = 200
ALLOWED = 3.5 * sqrt(0.05 * 0.95 / TRIALS)
"""Three and a half standard errors of a rate of 5 %: one chance in two thousand for each check."""

BY_SEGMENT = ("arms.treated.share_by_segment={ SMB = 4, Enterprise = 0.25 }",)


def found(*overrides, run=known_experiments.planted, **how):
    loaded, split = experiment(*overrides, **how)
    return compare(loaded, split=split, run_arms=run)


def trials(run, *overrides):
    loaded, split = experiment(*overrides, replications=6)
    for seed in range(TRIALS):
        scenario = loaded.scenario.model_copy(update={"seed": seed})
        yield compare(replace(loaded, scenario=scenario), split=split, run_arms=run)


@pytest.mark.slow
@pytest.mark.parametrize("overrides", [(), BY_SEGMENT], ids=["alike", "by segment"])
def test_between_arms_without_a_difference_five_in_a_hundred_tests_find_one(overrides):
    over_replications = all_together = alone = 0.0
    for comparison in trials(known_experiments.without_effect, *overrides):
        seen = comparison.experiment.estimates["treated"]["churn_rate"]
        over_replications += seen.p_value < 0.05
        all_together += seen.proportions.all.p_value < 0.05
        alone += seen.proportions.refuted_share
    assert over_replications / TRIALS == pytest.approx(0.05, abs=ALLOWED)
    assert all_together / TRIALS == pytest.approx(0.05, abs=ALLOWED)
    # Six experiments a trial.
    assert alone / TRIALS == pytest.approx(0.05, abs=ALLOWED / sqrt(6))


@pytest.mark.slow
@pytest.mark.parametrize("overrides", [(), BY_SEGMENT], ids=["alike", "by segment"])
def test_a_planted_effect_is_recovered_and_covered_as_often_as_stated(overrides):
    differences, hits, lifts = [], 0, 0
    lift = PLANTED / (sum(CHURN[name] * size for name, size in SIZES.items()) / 1000)
    for comparison in trials(known_experiments.planted, *overrides):
        effect = comparison.effects["treated"]["churn_rate"].difference
        seen = comparison.experiment.estimates["treated"]["churn_rate"].lift
        differences.append(effect.mean)
        hits += effect.low <= PLANTED <= effect.high
        lifts += seen.low <= lift <= seen.high
    spread = sqrt(sum((d - PLANTED) ** 2 for d in differences) / TRIALS)
    assert sum(differences) / TRIALS == pytest.approx(PLANTED, abs=4 * spread / sqrt(TRIALS))
    assert hits / TRIALS == pytest.approx(0.95, abs=ALLOWED)
    assert lifts / TRIALS == pytest.approx(0.95, abs=ALLOWED)


def test_shares_that_differ_by_segment_do_not_pass_for_an_effect():
    """The treated arm has far more SMB customers, which churn most: its own churn is higher, but the effect is 0."""
    comparison = found(*BY_SEGMENT, run=known_experiments.without_effect, replications=40)
    effect = comparison.effects["treated"]["churn_rate"].difference
    assert abs(effect.mean) < 4 * effect.sd / sqrt(effect.n)
    assert abs(effect.mean) < 0.01
    assert comparison.experiment.split.is_stratified


def test_the_power_of_one_experiment_is_that_of_the_formula():
    """The formula of R's power.prop.test: pooled variance under the null, separate ones under the alternative."""
    seen = found(replications=300).experiment.estimates["treated"]["churn_rate"]
    before = sum(CHURN[name] * size for name, size in SIZES.items()) / 1000
    after, pooled = before + PLANTED, before + PLANTED / 2
    apart = sqrt(before * (1 - before) + after * (1 - after))
    edge = NormalDist().inv_cdf(0.975) * sqrt(2 * pooled * (1 - pooled))
    power = NormalDist().cdf((-PLANTED * sqrt(500) - edge) / apart)
    error = sqrt(power * (1 - power) / 300)
    assert seen.proportions.refuted_share == pytest.approx(power, abs=4 * error)
    # The spread of 300 effects is known to 4 %, and with it the power to about as much as by counting.
    assert seen.power.value == pytest.approx(power, abs=4 * error)
    assert seen.power.low < power < seen.power.high


def test_totals_are_per_customer_and_labelled_so():
    comparison = found("arms.treated.share=3", replications=4)
    arms, effect = comparison.arms, comparison.to_dict()["effects"]["treated"]["interventions"]
    assert arms["baseline"]["interventions"].mean == arms["treated"]["interventions"].mean == 2.0
    assert effect["unit"] == "per customer"
    assert "interventions per customer" in effect["null"]
    value = comparison.to_dict()["effects"]["treated"]["retained_value"]
    assert value["unit"] == "dollars per customer"
    assert 0.0 < comparison.arms["baseline"]["retained_value"].mean < VALUE


def test_money_is_that_of_all_customers_in_the_experiment():
    comparison = found("arms.treated.share=3", "money.discount_per_year=0", replications=30)
    lines = {line.name: line.quantity for line in comparison.roi["treated"].ledger.lines}
    # 4 % of 1000 customers stay, each worth VALUE; the test's noise is that of its own interval.
    difference = comparison.effects["treated"]["retained_value"].difference
    assert lines["margin_retained"] == pytest.approx(1000 * difference.mean)
    assert 1000 * difference.low < -PLANTED * VALUE * 1000 < 1000 * difference.high
    assert "if all 1,000 customers were in this arm" in comparison.verdict.text


def test_the_json_has_what_the_contract_promises():
    made = found("arms.third.label=x").to_dict()
    assert made["mode"] == "randomised"
    assert list(made["effects"]) == ["treated", "third"]
    for effects in made["effects"].values():
        for effect in effects.values():
            assert {"difference", "ci_low", "ci_high", "variance_reduction", "cohort_sd"} <= set(effect)
            assert {"p_value", "p_adjusted", "lift", "lift_ci_low", "lift_ci_high", "null", "test"} <= set(effect)
    assert made["effects"]["treated"]["escalations"]["lift"] is None
    assert "relative change is undefined" in made["effects"]["treated"]["escalations"]["lift_note"]
    assert "gate_utilisation" not in made["effects"]["treated"]
    assert made["sample_ratio"]["ok"] is True
    assert set(made["sample_ratio"]["arms"]) == {"baseline", "treated", "third"}
    assert set(made["segments"]["treated"]) == set(SIZES)
    json.dumps(made, allow_nan=False)


@pytest.mark.parametrize("primary", ["churn_rate", "churn_rate[SMB]", "retained_value"])
def test_an_effect_has_one_verdict_in_the_metric_table_and_in_the_segment_table(primary):
    comparison = found("arms.third.label=x", f"primary_metric={primary}", replications=6)
    in_both = 0
    for arm, segments in comparison.experiment.segments.items():
        for segment, effect in segments.items():
            listed = comparison.effects[arm].get(f"{primary.partition('[')[0]}[{segment}]")
            in_both += listed is not None
            assert listed in (None, effect)
            assert effect.is_significant == (not effect.tested.low <= 0.0 <= effect.tested.high)
    assert in_both == (0 if primary == "retained_value" else 2 * len(SIZES))


def test_the_lift_of_a_metric_excludes_0_exactly_where_its_corrected_test_does():
    comparison = found("arms.third.label=x", replications=6)
    for arm, effects in comparison.effects.items():
        for name, effect in effects.items():
            lift = comparison.experiment.estimates[arm][name].tested_lift
            if lift.low is not None and effect.difference.sd:
                assert (not lift.low <= 0.0 <= lift.high) == effect.is_significant


def test_an_unknown_total_of_a_stratum_is_unknown_for_the_arm():
    """Not 0: an arm whose strata do not all know their escalations does not know them."""

    def run_arms(setups, **how):
        runs = known_experiments.planted(setups, **how)
        return tuple(
            replace(run, metrics={**run.metrics, "escalations": None} if "SMB" in run.arm else run.metrics)
            for run in runs
        )

    comparison = found(run=run_arms, replications=3)
    assert comparison.arms["treated"]["escalations"].mean is None
    assert comparison.effects["treated"]["escalations"].difference.mean is None
    assert comparison.arms["treated"]["interventions"].mean is not None


def test_a_segment_outside_the_experiment_has_no_effects():
    made = found("arms.treated.share_by_segment={ Enterprise = 0 }", replications=4).to_dict()
    assert "churn_rate[Enterprise]" not in made["effects"]["treated"]
    assert list(made["segments"]["treated"]) == list(made["sample_ratio"]["segments"]) == ["SMB", "Mid-Market"]
    assert made["experiment"]["customers_outside"] == 100
    assert made["customers"] == 1000


def test_a_wrong_split_raises_the_alarm_before_the_verdict():
    comparison = found(run=known_experiments.wrongly_split, replications=12)
    assert comparison.to_dict()["sample_ratio"]["ok"] is False
    assert comparison.verdict.text.startswith("SAMPLE-RATIO ALARM")
    assert comparison.to_dict()["warnings"]
    assert not found(replications=12).verdict.warnings


def test_identical_arms_are_an_a_a_test():
    same = [f'arms.{arm}.actions=["proactive_outreach"]' for arm in ("baseline", "treated")]
    comparison = found(*same, "arms.treated.share=2", run=known_experiments.without_effect)
    assert comparison.verdict.findings["treated"].outcome == "identical"
    assert "A/A test" in comparison.verdict.text


def test_one_experiment_alone_has_a_test_of_its_churn_and_no_interval():
    comparison = found(replications=1).to_dict()
    effect = comparison["effects"]["treated"]["churn_rate"]
    assert effect["p_value"] is effect["ci_low"] is effect["lift_ci_low"] is None
    assert effect["two_proportions"]["p_value"] is not None
    assert effect["lift"] is not None
    assert "run at least 2 replications" in comparison["verdict"]


def test_the_number_of_workers_changes_nothing():
    loaded, split = experiment(replications=5)
    alone, together = (
        compare(loaded, split=split, run_arms=known_experiments.planted, workers=workers) for workers in (1, 2)
    )
    assert json.dumps(alone.to_dict()) == json.dumps(together.to_dict())


def test_an_interrupted_experiment_is_resumed_to_the_same_bytes(tmp_path):
    loaded, split = experiment(replications=5)
    identity = build_identity(loaded, "reference", split)
    for run in (known_experiments.interrupted_in_the_third, known_experiments.planted):
        with open_checkpoint(tmp_path / "kept.jsonl", identity) as store:
            comparison = compare(loaded, split=split, run_arms=run, checkpoint=store)
    assert len((tmp_path / "kept.jsonl").read_text().splitlines()) == 6
    whole = compare(loaded, split=split, run_arms=known_experiments.planted)
    assert json.dumps(comparison.to_dict()) == json.dumps(whole.to_dict())


def test_an_interruption_keeps_the_experiments_that_are_complete():
    comparison = found(run=known_experiments.interrupted_in_the_third, replications=9)
    assert (comparison.replications, comparison.interrupted) == (2, True)


@pytest.mark.medium
def test_a_precision_is_that_of_the_effect():
    loaded, split = experiment(replications=4)
    wanted = PrecisionTarget({"churn_rate": 0.009}, 200)
    comparison = compare(loaded, split=split, run_arms=known_experiments.planted, precision=wanted)
    effect = comparison.effects["treated"]["churn_rate"].difference
    assert comparison.precision.is_reached
    assert (effect.high - effect.low) / 2 == comparison.precision.widths[0].half_width <= 0.009


def with_truth(*overrides, run, replications=60):
    loaded, _ = experiment(*overrides, replications=replications)
    return compare(loaded, split=build_scenario_split(loaded, truth=True), run_arms=run)


@pytest.mark.slow
def test_the_truth_is_the_counterfactual_comparison():
    loaded = load("default", ["population.size=120", "horizon_days=90", "replications=3"])
    held = compare(loaded, split=build_scenario_split(loaded, truth=True)).experiment.estimates["treated"]
    counterfactual = compare(loaded).effects["treated"]
    for name in ("churn_rate", "csat", "review_wait_days_mean", "churn_rate[SMB]"):
        assert held[name].truth.difference[:4] == pytest.approx(counterfactual[name].difference[:4], abs=1e-12)
    for name in ("retained_value", "interventions"):
        per_customer = counterfactual[name].difference.mean / 120
        assert held[name].truth.difference.mean == pytest.approx(per_customer)


def test_interference_between_arms_is_found_and_separated_from_the_effect():
    effect = with_truth(run=known_experiments.with_interference).experiment.estimates["treated"]["churn_rate"].truth
    assert effect.difference.low <= PLANTED <= effect.difference.high
    # A hundredth of the customers, rounded to whole ones in each segment.
    assert effect.interference.low - 0.001 <= -0.01 <= effect.interference.high + 0.001
    assert effect.interference.p_value < 0.01


def test_without_interference_none_is_found():
    comparison = with_truth(*BY_SEGMENT, run=known_experiments.planted)
    away = comparison.experiment.estimates["treated"]["churn_rate"].truth.interference
    assert abs(away.mean) < 4 * away.sd / sqrt(away.n)
    assert comparison.customers == 1000
    assert "truth" in comparison.to_dict()["effects"]["treated"]["churn_rate"]


def test_customers_outside_the_experiment_are_where_they_were_in_the_truth_too():
    loaded, _ = experiment("arms.treated.share_by_segment={ Enterprise = 0 }")
    split = build_scenario_split(loaded, truth=True)
    for part in split.parts[1:]:
        outside = [setup.name for setup in part if "Enterprise" in setup.share_by_segment]
        assert outside == ["baseline[Enterprise]"]
        runs = known_experiments.planted(part, seed=1, replication=0, days=1.0)
        assert sum(run.customers for run in runs) == 1000


def test_the_truth_is_stored_and_is_another_thing_than_the_experiment_alone(tmp_path):
    loaded, plain = experiment(replications=3)
    split = build_scenario_split(loaded, truth=True)
    for _ in range(2):
        with open_checkpoint(tmp_path / "kept.jsonl", build_identity(loaded, "reference", split)) as store:
            comparison = compare(loaded, split=split, run_arms=known_experiments.planted, checkpoint=store)
    fresh = compare(loaded, split=split, run_arms=known_experiments.planted, workers=2)
    assert json.dumps(comparison.to_dict()) == json.dumps(fresh.to_dict())
    with (
        pytest.raises(InputError, match="give --mode randomised --truth"),
        open_checkpoint(tmp_path / "kept.jsonl", build_identity(loaded, "reference", plain)),
    ):
        pass
