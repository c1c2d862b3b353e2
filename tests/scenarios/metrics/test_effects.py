"""Families of tests: which effects are corrected for which."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def test_means_and_their_difference_are_over_the_same_replications():
    found = compute_effect([0.0, 1.0, None, 0.5], [None, 0.5, 0.0, 0.5])
    assert (found.baseline.mean, found.treated.mean, found.difference.mean) == (0.75, 0.5, -0.25)
    assert found.baseline.n == found.treated.n == found.difference.n == 2
    assert found.note.startswith("measured in both arms in 2 of 4 replications")
    assert {key: found.as_dict()[key] for key in ("baseline", "mean", "n")} == {"baseline": 0.75, "mean": 0.5, "n": 2}


measured = st.lists(st.tuples(*[st.none() | st.floats(-10.0, 10.0)] * 2), min_size=1, max_size=8)


@given(measured)
def test_the_difference_is_always_that_of_the_two_means_beside_it(pairs):
    found = compute_effect(*zip(*pairs, strict=True))
    if found.difference.n:
        assert found.difference.mean == pytest.approx(found.treated.mean - found.baseline.mean, abs=1e-9)


def test_the_primary_metric_by_segment_is_a_family_of_its_own_over_all_arms():
    arms = {
        arm: {
            "churn_rate": effect(0.02),
            "churn_rate[A]": effect(0.01),
            "churn_rate[B]": effect(0.03),
            "csat": effect(0.02),
        }
        for arm in ("a", "b")
    }
    families = effects.group_families(arms, "churn_rate")
    assert families.primary == (("a", "churn_rate"), ("b", "churn_rate"))
    assert [name for _, name in families.segments] == ["churn_rate[A]", "churn_rate[B]"] * 2
    assert families.others == {"a": (("a", "csat"),), "b": (("b", "csat"),)}
    # A segment that is the primary metric is in the family of the primary metric, and the whole is another metric.
    families = effects.group_families(arms, "churn_rate[A]")
    assert families.primary == (("a", "churn_rate[A]"), ("b", "churn_rate[A]"))
    assert [name for _, name in families.segments] == ["churn_rate[B]"] * 2
    assert families.others["a"] == (("a", "churn_rate"), ("a", "csat"))


replications = st.lists(st.floats(-1.0, 1.0, allow_subnormal=False), min_size=2, max_size=6)


@given(st.lists(replications, min_size=1, max_size=6))
def test_the_interval_beside_a_verdict_excludes_0_exactly_where_the_difference_is_significant(samples):
    family = {index: compute_effect([0.0] * len(values), values) for index, values in enumerate(samples)}
    for found in effects.apply_holm_correction(family).values():
        low, high, _ = found.tested
        if low is None:
            assert found.difference.sd == 0.0
            assert not found.is_significant
        elif abs(found.p_adjusted - 0.05) > 1e-6:
            assert found.is_significant == (low > 0.0 or high < 0.0)


def test_a_metric_in_another_unit_has_the_interval_of_the_same_test():
    tested = effects.add_tests(
        {"a": {"churn_rate": effect(0.0), "interventions": effect(0.03), "contacts_per_customer": effect(0.03)}},
        "churn_rate",
    )["a"]
    assert tested["contacts_per_customer"].tested == tested["interventions"].tested
