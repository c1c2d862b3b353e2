"""The metrics of a scenario, in words."""

import pytest

from scenarios.metrics.own_metrics import describe_own_metrics
from simulation.model.metric_spec import MetricSpec

SPECS = {
    "paid": MetricSpec.model_validate({"reached": "paying", "from": "trial", "within_days": 30, "better": "higher"}),
    "converted": MetricSpec(reached="move:convert"),
    "days_to_pay": MetricSpec(time_to="paying", within_days=60.0),
    "median_days": MetricSpec(time_to="paying", statistic="median"),
    "days_at_risk": MetricSpec(time_in="at_risk"),
    "calls": MetricSpec(count_of="action:call"),
    "entries": MetricSpec(count_of="paying"),
    "helped": MetricSpec(share_of="action:call", label="customers called"),
    "paying_at_end": MetricSpec.model_validate({"share_of": {"stage_at_end": "paying"}}),
    "earned": MetricSpec(revenue="paying"),
    "arr": MetricSpec(value_of="paying"),
    "per_call": MetricSpec(ratio=("earned", "calls")),
    "per_reviewer": MetricSpec(ratio=("earned", "reviews")),
    "churn_by_call": MetricSpec(ratio=("churn_rate", "helped")),
    "small_only": MetricSpec(ratio=("earned[SMB]", "calls[SMB]")),
}
FOUND = describe_own_metrics(SPECS, {"paid": "shop.toml: metrics.paid"})


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("paid", "Share of customers that reach paying within 30 days of entering trial."),
        ("converted", "Share of customers that make the move convert by the end, from day 0 or their arrival."),
        ("days_to_pay", "Restricted mean time until customers reach paying within 60 days of day 0 or their arrival."),
        ("median_days", "Time until half of the customers reach paying by the end"),
        ("days_at_risk", "Mean number of days that a customer spends in at_risk."),
        ("calls", "Number of actions call."),
        ("entries", "Number of entries into paying."),
        ("helped", "Share of customers that receive the action call at least once."),
        ("paying_at_end", "Share of customers in paying at the end."),
        ("earned", "Discounted revenue earned in paying."),
        ("arr", "Annual account value of the customers in paying at the end."),
        ("per_call", "earned divided by calls."),
    ],
)
def test_the_definition_says_what_is_measured(name, words):
    assert FOUND[name].meaning.startswith(words)


def test_a_metric_has_the_label_and_the_source_of_its_table():
    assert (FOUND["paid"].label, FOUND["paid"].source) == ("paid", "shop.toml: metrics.paid")
    assert FOUND["helped"].label == "customers called"
    assert FOUND["days_at_risk"].label == "days at risk"
    assert not any(metric.is_built_in for metric in FOUND.values())


def test_a_ratio_can_be_split_by_what_both_of_its_metrics_can_be():
    assert FOUND["per_call"].by == ("segment", "tier")
    assert FOUND["churn_by_call"].by == ("segment",)
    assert FOUND["per_reviewer"].by == FOUND["small_only"].by == ()


def test_a_circle_of_ratios_is_described_too():
    circle = {"a": MetricSpec(ratio=("b", "csat")), "b": MetricSpec(ratio=("a", "csat"))}
    assert describe_own_metrics(circle, {})["a"].by == ()


@pytest.mark.parametrize(
    ("keys", "better"),
    [
        ({"reached": "x"}, None),
        ({"reached": "x", "better": "lower"}, "lower"),
        ({"reached": "x", "guardrail": -0.1}, "higher"),
        ({"time_to": "x", "guardrail": 2.0}, "lower"),
        ({"revenue": "all"}, "higher"),
        ({"value_of": "x"}, "higher"),
        ({"revenue": "x", "better": "lower"}, "lower"),
    ],
)
def test_the_better_direction_is_stated_or_follows_from_guardrail_or_unit(keys, better):
    assert describe_own_metrics({"m": MetricSpec.model_validate(keys)}, {})["m"].better == better


def test_only_totals_are_divided_by_customers():
    assert {name for name, metric in FOUND.items() if metric.is_total} == {"calls", "entries", "earned", "arr"}


def test_ratios_of_ratios_are_described_at_any_depth_and_in_time():
    chain = {f"m{n}": MetricSpec(ratio=(f"m{n + 1}", "churn_rate")) for n in range(1_200)}
    assert describe_own_metrics({**chain, "m1200": MetricSpec(count_of="paying")}, {})["m0"].by == ("segment",)
    twice = {f"m{n}": MetricSpec(ratio=(f"m{n + 1}", f"m{n + 1}")) for n in range(60)}
    assert describe_own_metrics({**twice, "m60": MetricSpec(count_of="paying")}, {})["m0"].by == ("segment", "tier")


def test_a_ratio_that_is_defined_by_itself_can_be_split_by_nothing():
    circle = {"a": MetricSpec(ratio=("b", "churn_rate")), "b": MetricSpec(ratio=("a", "churn_rate"))}
    assert [each.by for each in describe_own_metrics(circle, {}).values()] == [(), ()]
