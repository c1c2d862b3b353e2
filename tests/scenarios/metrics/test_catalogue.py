"""The metrics of one scenario."""

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


def test_a_message_on_an_unknown_name_has_the_closest_one():
    assert OWN.describe_unknown_name("convrted") == "unknown metric 'convrted'; did you mean 'converted'?"
