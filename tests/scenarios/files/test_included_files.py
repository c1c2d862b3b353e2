"""`journey = "FILE"` and `policy = "FILE"` in a scenario: the content of a file in place of a table."""

from pathlib import Path

import pytest

from journey.core.errors import InputError
from journey.decision.policy import build_policy, read_override
from scenarios.files.line_numbers import find_line
from scenarios.files.loader import load, override
from scenarios.files.merging import find_layer
from scenarios.operations.output_paths import Inputs

JOURNEY = """
[journey]
stages = ["trial", "paying", "gone"]
initial = "trial"
terminal = "gone"
moves = [
  { name = "convert", source = "trial", destination = "paying" },
  { name = "leave", source = "every_live_stage", destination = "gone" },
]
"""
POLICY = """
name = "mine"
plays = []
[thresholds]
act_severity = 0.25
"""
REST = """
title = "Own"
[population]
size = 20
[population.segments.solo]
share = 1
account_value = 100
[world.moves]
convert = { dwell = { law = "exponential", mean_days = 10 } }
leave = { dwell = { law = "exponential", mean_days = 100 } }
[world.distress.causes.falling_usage]
onset_per_day = { trial = 0.02 }
mean_days = 10
churn_ratio = 2
symptoms = { usage_drop = 0.1 }
[arms.baseline]
[arms.treated]
"""
NAMES = 'journey = "journey.toml"\npolicy = "policy.toml"\n'
INLINE = '[policy]\nname = "mine"\nplays = []\n[policy.thresholds]\nact_severity = 0.25\n'


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "journey.toml").write_text(JOURNEY)
    (tmp_path / "policy.toml").write_text(POLICY)
    (tmp_path / "scenario.toml").write_text(NAMES + REST)
    return tmp_path


def read_policy(path):
    return build_policy(read_override(path), str(path), segments=["solo"])


def refused(source, *overrides):
    with pytest.raises(InputError) as caught:
        load(source, overrides)
    return str(caught.value)


def test_files_and_tables_of_the_same_content_are_the_same_scenario(folder):
    (folder / "inline.toml").write_text(REST + JOURNEY + INLINE)
    named, inline = load(folder / "scenario.toml"), load(folder / "inline.toml")
    assert named.hash == inline.hash
    assert named.arms == inline.arms
    assert named.arms[0].policy == read_policy(folder / "policy.toml")
    assert named.arms[0].journey.stages == ("trial", "paying", "gone")


def test_the_hash_does_not_depend_on_the_name_of_a_file_but_on_its_content(folder):
    before = load(folder / "scenario.toml").hash
    (folder / "renamed.toml").write_text(POLICY + "# a comment\n")
    assert load(folder / "scenario.toml", [f"policy={folder / 'renamed.toml'}"]).hash == before
    (folder / "policy.toml").write_text(POLICY.replace("0.25", "0.3"))
    assert load(folder / "scenario.toml").hash != before


def test_paths_start_at_the_folder_of_the_file_that_names_them(folder, monkeypatch):
    (folder / "below").mkdir()
    (folder / "below" / "child.toml").write_text('extends = "../scenario.toml"\nseed = 3\n')
    monkeypatch.chdir(folder / "below")
    assert load("child.toml").arms[0].policy.name == "mine"
    (folder / "below" / "own.toml").write_text('name = "own"\nplays = []\n')
    assert load("child.toml", ["policy=own.toml"]).arms[0].policy.name == "own"
    assert load("../scenario.toml", ["policy=own.toml"]).arms[0].policy.name == "own"


def test_a_table_overrides_the_file_of_an_earlier_layer_key_by_key(folder):
    (folder / "child.toml").write_text('extends = "scenario.toml"\n[policy.contact]\ncool_down_days = 3\n')
    policy = load(folder / "child.toml").arms[0].policy
    assert (policy.name, policy.thresholds.act_severity, policy.contact.cool_down_days) == ("mine", 0.25, 3.0)


def test_a_file_replaces_the_policy_of_earlier_layers(folder):
    (folder / "base.toml").write_text(
        'journey = "journey.toml"\n' + REST + "[policy]\nplays = []\n[policy.contact]\ncool_down_days = 3\n"
    )
    (folder / "child.toml").write_text('extends = "base.toml"\npolicy = "policy.toml"\n')
    assert load(folder / "child.toml").arms[0].policy == read_policy(folder / "policy.toml")


@pytest.mark.parametrize("reverse", [False, True])
def test_an_override_of_a_key_and_a_file_may_be_in_any_order(folder, reverse):
    (folder / "own.toml").write_text('name = "own"\nplays = []\n')
    overrides = [f"policy={folder / 'own.toml'}", "policy.thresholds.act_severity=0.4"]
    policy = load(folder / "scenario.toml", overrides[::-1] if reverse else overrides).arms[0].policy
    assert (policy.name, policy.thresholds.act_severity) == ("own", 0.4)


def test_a_loaded_scenario_takes_another_file(folder):
    (folder / "own.toml").write_text('name = "own"\nplays = []\n')
    changed = override(load(folder / "scenario.toml"), [f"policy={folder / 'own.toml'}"])
    assert changed.arms[0].policy == read_policy(folder / "own.toml")


