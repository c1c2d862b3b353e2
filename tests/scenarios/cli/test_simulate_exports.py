"""`journey simulate --records` and `--trace F.xes`: what is written can be read back by the other commands."""

import json
from xml.etree import ElementTree as ET

import pytest

from scenarios.files.loader import builtin_names, load
from simulation.model.world_spec import Imperfections
from tests.scenarios.cli.invocation import invoke, json_of

SMALL = ("--customers", "30", "--days", "45")
SETUPS = [(name, setup) for name in builtin_names() for setup in load(name).arms]
ARMS = {
    clean: [(name, one.name) for name, one in SETUPS if (one.world.imperfections == Imperfections()) is clean]
    for clean in (True, False)
}


def written(scenario, arm, folder, size=SMALL):
    done = invoke("simulate", scenario, "--arm", arm, *size, "--records", folder, "--json")
    assert done.exit_code == 0, done.stderr
    return done


@pytest.mark.slow
@pytest.mark.parametrize(("scenario", "arm"), ARMS[True])
def test_records_of_every_built_in_arm_have_no_errors_and_can_be_evaluated(scenario, arm, tmp_path):
    folder = tmp_path / "records"
    done = written(scenario, arm, folder)
    judged = json_of("evaluate", folder, "--policy", folder / "policy.toml", "--journey", scenario, "--replay")
    assert judged["counts"]["error"] == 0
    assert len(judged["decisions"]) == json.loads(done.stdout)["customers"]
    actions = [row for row in judged["agreement"]["rows"] if row["recorded_action"] != "monitor_only"]
    assert all(row["action"] == row["recorded_action"] for row in actions)


@pytest.mark.slow
@pytest.mark.parametrize(("scenario", "arm"), ARMS[False])
def test_records_with_data_quality_errors_are_reported_and_can_be_evaluated(scenario, arm, tmp_path):
    written(scenario, arm, tmp_path / "records", ("--customers", "200", "--days", "90"))
    found = json_of("check", tmp_path / "records", "--journey", scenario)["findings"]
    assert {row["code"] for row in found if row["severity"] == "error"} <= {"unknown-customer", "illegal-move"}
    assert {"duplicate-record", "unknown-customer"} <= {row["code"] for row in found}
    assert json_of("evaluate", tmp_path / "records", "--journey", scenario)["decisions"]


@pytest.mark.medium
def test_a_journey_of_its_own_is_needed_to_check_its_records_and_the_command_says_so(tmp_path):
    scenario, folder = tmp_path / "win_back.toml", tmp_path / "records"
    moves = (
        '{ name = "join", source = "guest", destination = "member" }',
        '{ name = "lapse", source = "member", destination = "gone" }',
        '{ name = "return", source = "gone", destination = "member" }',
    )
    clocks = "\n".join(f"{name}.dwell.mean_days = 10" for name in ("join", "lapse", "return"))
    scenario.write_text(
        'title = "club"\nquestion = "?"\nhorizon_days = 60\n'
        "[population]\nsize = 20\nsegments.SMB = { share = 1, account_value = 100 }\n"
        f'[journey]\nname = "club"\nstages = ["guest", "member", "gone"]\ninitial = "guest"\n'
        f"moves = [{', '.join(moves)}]\n"
        f'[world]\nlost = ["gone"]\n[world.moves]\n{clocks}\n[arms.baseline]\n',
        encoding="utf-8",
    )
    done = invoke("simulate", scenario, "--records", folder)
    assert done.exit_code == 0, done.stderr
    assert f"--journey {scenario}" in "".join(done.stderr.split("\n"))
    assert json_of("check", folder, "--journey", scenario)["counts"]["error"] == 0
    assert "unknown-stage" in {row["code"] for row in json_of("check", folder)["findings"]}


@pytest.mark.medium
def test_records_pass_a_strict_check(tmp_path):
    invoke("simulate", "default", *SMALL, "--records", tmp_path / "records")
    assert invoke("check", tmp_path / "records", "--strict").exit_code == 0


def test_day_0_has_the_start_date(tmp_path):
    where = ("--records", tmp_path / "records", "--trace", tmp_path / "t.xes", "--start-date", "2031-02-03")
    done = invoke("simulate", "default", *SMALL, *where)
    assert done.exit_code == 0, done.stderr
    assert f"wrote {tmp_path / 't.xes'}" in done.stderr
    assert f"--policy {tmp_path / 'records' / 'policy.toml'}" in done.stderr
    entries = json.loads((tmp_path / "records" / "journey_state_log.json").read_text(encoding="utf-8"))
    assert max(entry["state_entered_at"] for entry in entries).startswith("2031-0")
    root = ET.parse(tmp_path / "t.xes").getroot()
    start = root.find("{http://www.xes-standard.org/}date[@key='start']")
    assert start.get("value") == "2031-02-03T00:00:00.000000+00:00"


def test_the_log_has_an_event_for_every_row_and_a_trace_for_every_customer(tmp_path):
    done = invoke("simulate", "default", *SMALL, "--trace", tmp_path / "t.xes", "--json")
    root = ET.parse(tmp_path / "t.xes").getroot()
    result = json.loads(done.stdout)
    assert len(list(root.iter("{http://www.xes-standard.org/}event"))) == result["events"]
    assert len(list(root.iter("{http://www.xes-standard.org/}trace"))) == result["customers"]


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--start-date", "tomorrow", "is not a valid date"),
        ("--start-date", "9999-12-31", "would end after the year 9999"),
        ("--trace", "t.xml", ".xes"),
    ],
)
def test_wrong_input_is_refused_before_the_run(option, value, message, monkeypatch):
    monkeypatch.setattr("simulation.runs.run.run_arm", None)
    done = invoke("simulate", "default", *SMALL, option, value)
    assert done.exit_code == 2
    assert message in done.stderr


def test_a_folder_with_something_in_it_is_refused_before_the_run(tmp_path, monkeypatch):
    (tmp_path / "mine.txt").write_text("precious")
    monkeypatch.setattr("simulation.runs.run.run_arm", None)
    done = invoke("simulate", "default", *SMALL, "--records", tmp_path)
    assert done.exit_code == 2
    assert "is not empty, and nothing is overwritten" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
