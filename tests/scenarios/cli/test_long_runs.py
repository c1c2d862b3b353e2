"""`journey compare` on long runs: precision, resuming, Ctrl-C, a killed process, and what does not fit."""

import json
import os
import signal
import sys

import pytest

from scenarios.cli.progress import ProgressText, format_rate
from scenarios.comparison.options import RunProgress
from scenarios.comparison.stopping_rule import IntervalWidth
from scenarios.execution import memory
from scenarios.metrics.catalogue import MetricCatalogue
from tests.scenarios import fakes
from tests.scenarios.cli.invocation import invoke
from tests.scenarios.cli.started_commands import begun

SMALL = ["default", "--set", "population.size=40", "--set", "horizon_days=60", "--engine", "reference"]


@pytest.fixture
def planted(monkeypatch):
    monkeypatch.setattr("simulation.runs.run.run_arm", fakes.planted)


@pytest.mark.compiled
def test_the_number_of_replications_is_printed_and_in_the_json(planted, tmp_path):
    report = tmp_path / "r.md"
    done = invoke(
        "compare", "default", "--precision", "churn_rate=0.003", "--workers", "1", "--json", "--report", report
    )
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert found["precision"]["reached"]
    assert f"Precision reached with {found['replications']} replications (churn rate of treated" in done.stderr
    assert "Precision reached" in report.read_text()
    assert "a little less often than 95 %" in report.read_text()
    again = "--replications 20 --precision churn_rate=0.003 --max-replications 1000"
    assert again in report.read_text().replace("\\", "")


@pytest.mark.compiled
def test_a_maximum_that_comes_first_is_exit_code_0(planted):
    done = invoke(
        "compare", "default", "--precision", "churn_rate=0.00001", "--max-replications", "24", "--workers", "1"
    )
    assert done.exit_code == 0
    assert "stopped at the maximum of 24 replications" in done.stderr
    assert "the maximum of 24" in " ".join(done.stdout.split())


@pytest.mark.compiled
def test_without_a_precision_there_is_none(planted):
    done = invoke("compare", "default", "--workers", "1", "--json")
    assert json.loads(done.stdout)["precision"] is None
    assert done.stderr == ""


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--precision", "churn_rat=0.1"], "did you mean 'churn_rate'?"),
        (["--precision", "churn_rate"], "must be METRIC=HALF_WIDTH"),
        (["--max-replications", "30"], "only limits --precision"),
        (["--precision", "csat=1", "--max-replications", "3"], "too few, because 20 are run"),
        (["--resume", "."], "is a folder; name a file in it"),
    ],
)
def test_wrong_input_is_a_message_and_exit_code_2(arguments, message):
    done = invoke("compare", "default", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr


@pytest.mark.compiled
def test_an_interrupted_run_says_how_to_go_on_and_goes_on_to_the_same_bytes(monkeypatch, tmp_path):
    command = ["compare", "default", "--replications", "9", "--workers", "1", "--json"]
    kept = ["--resume", tmp_path / "kept.jsonl"]
    monkeypatch.setattr("simulation.runs.run.run_arm", fakes.interrupted_in_the_third)
    cut = invoke(*command, *kept)
    assert cut.exit_code == 130
    assert f"to continue from the replications in {kept[1]}, repeat the same command" in cut.stderr
    assert "with --resume FILE, an interrupted run can continue" in invoke(*command).stderr
    monkeypatch.setattr("simulation.runs.run.run_arm", fakes.planted)
    resumed, whole = invoke(*command, *kept), invoke(*command)
    assert resumed.stdout == whole.stdout
    assert resumed.stderr == f"{kept[1]}: using 2 complete replications from this file\n"


def test_what_does_not_fit_is_refused_before_it_starts(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 10**9)
    done = invoke("compare", "default", "--set", "population.size=9000000")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "this will not fit in memory" in done.stderr
    assert "Set population.size to" in done.stderr


def lines_of(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_killed_process_loses_only_what_was_not_complete(tmp_path):
    path = tmp_path / "kept.jsonl"
    with begun(path, *SMALL, "--replications", "400", "--workers", "2", least=6) as running:
        os.kill(running.pid, signal.SIGKILL)
        # Workers hold the pipes too: this ends only when they have.
        running.communicate(timeout=30)
    complete = lines_of(path) - 1
    assert 6 <= complete < 400
    command = ["compare", *SMALL, "--replications", str(complete + 4), "--workers", "1", "--json"]
    resumed = invoke(*command, "--resume", path)
    assert f"using {complete} complete replications from this file" in resumed.stderr
    assert resumed.stdout == invoke(*command).stdout
    assert lines_of(path) - 1 > complete


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT")
def test_ctrl_c_keeps_what_is_complete_and_the_same_command_goes_on(tmp_path):
    path = tmp_path / "kept.jsonl"
    with begun(path, *SMALL, "--replications", "400", "--workers", "2", least=5) as running:
        os.kill(running.pid, signal.SIGINT)
        out, err = running.communicate(timeout=30)
    assert running.returncode == 130
    used = json.loads(out)["replications"]
    assert 5 <= used < 400
    assert "Traceback" not in err
    assert f"interrupted: {used} of 400" in err
    assert "repeat the same command" in err
    again = invoke("compare", *SMALL, "--replications", used, "--workers", "1", "--json", "--resume", path)
    assert json.loads(again.stdout)["effects"] == json.loads(out)["effects"]


def test_the_bar_says_how_many_how_fast_and_how_wide(monkeypatch):
    now = iter([100.0, 100.0, 110.0])
    monkeypatch.setattr("scenarios.cli.progress.monotonic", lambda: next(now))
    teller = ProgressText()
    assert teller.format(RunProgress(4, 40, 2)) == "2 of 20 replications"
    widest = IntervalWidth("churn_rate", "treated", 0.0031, 0.002, MetricCatalogue().get("churn_rate"))
    assert teller.format(RunProgress(24, 48, 2, widest)) == (
        "12 of about 24 replications, 1.0 per second, churn rate ±0.31 pp (target ±0.20 pp)"
    )


@pytest.mark.parametrize(
    ("per_second", "text"), [(2.5, "2.5 per second"), (0.05, "3.0 per minute"), (0.01, "36.0 per hour")]
)
def test_a_rate_is_a_readable_number(per_second, text):
    assert format_rate(per_second) == text
