"""Verdicts in words."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.money.ledger import Ledger
from journey.statistics.means import estimate_mean
from scenarios.comparison.compare import compare
from scenarios.comparison.money import NetParts, Return
from scenarios.comparison.verdict import build_verdict
from scenarios.files.loader import load
from scenarios.metrics.catalogue import MetricCatalogue
from scenarios.metrics.effects import add_tests, compute_effect
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
    needed = found.findings["treated"].required_replications
    assert f"(80 % power): about {needed.estimate:,} (interval: from {needed.minimum}, no upper limit)" in found.text
    assert 12 < needed.minimum <= needed.estimate
    assert re.search(r"need about [\d,]+ customers per arm \(interval: from [\d,]+, no upper limit\)", found.text)


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


CHURN = MetricCatalogue().get("churn_rate")


def money(nets, *, roi=1.5, roi_interval=(0.5, 2.5)):
    net = estimate_mean(nets)
    return Return(Ledger(()), net, NetParts(net, net, net, net), roi, "", roi_interval, None, 100_000)


def judged(baseline, treated, nets=(1.0, 2.0, 3.0), **how):
    effects = add_tests({"treated": {"churn_rate": compute_effect(baseline, treated)}}, "churn_rate")
    return build_verdict("churn_rate", CHURN, effects, {"treated": money(nets, **how)}, replications=len(baseline))


def test_a_metric_that_one_replication_did_not_measure_is_not_identical_in_all_of_them():
    found = judged([0.0] * 9 + [None], [0.0] * 10)
    assert "it is identical in all 9 replications that measured both arms, of 10" in found.text
    assert "identical in all 10 replications" in judged([0.0] * 10, [0.0] * 10).text


def test_a_verdict_says_over_how_many_replications_its_interval_is():
    assert "over 4 of 5 replications" in judged([0.1, 0.2, 0.1, 0.3, None], [0.2, 0.2, 0.2, 0.2, 0.2]).text


@pytest.mark.parametrize(
    ("nets", "is_named"), [((9.0, 10.0, 11.0), True), ((-9.0, -10.0, -11.0), True), ((-20.0, 10.0, 30.0), False)]
)
def test_an_roi_is_in_the_verdict_only_where_the_net_is_significant(nets, is_named):
    found = judged([0.1, 0.2, 0.1], [0.2, 0.2, 0.2], nets).text
    assert ("ROI (net divided by cost) 1.50 (95 % interval 0.50 to 2.50)" in found) == is_named
    assert ("neither a gain nor a loss is significant" in found) != is_named


def test_an_roi_whose_cost_could_be_0_is_not_stated():
    found = judged([0.1, 0.2, 0.1], [0.2, 0.2, 0.2], (9.0, 10.0, 11.0), roi_interval=None).text
    assert "no ROI: the cost does not differ significantly from 0" in found


@given(st.lists(st.tuples(st.floats(0.1, 0.5), st.floats(0.1, 0.5)), min_size=2, max_size=8), st.integers(1, 6))
def test_replications_that_would_show_a_difference_are_more_than_were_run(pairs, arms):
    """Also after Holm's correction, and also where the difference hardly varies."""
    baseline, treated = zip(*pairs, strict=True)
    effects = {f"arm{number}": {"churn_rate": compute_effect(baseline, treated)} for number in range(arms)}
    effects = add_tests(effects, "churn_rate")
    money_by_arm = {arm: money((1.0, 2.0)) for arm in effects}
    for finding in build_verdict("churn_rate", CHURN, effects, money_by_arm, replications=len(pairs)).findings.values():
        needed = finding.required_replications
        if needed is not None:
            assert finding.outcome == "no_difference_shown"
            assert len(pairs) < needed.minimum <= needed.estimate


def test_an_interval_beside_a_verdict_excludes_0_only_if_the_difference_is_significant():
    """One test of 14 pairs is significant; four together are not, and their interval is wider."""
    arms = [f"arms.arm{number}.label=x" for number in range(3)]
    alone, among = verdict(barely, "replications=14"), verdict(barely, "replications=14", *arms)
    assert re.search(r"95 % interval -[\d.]+ pp to -[\d.]+ pp", alone.findings["treated"].headline)
    assert re.search(r"98.75 % interval -[\d.]+ pp to \+[\d.]+ pp", among.findings["treated"].headline)
