"""`journey scenarios`, `journey schema` and `journey validate`."""

import json

from typer.testing import CliRunner

from scenarios.cli.application import app


def journey(*arguments):
    return CliRunner().invoke(app, list(arguments))


def test_scenarios_lists_name_title_question_and_arms():
    listed = json.loads(journey("scenarios", "--json").stdout)
    assert {"default", "onboarding_outreach", "seed_ten"} <= {one["name"] for one in listed}
    for one in listed:
        assert {"name", "title", "question", "arms"} <= set(one)
        assert one["arms"][:2] == ["baseline", "treated"]
    shown = journey("scenarios").stdout
    assert all(one["name"] in shown for one in listed)


def test_schema_is_one_json_value():
    assert "properties" in json.loads(journey("schema").stdout)


def test_validate_says_valid_and_what_it_comes_to():
    done = journey("validate", "onboarding_outreach")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0] == "valid"
    for words in (
        "customers: 2000",
        "scenario hash",
        "arm baseline: label: ",
        "; reviewers: 4",
        "onboarding_specialist_call",
    ):
        assert words in done.stdout


def test_validate_reads_the_records_that_a_scenario_names(tmp_path):
    assert journey("validate", "seed_ten").exit_code == 0
    done = journey("validate", "seed_ten", "--set", f"population.records={tmp_path}")
    assert done.exit_code == 2


def test_validate_refuses_pods_without_a_reviewer():
    done = journey("validate", "onboarding_outreach", "--set", "reviewers.pods=5")
    assert done.exit_code == 2
    assert "5 pods cannot share 4 reviewers" in done.stderr


def test_validate_as_json():
    found = json.loads(journey("validate", "seed_ten", "--json").stdout)
    assert found["valid"] is True
    assert found["customers"] == 10


def test_every_mistake_of_an_invalid_scenario_is_reported(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('extends = "default"\nhorizn_days = 3\n[population]\nsize = 0\n')
    done = journey("validate", str(path))
    assert done.exit_code == 2
    assert done.stdout == ""
    assert f"{path}:4: population.size: should be greater than or equal to 1, but 0 was given" in done.stderr
    assert f"{path}:2: horizn_days: unknown key; did you mean 'horizon_days'?" in done.stderr


def test_the_errors_of_a_scenario_are_json_too(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('extends = "default"\nhorizn_days = 3\n[policy.thresholds]\napprove_value = 3\n')
    done = journey("validate", str(path), "--json", "--set", "seed=-1")
    assert done.exit_code == 2
    found = json.loads(done.stdout)
    assert [tuple(each.values()) for each in found["errors"]] == [
        (str(path), 2, "horizn_days", "unknown key; did you mean 'horizon_days'?"),
        ("seed=-1", None, "seed", "should be greater than or equal to 0, but -1 was given"),
    ]
    assert found["notices"] == [
        {
            "file": str(path),
            "line": 4,
            "key": "policy.thresholds.approve_value",
            "message": "is an old key; write `policy.approve.value`",
        }
    ]
    assert found["valid"] is False


def test_a_syntax_error_is_the_only_one_and_has_its_line(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("seed = -1\n\nx = = 3\n")
    done = journey("validate", str(path), "--json")
    assert done.exit_code == 2
    (error,) = json.loads(done.stdout)["errors"]
    assert (error["file"], error["line"], error["key"]) == (str(path), 3, "")
    assert error["message"].startswith("not valid TOML: ")
