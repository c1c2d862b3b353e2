"""What the command line does when it is cut short: by Ctrl-C, by a closed stdout, by a place that cannot be written."""

import json
import os
import signal
import subprocess
import time

import pytest

from scenarios.cli import main
from tests.scenarios.cli.invocation import RUN, invoke


@pytest.mark.slow
def test_ctrl_c_while_the_database_works_is_an_interruption_and_no_traceback(tmp_path):
    customers = [{"customer_id": f"C{n}"} for n in range(150_000)]
    (tmp_path / "customers.json").write_text(json.dumps(customers))
    running = subprocess.Popen([*RUN, "check", str(tmp_path), "--json"], stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    time.sleep(1.2)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=120)
    # Whatever moment the signal met, the answer is one of two: done already, or interrupted.
    assert running.returncode in (0, 130)
    assert b"Traceback" not in errors


def test_ctrl_c_before_any_command_has_begun_is_an_interruption_too(monkeypatch, capsys):
    def stopped():
        raise KeyboardInterrupt

    monkeypatch.setattr("scenarios.cli.application.app", stopped)
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code, *capsys.readouterr()) == (130, "", "interrupted\n")


def test_an_interrupted_query_is_an_interruption(monkeypatch):
    def interrupted(*_args, **_options):
        raise RuntimeError("Query interrupted")

    monkeypatch.setattr("journey.records.folder.read_folder", interrupted)
    done = invoke("check")
    assert done.exit_code == 130
    assert "interrupted" in done.stderr


def test_an_interrupted_definition_of_a_class_is_an_interruption(monkeypatch):
    class Interrupted:
        def __set_name__(self, owner, name):
            raise KeyboardInterrupt

    def define(*_args, **_options):
        type("Defined", (), {"field": Interrupted()})

    monkeypatch.setattr("journey.records.folder.read_folder", define)
    done = invoke("check")
    assert (done.exit_code, done.stderr) == (130, "interrupted\n")


def test_a_closed_stdout_is_a_message():
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *RUN, "check"], capture_output=True, text=True, check=False, env=os.environ
    )
    assert done.returncode == 2
    assert "stdout is closed" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [["compare", "seed_ten"], ["evaluate"]])
def test_a_report_that_cannot_be_written_is_refused_before_the_work(command, tmp_path):
    (tmp_path / "file").write_text("")
    done = invoke(*command, "--report", str(tmp_path / "file" / "report.md"))
    assert done.exit_code == 2
    assert "cannot be written" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "reviewers.count=3", "--set", "reviewers.per_1000=5"], "contradicts reviewers.count=3"),
        (["--set", ".".join(["a"] * 5000) + "=1"], "no key of a scenario has that many"),
        (["--set", "population.size=true"], "population.size"),
        (["--set", "world.moves.mature.dwell.shape=0.001"], "world.moves.mature.dwell.shape"),
        (["--set", "population.segments.SMB.account_value=1e308"], "population.segments.SMB.account_value"),
        (["--set", "policy.churn.tier_ratio.low=-4"], "policy.churn.tier_ratio.low"),
    ],
)
def test_nonsense_in_a_scenario_is_refused_by_name(arguments, message):
    done = invoke("validate", "default", *arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("what", ["folder", "link"])
def test_a_set_that_is_not_a_file_is_reported_and_not_ignored(what, tmp_path):
    (tmp_path / "customers.json").write_text('[{"customer_id": "A"}]')
    if what == "folder":
        (tmp_path / "signals.json").mkdir()
    else:
        (tmp_path / "signals.json").symlink_to(tmp_path / "signals.json")
    done = invoke("check", str(tmp_path))
    assert done.exit_code == 2
    assert "signals.json: is " in done.stderr
