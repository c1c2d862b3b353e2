"""`approve` of the policy: a word or thresholds; old keys mean the same; nothing but the word switches approval off."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.core.errors import InputError, OldKeyWarning
from journey.decision.approval import ApprovalRules, rename_old_keys, restore_old_keys
from journey.decision.parameters import build_parameters
from journey.decision.policy import MONITOR_ONLY, build_policy, read_policy
from journey.decision.rules import NO_ACTION
from journey.decision.steps import action_needs_approval
from journey.machine import default_journey
from simulation.model.arm_policy import format_toml

unit = st.floats(0.0, 1.0)
dollars = st.floats(0.0, 1e9)
rules = st.fixed_dictionaries(
    {}, optional={"human_severity": unit, "high_tier_severity": unit, "value": dollars, "value_severity": unit}
)
OLD = {
    "human_severity": "approve_human_severity",
    "high_tier_severity": "approve_high_tier_severity",
    "value": "approve_value",
    "value_severity": "approve_value_severity",
}


def needs_approval(policy, action, severity, tier, value):
    table = policy.compile(default_journey().stages)
    code = NO_ACTION if action is None else table.actions.index(action)
    return action_needs_approval(build_parameters(table), code, severity, table.tiers.index(tier), value)


ACTIONS = st.sampled_from([*build_policy({}, "").actions, None]).filter(lambda action: action != MONITOR_ONLY)
CASES = (ACTIONS, unit, st.sampled_from(["low", "medium", "high"]), st.floats(0.0, allow_infinity=False))


@given(*CASES)
def test_never_and_always_hold_for_every_action(action, severity, tier, value):
    assert not needs_approval(build_policy({"approve": "never"}, ""), action, severity, tier, value)
    assert needs_approval(build_policy({"approve": "always"}, ""), action, severity, tier, value)


@pytest.mark.parametrize("approve", ["never", "always"])
def test_monitoring_needs_no_approval(approve):
    assert not needs_approval(build_policy({"approve": approve}, ""), MONITOR_ONLY, 1.0, "high", 1e9)


def test_an_account_of_unknown_value_needs_approval_with_always():
    assert needs_approval(build_policy({"approve": "always"}, ""), "reengagement_campaign", 0.0, "low", float("nan"))


@given(rules)
def test_old_keys_mean_the_same(given_rules):
    old = build_policy({"thresholds": {OLD[key]: value for key, value in given_rules.items()}}, "")
    assert old == build_policy({"approve": given_rules}, "")
    assert old.approve == ApprovalRules(**given_rules)


@given(st.one_of(rules, st.sampled_from(["never", "always"])))
def test_the_old_keys_of_a_hash_are_read_as_the_new_ones(approve):
    policy = {"approve": approve, "thresholds": {"act_severity": 0.1}}
    kept = {key: value for key, value in policy.items() if value != {}}
    assert rename_old_keys(restore_old_keys(policy)).policy == kept


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ({"approve": "nevr"}, "file: approve: must be 'never', 'always' or a table with human_severity"),
        ({"approve": "nevr"}, "but 'nevr' was given; did you mean 'never'?"),
        ({"approve": "Never"}, "but 'Never' was given; did you mean 'never'?"),
        ({"approve": False}, "but False was given"),
        ({"approve": []}, "but [] was given"),
        ({"approve": ""}, "but '' was given"),
        ({"approve": {"valu": 1}}, "file: approve.valu: unknown key; did you mean 'value'?"),
        ({"approve": {"human_severity": 2}}, "file: approve.human_severity: should be less than or equal to 1, but 2"),
        ({"thresholds": {"approve_value": -1}}, "file: thresholds.approve_value: should be greater than or equal to 0"),
        ({"thresholds": {"approve_value": float("nan")}}, "file: thresholds.approve_value: should be a finite number"),
        ({"approve": "never", "thresholds": {"approve_value": "never"}},
         "file: approve: is 'never', but the old key thresholds.approve_value is 'never'; remove the old key"),
        ({"approve": "never", "thresholds": {"approve_value": 3}},
         "file: approve: is 'never', but the old key thresholds.approve_value is 3; remove the old key"),
        ({"approve": {"value": 4}, "thresholds": {"approve_value": 3}},
         "file: approve.value: is 4, but the old key thresholds.approve_value is 3; remove the old key"),
    ],
)  # fmt: skip
def test_what_is_neither_a_word_nor_thresholds_is_refused(policy, message):
    with pytest.raises(InputError) as caught:
        build_policy(policy, "file")
    assert message in str(caught.value)


def test_both_forms_are_accepted_where_they_agree():
    policy = {"approve": {"value": 3.0}, "thresholds": {"approve_value": 3.0, "approve_value_severity": 0.2}}
    assert build_policy(policy, "").approve == ApprovalRules(value=3.0, value_severity=0.2)


@pytest.mark.parametrize("approve", ["never", "always", {"value": 7.0}])
def test_a_policy_written_as_a_file_is_read_back(approve, tmp_path):
    policy = build_policy({"approve": approve}, "")
    path = tmp_path / "policy.toml"
    path.write_text(format_toml(policy))
    assert read_policy(path) == policy


def test_a_policy_file_with_old_keys_is_read_with_a_notice(tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text("[thresholds]\napprove_value = 7\n")
    with pytest.warns(OldKeyWarning) as warned:
        assert read_policy(path).approve == ApprovalRules(value=7.0)
    assert [str(each.message) for each in warned] == [
        f"{path}: thresholds.approve_value: is an old key; write `approve.value`"
    ]


def test_a_word_leaves_the_smallest_high_value_account_at_its_default():
    assert build_policy({"approve": "never"}, "").high_value == ApprovalRules().value
    assert build_policy({"approve": {"value": 7.0}}, "").high_value == 7.0
