"""`journey init`: every template runs as it is, and nothing is overwritten."""

import re
import shlex
from pathlib import Path

import pytest

from journey.core.errors import InputError
from scenarios.cli.init import Template
from scenarios.files.loader import load
from scenarios.operations import project
from scenarios.operations.project import TEMPLATES, create_project
from tests.scenarios.cli.invocation import invoke, json_of

SMALL = ["--customers", "60", "--days", "60", "--replications", "2", "--engine", "reference", "--workers", "1"]
EXPECTED = {"README.md", "journey.toml", "policy.toml", "scenario.toml"}


def list_files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_the_option_offers_every_template():
    assert [template.value for template in Template] == list(TEMPLATES)


@pytest.mark.medium
@pytest.mark.parametrize("template", TEMPLATES)
def test_the_records_of_every_template_are_checked_and_evaluated(template, tmp_path, monkeypatch):
    folder = tmp_path / "mine"
    document = json_of("init", folder, "--template", template)
    assert document["template"] == template
    assert set(document["files"]) == list_files(folder) >= EXPECTED
    monkeypatch.chdir(folder)
    found = json_of("check", "records", "--scenario", "scenario.toml")
    assert found["customers"] == 20
    assert found["used"]["policy"]["file"] == "policy.toml"
    assert all(found["counts"].values()), "the records show findings of each severity"
    decisions = json_of("evaluate", "records", "--scenario", "scenario.toml", "--arm", "treated")["decisions"]
    acting = [each for each in decisions if each["recommended_action"] not in (None, "monitor_only")]
    assert {each["requires_human_approval"] for each in acting} == {True, False}


@pytest.mark.medium
@pytest.mark.parametrize("template", TEMPLATES)
def test_the_scenario_of_every_template_is_valid_and_compared(template, tmp_path, monkeypatch):
    create_project(tmp_path / "mine", template)
    monkeypatch.chdir(tmp_path / "mine")
    valid = invoke("validate", "scenario.toml")
    assert (valid.exit_code, valid.stderr) == (0, "")
    compared = json_of("compare", "scenario.toml", *SMALL)
    assert list(compared["arms"]) == ["baseline", "treated"]
    assert compared["arms"]["treated"]["interventions"]["mean"] > 0


def test_validate_lists_moves_that_never_happen(tmp_path, monkeypatch):
    create_project(tmp_path / "mine", "trial")
    monkeypatch.chdir(tmp_path / "mine")
    scenario = Path("scenario.toml")
    assert "never happen" not in invoke("validate", scenario).stdout
    dwell = '[world.moves.resume]\ndwell = { law = "exponential", mean_days = 45 }\n'
    scenario.write_text(scenario.read_text(encoding="utf-8").replace(dwell, ""), encoding="utf-8")
    shown = " ".join(invoke("validate", scenario).stdout.split())
    assert "moves that never happen, because world.moves has no dwell for them: resume" in shown


@pytest.mark.medium
@pytest.mark.parametrize("template", TEMPLATES)
def test_the_page_has_five_commands_that_exist(template, tmp_path, monkeypatch):
    create_project(tmp_path / "mine", template)
    page = (tmp_path / "mine" / "README.md").read_text(encoding="utf-8")
    block = re.search(r"```sh\n(.*?)```", page, re.DOTALL)
    commands = [shlex.split(line) for line in block[1].splitlines()]
    assert len(commands) == 5
    assert all(program == "journey" for program, *_ in commands)
    monkeypatch.chdir(tmp_path / "mine")
    for _, *arguments in commands:
        if "compare" not in arguments:
            assert invoke(*arguments).exit_code == 0, arguments
    assert Path("journey.svg").exists()


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_journey_and_the_policy_of_a_template_are_used_by_its_scenario(template, tmp_path):
    create_project(tmp_path / "mine", template)
    loaded = load(tmp_path / "mine" / "scenario.toml")
    assert [layer.path.name for layer in loaded.layers if layer.replaces] == ["journey.toml", "policy.toml"]
    assert loaded.arms[0].policy.name.endswith("policy")


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_example_of_a_rule_holds_once_its_number_signs_are_removed(template, tmp_path):
    create_project(tmp_path / "mine", template)
    file = tmp_path / "mine" / "journey.toml"
    text, example = file.read_text(encoding="utf-8").split("# [[rules]]")
    file.write_text(text + "[[rules]]" + example.replace("\n# ", "\n"), encoding="utf-8")
    assert [rule["verdict"] for rule in json_of("prove", file)["rules"]] == ["holds"]


def test_nothing_is_earned_in_the_trial_stage(tmp_path):
    create_project(tmp_path / "mine", "trial")
    held = ["world.moves.convert.dwell.mean_days=1e6", "population.start={ paying = 0, at_risk = 0, paused = 0 }"]
    options = [part for each in held for part in ("--set", each)]
    run = json_of("simulate", tmp_path / "mine" / "scenario.toml", *SMALL[:4], "--engine", "reference", *options)
    assert run["metrics"]["converted"] == 0.0
    assert run["metrics"]["retained_value"] == 0.0


def test_the_default_template_is_the_subscription(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = invoke("init", "mine")
    assert result.exit_code == 0
    assert "template subscription" in result.stdout
    assert f"read {Path('mine') / 'README.md'}" in " ".join(result.stdout.split())


def test_an_empty_folder_is_filled_also_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert invoke("init", ".").exit_code == 0
    assert list_files(tmp_path) >= EXPECTED
    assert Path("scenario.toml").exists()


@pytest.mark.parametrize("taken", ["policy.toml", ".hidden"])
def test_a_folder_that_is_not_empty_is_refused_unchanged(tmp_path, taken):
    (tmp_path / taken).write_text("mine")
    result = invoke("init", tmp_path)
    assert result.exit_code == 2
    assert "is not empty, and nothing is overwritten; name a new folder" in result.stderr
    assert list_files(tmp_path) == {taken}
    assert (tmp_path / taken).read_text() == "mine"


def test_a_file_is_refused(tmp_path):
    (tmp_path / "mine").write_text("")
    result = invoke("init", tmp_path / "mine")
    assert result.exit_code == 2
    assert "is a file; name a new folder" in result.stderr


@pytest.mark.parametrize("exists", [False, True])
def test_all_files_are_written_or_none(tmp_path, monkeypatch, exists):
    folder = tmp_path / "mine"
    if exists:
        folder.mkdir()

    copied = []

    def fail_at_the_third(source, target):
        copied.append(target)
        if len(copied) == 3:
            raise OSError(28, "No space left on device")
        Path(target).write_bytes(Path(source).read_bytes())

    monkeypatch.setattr(project.shutil, "copyfile", fail_at_the_third)
    with pytest.raises(InputError, match="the project cannot be written: No space left on device"):
        create_project(folder, "trial")
    assert list(tmp_path.iterdir()) == ([folder] if exists else [])
    assert not exists or list(folder.iterdir()) == []


def test_files_that_were_moved_are_removed_when_a_later_one_fails(tmp_path, monkeypatch):
    rename = Path.rename

    def fail_at_the_records(self, target):
        if self.name == "records":
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_at_the_records)
    with pytest.raises(InputError, match="Input/output error"):
        create_project(tmp_path, "blank")
    assert list(tmp_path.iterdir()) == []
