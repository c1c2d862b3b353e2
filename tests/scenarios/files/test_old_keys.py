"""Old keys of approval in a scenario: each layer may use either form, and the later layer wins."""

from collections import Counter

import pytest

from journey.core.errors import InputError
from journey.decision.approval import ApprovalRules
from scenarios.files.loader import load, override
from simulation.runs.engine_choice import COMPILED, REFERENCE
from simulation.runs.run import run_arm

OLD = "policy.thresholds.approve_human_severity"
NEW = "policy.approve.human_severity"


def approvals(loaded):
    return {arm.name: arm.policy.approve for arm in loaded.arms}


def write(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(f'extends = "default"\ntitle = "Mine"\n{text}')
    return path


def test_both_forms_have_one_meaning_and_one_hash():
    old, new = load("default", [f"{OLD}=0.7"]), load("default", [f"{NEW}=0.7"])
    assert approvals(old) == approvals(new) == dict.fromkeys(approvals(new), ApprovalRules(human_severity=0.7))
    assert old.hash == new.hash != load("default").hash
    assert [str(notice) for notice in old.notices] == [f"{OLD}=0.7: is an old key; write `{NEW}`"]
    assert new.notices == ()


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (f"{OLD}=0.7", f"{NEW}=0.6", ApprovalRules(human_severity=0.6)),
        (f"{NEW}=0.7", f"{OLD}=0.6", ApprovalRules(human_severity=0.6)),
        (f"{OLD}=0.7", "policy.approve=never", "never"),
        ("policy.approve=always", f"{OLD}=0.6", ApprovalRules(human_severity=0.6)),
        (f"{NEW}=0.7", "policy.thresholds.approve_value=9", ApprovalRules(human_severity=0.7, value=9.0)),
    ],
)
def test_a_later_layer_wins_in_either_form(first, second, expected):
    loaded = override(load("default", [first]), [second])
    assert set(approvals(loaded).values()) == {expected}


def test_two_overrides_with_both_forms_are_refused():
    with pytest.raises(InputError) as caught:
        load("default", [f"{OLD}=0.7", "policy.approve=never"])
    assert str(caught.value) == f"policy.approve=never: contradicts {OLD}=0.7; give one of the two"


def test_an_arm_has_its_own_approval(tmp_path):
    path = write(tmp_path, '[policy]\napprove = "never"\n[arms.treated.policy.thresholds]\napprove_value = 7\n')
    assert approvals(load(path)) == {"baseline": "never", "treated": ApprovalRules(value=7.0)}


def test_an_error_names_the_key_as_it_is_written(tmp_path):
    path = write(tmp_path, "[arms.treated.policy.thresholds]\napprove_value = -7\n")
    with pytest.raises(InputError) as caught:
        load(path)
    assert f"{path}" in str(caught.value)
    assert "arms.treated.policy.thresholds.approve_value: should be greater than or equal to 0" in str(caught.value)


@pytest.mark.parametrize("key", ["policy", "arms.treated.policy"])
def test_both_forms_in_one_file_are_refused_where_they_differ(key, tmp_path):
    path = write(tmp_path, f'[{key}]\napprove = "never"\n[{key}.thresholds]\napprove_value = 7\n')
    with pytest.raises(InputError) as caught:
        load(path)
    assert f"{key}.approve: is 'never', but the old key thresholds.approve_value is 7" in str(caught.value)


@pytest.mark.parametrize("engine", [REFERENCE, pytest.param(COMPILED, marks=pytest.mark.compiled)])
@pytest.mark.parametrize("approve", ["never", "always"])
def test_every_simulated_action_follows_the_word(approve, engine):
    loaded = load("default", [f"arms.treated.policy.approve={approve}", "population.size=150", "horizon_days=120"])
    run = run_arm(loaded.arms[1], seed=1, replication=0, days=120.0, trace=True, engine=engine)
    kinds = run.events_by_kind
    if approve == "never":
        assert kinds["action"] > 0
        assert kinds.get("review_requested", 0) == 0
    else:
        assert kinds["review_requested"] >= kinds["action"] > 0
        decided = [row for row in run.trace.sorted_rows() if row.kind == "review_decided" and row.label != "rejected"]
        approved = Counter(row.customer for row in decided)
        done = Counter(row.customer for row in run.trace.sorted_rows() if row.kind == "action")
        assert not done - approved
