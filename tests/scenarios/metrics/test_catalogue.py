"""The metrics of one scenario."""

import pytest

from scenarios.metrics.catalogue import MetricCatalogue
from scenarios.metrics.definitions import BUILT_IN, Metric

OWN = MetricCatalogue({"converted": Metric("converted", "share", "higher", "Share that pays.")})


def test_a_metric_of_a_segment_has_the_definition_of_the_metric():
    assert OWN.get("churn_rate[SMB]").unit == "share"
    assert OWN.get("churn_rate[SMB]").label == "churn rate [SMB]"
    assert OWN.get("converted[SMB]").label == "converted [SMB]"
    assert "converted[SMB]" in OWN


def test_an_unknown_metric_goes_by_its_own_name():
    assert "some_new_number" not in OWN
    assert OWN.get("some_new_number").label == "some new number"
    assert not OWN.is_total("some_new_number")


def test_own_metrics_follow_the_built_in_ones():
    assert OWN.names == (*BUILT_IN, "converted")
    assert OWN.sort(["new", "churn_rate[SMB]", "converted", "csat", "churn_rate"]) == [
        "churn_rate", "csat", "converted", "new", "churn_rate[SMB]"
    ]  # fmt: skip


def test_totals_are_per_customer_where_arms_differ_in_size():
    per_customer = MetricCatalogue(OWN.own, per_customer=True)
    assert per_customer.get("escalations").label == "escalations per customer"
    assert per_customer.get("escalations[SMB]").unit == "per customer"
    assert per_customer.get("retained_value").unit == "dollars"
    assert per_customer.get("converted") == OWN.get("converted")
    assert per_customer.is_total("escalations")


SPLIT = MetricCatalogue(
    {"paid": Metric("paid", "share", "higher", "Share that pays.", by=("segment", "tier"))},
    segments=("SMB", "Enterprise"),
    has_campaigns=False,
    scenario="my file.toml",
)


@pytest.mark.parametrize("name", ["churn_rate", "churn_rate[SMB]", "paid", "paid[Enterprise]", "paid[tier=high]"])
def test_what_can_be_asked_for_has_no_mistake(name):
    assert SPLIT.describe_mistake(name) == ""


@pytest.mark.parametrize(
    ("name", "mistake"),
    [
        ("piad", "unknown metric 'piad'; did you mean 'paid'? `journey metrics 'my file.toml'` lists all"),
        ("review_wait_days", "did you mean 'review_wait_days_p90' or 'review_wait_days_mean'?"),
        ("qqq[SMB]", "unknown metric 'qqq'; `journey metrics 'my file.toml'` lists all"),
        ("clicks", "clicks is a metric of campaigns, and the scenario has no table [acquisition]"),
        ("csat[SMB]", "csat is not measured by segment; metrics that are: churn_rate, "),
        ("churn_rate[tier=high]", "churn_rate is not measured by tier; metrics that are: paid"),
        ("paid[SBM]", "'SBM' is not a segment of the population; did you mean 'SMB'?"),
        ("paid[tier=hihg]", "'hihg' is not a risk tier; did you mean 'high'?"),
        ("paid[SMB", "'paid[SMB' does not end with ']'; write paid[SMB]"),
    ],
)
def test_a_name_that_cannot_be_asked_for_is_explained(name, mistake):
    assert mistake in SPLIT.describe_mistake(name)


def test_records_determine_their_segments_themselves():
    assert MetricCatalogue(segments=None).describe_mistake("churn_rate[Unheard of]") == ""


def test_without_the_name_of_the_scenario_its_own_metrics_are_listed():
    expected = "unknown metric 'x'; `journey metrics` lists the built-in ones, and this scenario declares converted"
    assert OWN.describe_mistake("x") == expected