def test_an_arm_may_name_a_file_that_overrides_the_policy_of_the_scenario(folder):
    (folder / "bold.toml").write_text("[thresholds]\nact_confidence = 0.1\n")
    (folder / "child.toml").write_text('extends = "scenario.toml"\n[arms.treated]\npolicy = "bold.toml"\n')
    baseline, treated = load(folder / "child.toml").arms
    assert baseline.policy == read_policy(folder / "policy.toml")
    assert (treated.policy.name, treated.policy.thresholds.act_confidence) == ("mine", 0.1)


def test_an_error_names_the_file_and_the_key_in_it(folder):
    (folder / "policy.toml").write_text(
        "plays = []\n[thresholds]\nact_severity = 2\n[churn.yearly_hazard]\nsolo = -1\n"
    )
    file = folder / "policy.toml"
    assert refused(folder / "scenario.toml").splitlines() == [
        f"{file}:3: thresholds.act_severity: should be less than or equal to 1, but 2 was given",
        f"{file}:5: churn.yearly_hazard.solo: should be greater than or equal to 0, but -1 was given",
    ]
    (folder / "policy.toml").write_text("plays = []\n[evidence.typical_days]\ntril = 3\n")
    assert refused(folder / "scenario.toml").startswith(f"{file}:3: evidence.typical_days.tril: 'tril' is not a stage")


def test_an_error_in_the_table_over_a_file_names_the_table(folder):
    (folder / "child.toml").write_text('extends = "scenario.toml"\n[policy.thresholds]\nact_severity = 2\n')
    assert refused(folder / "child.toml").startswith(f"{folder / 'child.toml'}:3: policy.thresholds.act_severity: ")
    (folder / "policy.toml").write_text(POLICY.replace("0.25", "3"))
    (folder / "child.toml").write_text('extends = "scenario.toml"\n[policy.contact]\ncool_down_days = 3\n')
    assert refused(folder / "child.toml").startswith(f"{folder / 'policy.toml'}:")


def test_an_error_in_the_journey_names_its_file(folder):
    (folder / "journey.toml").write_text(JOURNEY.replace('destination = "paying"', 'destination = "payng"'))
    assert refused(folder / "scenario.toml").startswith(f"{folder / 'journey.toml'}:7: journey.moves[0].destination: ")


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("policy=none.toml", "policy=none.toml: policy: none.toml: the policy file does not exist"),
        ("journey=none.toml", "journey=none.toml: journey: none.toml: the journey file does not exist"),
        ("policy=.", "policy=.: policy: .: is a folder; name the policy file in it"),
        ("policy=", "policy=: "),
        ('policy=""', 'policy="": policy: names no file; write its path, or remove the key'),
        ("policy=5", "policy=5: policy: must be a table or the path of a file, but 5 was given"),
        ("arms.treated.policy=[]", "arms.treated.policy=[]: arms.treated.policy: must be a table or the path of a"),
        ("journey=policy.toml", "policy.toml: has no table [journey]"),
        ("journey=flat.toml", "flat.toml: has no table [journey]; put its keys below a line [journey]"),
        ("journey=scenario.toml", "scenario.toml: journey: must be a table"),
        ("journey=more.toml", "more.toml: population: not part of a journey file"),
        ("policy=damaged.toml", "damaged.toml: not valid TOML"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_reason(folder, monkeypatch, argument, expected):
    monkeypatch.chdir(folder)
    Path("flat.toml").write_text(JOURNEY.replace("[journey]", ""))
    Path("more.toml").write_text(JOURNEY + "[population]\nsize = 3\n")
    Path("scenario2.toml").write_text(NAMES + REST)
    Path("damaged.toml").write_text("[")
    if "scenario.toml" in argument:
        Path("scenario.toml").write_text('journey = "journey.toml"\n')
        assert refused("scenario2.toml", argument).startswith(expected)
    else:
        assert refused("scenario2.toml", argument).startswith(expected)


def test_the_line_of_a_key_is_that_in_the_file_that_contains_it(folder):
    layers = load(folder / "scenario.toml").layers
    for path, line in [(("policy", "thresholds", "act_severity"), 5), (("journey", "initial"), 4)]:
        assert find_line(find_layer(layers, path), path) == line


def test_the_files_are_inputs_that_no_output_may_replace(folder):
    files = {path for path in Inputs.of_scenario(load(folder / "scenario.toml")).files if path is not None}
    assert files == {folder / "journey.toml", folder / "policy.toml", folder / "scenario.toml"}


@pytest.mark.parametrize("value", ["inf", "3", "true", "{ a = 1 }", "[[1]]"])
@pytest.mark.parametrize("key", ["stages", "initial", "terminal", "moves"])
def test_a_value_of_the_wrong_type_in_a_journey_is_refused_by_name(folder, key, value):
    before = {"stages": '["trial", "paying", "gone"]', "initial": '"trial"', "terminal": '"gone"'}
    if key == "moves":
        head = JOURNEY.split("moves = ")[0]
        (folder / "journey.toml").write_text(f"{head}moves = {value}\n")
    else:
        (folder / "journey.toml").write_text(JOURNEY.replace(f"{key} = {before[key]}", f"{key} = {value}"))
    message = refused(folder / "scenario.toml")
    assert f"{folder / 'journey.toml'}:" in message
    assert key in message
