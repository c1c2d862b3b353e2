"""The policy in force, in words."""

from pathlib import Path

from journey.decision.policy import Policy, build_policy
from scenarios.text.policies import describe_policy, list_changes


def test_without_a_file_it_is_the_name_alone():
    assert describe_policy(Policy(), None) == "default"


def test_a_file_is_named_with_the_keys_it_changes():
    policy = build_policy({"name": "bold", "contact": {"cool_down_days": 1}}, "bold.toml")
    assert describe_policy(policy, Path("bold.toml")) == (
        "bold (bold.toml changes contact.cool_down_days of the default policy)"
    )
    assert describe_policy(Policy(), Path("same.toml")) == "default (same.toml changes nothing of the default policy)"


def test_many_keys_are_counted():
    thresholds = {"act_severity": 0.1, "act_confidence": 0.1}
    contact = {"cool_down_days": 1, "max_contacts": 9, "window_days": 9}
    policy = build_policy({"thresholds": thresholds, "contact": contact, "churn": {"horizon_days": 30}}, "x.toml")
    assert len(list(list_changes(policy))) == 6
    assert "and 1 other key" in describe_policy(policy, Path("x.toml"))
