"""Declared rules in scenarios and journey files: where they are read, and which mistakes are refused."""

from pathlib import Path

import pytest

from journey.core.errors import InputError
from journey.core.toml_text import format_value
from journey.machine import default_journey
from scenarios.files.journey_file import read_journey_file
from scenarios.files.loader import load
from scenarios.files.messages import ScenarioError
from scenarios.operations.evaluation_rules import open_rules

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
RULE = """
[[rules]]
name = "trial first"
template = "precedence"
a = "trial"
b = "paying"
"""
OWN = """
[[rules]]
name = "no second call"
template = "absence"
a = "action:checkin_call"
count = 2
within_days = 14
where = { segment = "team" }
severity = "warning"
"""


def _write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def _errors(source):
    with pytest.raises(ScenarioError) as raised:
        load(source)
    return [(error.line, error.key, error.message) for error in raised.value.errors]


def test_a_scenario_has_the_rules_of_its_journey_and_its_own(tmp_path):
    journey = load("trial_to_paid").scenario.journey
    assert journey is not None
    keys = "\n".join(f"{key} = {format_value(value)}" for key, value in journey.items())
    _write(tmp_path, "journey.toml", f"[journey]\n{keys}\n{RULE}")
    both = _write(tmp_path, "both.toml", 'extends = "trial_to_paid"\njourney = "journey.toml"\n' + OWN)
    loaded = load(both)
    assert [rule.name for rule in loaded.rules] == ["trial first", "no second call"]
    assert all(arm.rules == loaded.rules for arm in loaded.arms)
    assert [rule.name for rule in open_rules(journey=str(both)).declared_rules] == ["trial first"]
    assert open_rules(scenario=str(both), arm="treated").declared_rules == loaded.rules


def test_rules_are_part_of_the_hash_and_no_rules_are_not(tmp_path):
    base = load("trial_to_paid").hash
    assert load(_write(tmp_path, "same.toml", 'extends = "trial_to_paid"\nrules = []\n')).hash == base
    assert load(_write(tmp_path, "rule.toml", 'extends = "trial_to_paid"\n' + OWN)).hash != base


def test_a_mistake_has_its_line_and_key(tmp_path):
    text = 'extends = "trial_to_paid"\n' + OWN.replace('"action:checkin_call"', '"action:checkin_cal"').replace(
        "team", "teem"
    )
    found = _errors(_write(tmp_path, "own.toml", text))
    assert [(line, key) for line, key, _ in found] == [(6, "rules[0].a"), (9, "rules[0].where.segment")]
    assert "did you mean 'checkin_call'" in found[0][2]
    assert "did you mean 'team'" in found[1][2]


def test_a_mistake_in_a_journey_file_has_its_line_and_key(tmp_path):
    path = _write(tmp_path, "journey.toml", JOURNEY + RULE.replace('"paying"', '"payin"'))
    with pytest.raises(ScenarioError) as raised:
        read_journey_file(path)
    assert [(error.line, error.key) for error in raised.value.errors] == [(15, "rules[0].b")]
    using = _write(tmp_path, "own.toml", 'extends = "trial_to_paid"\njourney = "journey.toml"\n')
    assert (15, "rules[0].b") in [(line, key) for line, key, _ in _errors(using)]


def test_a_journey_file_gives_its_rules(tmp_path):
    path = _write(tmp_path, "journey.toml", JOURNEY + RULE)
    file = read_journey_file(path)
    assert file is not None
    assert [rule.name for rule in file.rules] == ["trial first"]
    assert open_rules(journey=path).declared_rules == file.rules


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("rules = 3\n" + JOURNEY, "must be a list of tables"),
        (JOURNEY + RULE + RULE, "another rule has the name 'trial first'"),
        (JOURNEY + "[[journey.rules]]\nname = 'x'\n" + RULE, "both [[rules]] and [[journey.rules]]"),
    ],
)
def test_an_invalid_journey_file_is_refused(tmp_path, text, problem):
    path = _write(tmp_path, "journey.toml", text)
    with pytest.raises(InputError) as raised:
        open_rules(journey=path)
    assert problem in str(raised.value)


def test_rules_alone_are_about_the_default_journey(tmp_path):
    path = _write(tmp_path, "rules.toml", RULE.replace("trial", "onboarding").replace("paying", "retention"))
    file = read_journey_file(path)
    assert file is not None
    assert file.journey == default_journey()
    own = _write(tmp_path, "own.toml", 'extends = "default"\njourney = "rules.toml"\n')
    assert load(own).rules == file.rules
    assert load(own).arms[0].journey == load("default").arms[0].journey
    with pytest.raises(InputError, match="'trial' is not one of the stages"):
        read_journey_file(_write(tmp_path, "wrong.toml", RULE))


@pytest.mark.parametrize("text", ["", "# a comment alone\n"])
def test_an_empty_file_is_refused_as_such(tmp_path, text):
    with pytest.raises(InputError, match=r"empty\.toml: is empty; begin it with extends"):
        load(_write(tmp_path, "empty.toml", text))
