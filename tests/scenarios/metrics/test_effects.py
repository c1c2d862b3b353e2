"""Families of tests: which effects are corrected for which."""

import pytest

from journey.statistics.proportions import adjust_holm
from scenarios.comparison.compare import compare
from scenarios.files.loader import load
from scenarios.metrics import effects
from scenarios.metrics.effects import compute_effect
from tests.scenarios import fakes

NOISE = [0.01, -0.02, 0.015, 0.03, -0.01, 0.02]


def effect(shift):
    return compute_effect([0.0] * 6, [shift + noise for noise in NOISE])


def test_the_primary_metric_is_tested_over_the_arms_and_the_others_of_an_arm_together():
    arms = {"a": {"churn_rate": effect(0.02), "csat": effect(0.01), "reviews": effect(0.04)}}
    arms["b"] = {"churn_rate": effect(0.01)}
    found = effects.add_tests(arms, "churn_rate")
    raw = [arms[arm]["churn_rate"].difference.p_value for arm in ("a", "b")]
    assert [found[arm]["churn_rate"].p_adjusted for arm in ("a", "b")] == adjust_holm(raw)
    others = [arms["a"][name].difference.p_value for name in ("csat", "reviews")]
    assert [found["a"][name].p_adjusted for name in ("csat", "reviews")] == adjust_holm(others)
    for metrics in found.values():
        for each in metrics.values():
            assert each.is_significant == (each.p_adjusted < 0.05)


def test_a_metric_that_is_another_one_per_customer_does_not_count_twice():
    alone = {"a": {"churn_rate": effect(0.0), "interventions": effect(0.03), "csat": effect(0.02)}}
    with_twin = {"a": {**alone["a"], "contacts_per_customer": effect(0.03)}}
    once, twice = effects.add_tests(alone, "churn_rate")["a"], effects.add_tests(with_twin, "churn_rate")["a"]
    assert twice["interventions"] == once["interventions"]
    assert twice["csat"] == once["csat"]
    assert twice["contacts_per_customer"].p_adjusted == once["interventions"].p_adjusted
    assert twice["contacts_per_customer"].is_significant == once["interventions"].is_significant


def test_a_twin_that_the_verdict_rests_on_is_tested_as_such():
    found = effects.add_tests(
        {"a": {"contacts_per_customer": effect(0.03), "interventions": effect(0.03)}}, "contacts_per_customer"
    )
    raw = effect(0.03).difference.p_value
    assert found["a"]["contacts_per_customer"].p_adjusted == pytest.approx(raw)


def test_without_an_interval_nothing_is_adjusted_and_nothing_shown():
    single = compute_effect([0.1], [0.9])
    found = effects.add_tests({"a": {"churn_rate": single}}, "churn_rate")["a"]["churn_rate"]
    assert (found.p_adjusted, found.is_significant) == (None, False)


def test_the_json_says_the_adjusted_p_value_beside_what_it_shows():
    found_effects = compare(load("default", ["replications=6"]), run_arm=fakes.planted).to_dict()["effects"]["treated"]
    for found in found_effects.values():
        assert found["shown"] == (found["p_adjusted"] is not None and found["p_adjusted"] < 0.05)
