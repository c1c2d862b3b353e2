"""Verdicts in words."""

import pytest

from scenarios.comparison.compare import compare
from scenarios.files.loader import load
from tests.scenarios import fakes


def verdict(run_arm, *overrides):
    return compare(load("default", ["replications=12", "seed=4", *overrides]), run_arm=run_arm).verdict


def test_a_shown_difference_names_metric_null_interval_and_direction():
    found = verdict(fakes.planted)
    assert found.findings["treated"].outcome == "better"
    for words in (
        "churn rate is ",
        " pp lower than in the baseline, which is better",
        "95 % interval",
        "12 replications",
    ):
        assert words in found.text
    assert "null hypothesis: no difference in churn rate, rejected" in found.text
    assert "Net value" in found.text


def test_value_beyond_the_horizon_is_stated_separately():
    assert "within the horizon, the rest beyond" in verdict(fakes.planted).text
    assert "the rest beyond" not in verdict(fakes.planted, "money.beyond_horizon_years=0").text


def test_a_higher_retained_value_is_better():
    found = verdict(fakes.planted, "primary_metric=retained_value")
    assert found.findings["treated"].outcome == "better"
    assert "higher than in the baseline, which is better" in found.text


def harmful(setup, **how):
    return fakes.planted(setup, effect=0.03, **how)


def test_a_harmful_arm_is_worse():
    assert verdict(harmful).findings["treated"].outcome == "worse"


def test_without_a_significant_difference_the_needed_replications_are_stated():
    found = verdict(fakes.nothing_planted)
    assert found.findings["treated"].outcome == "no_difference_shown"
    assert "no significant difference in churn rate" in found.text
    assert "not rejected" in found.text
    assert "replications (80 % power)" in found.text
    assert "customers per arm" in found.text


def test_a_metric_that_neither_way_is_better_is_only_different():
    assert verdict(more_reviews, "primary_metric=reviews").findings["treated"].outcome == "different"


def more_reviews(setup, **how):
    made = fakes.planted(setup, **how)
    made.metrics["reviews"] = made.metrics["churn_rate"] * 1000.0
    return made


def steady(setup, **how):
    return fakes.run(setup.name, how["days"], 0.2 if setup.name == "baseline" else 0.25)


def test_a_difference_that_never_varies_is_shown():
    found = verdict(steady)
    assert found.findings["treated"].outcome == "worse"
    assert "+5.00 pp to +5.00 pp" in found.text


def test_a_negative_baseline_does_not_turn_the_sign():
    """No relative lift is formed, so a baseline below 0 keeps the direction of the difference."""
    found = compare(load("default", ["primary_metric=csat", "replications=6"]), run_arm=below_zero)
    effect = found.effects["treated"]["csat"].difference
    assert effect.low < effect.mean < effect.high
    assert effect.mean > 0.0
    assert found.verdict.findings["treated"].outcome == "better"


def below_zero(setup, **how):
    made = fakes.planted(setup, **how)
    made.metrics["csat"] = -10.0 + 0.01 * how["replication"] ** 2 * (setup.name == "treated")
    if setup.name == "treated":
        made.metrics["csat"] += 5.0
    return made


@pytest.mark.parametrize("run_arm", [fakes.planted, fakes.nothing_planted, fakes.all_alike, fakes.never_measured])
@pytest.mark.parametrize("replications", [1, 2, 3])
def test_every_arm_has_a_verdict_whatever_happened(run_arm, replications):
    loaded = load("default", [f"replications={replications}", "arms.third.label=x"])
    found = compare(loaded, run_arm=run_arm).verdict
    assert list(found.findings) == ["treated", "third"]
    assert len(found.text.splitlines()) == 2
    assert "None" not in found.text
    assert "nan" not in found.text


def barely(setup, **how):
    """Two of three arms alike; the third differs so little that one test shows it and three together do not."""
    signs = (1.0, -1.0) if setup.name == "treated" else (0.0, 0.0)
    shift = -0.0062 if setup.name == "treated" else 0.0
    return fakes.run(setup.name, how["days"], 0.2 + shift + 0.01 * signs[how["replication"] % 2])


def test_a_difference_lost_to_holms_correction_is_explained():
    arms = [f"arms.arm{number}.label=x" for number in range(3)]
    alone, among = verdict(barely, "replications=14"), verdict(barely, "replications=14", *arms)
    assert alone.findings["treated"].outcome == "better"
    assert among.findings["treated"].outcome == "no_difference_shown"
    assert "not rejected after Holm's correction for the number of arms" in among.findings["treated"].effect
