"""`journey compare`."""

import json
import os
import re
import signal
import time

import pytest
from typer.testing import CliRunner

from journey.decision.policy import TIERS
from scenarios.cli.application import app
from scenarios.comparison import checkpoint
from scenarios.files.loader import builtin_names, load
from tests.scenarios import fakes
from tests.scenarios.cli.invocation import broken_words, process
from tests.scenarios.cli.started_commands import started, workers_of

SMALL = ["--set", "population.size=40", "--set", "horizon_days=60", "--replications", "4"]


def journey(*arguments, columns=None):
    # pytest-xdist sets COLUMNS to 80; without it, the output is that of a pipe.
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": str(columns) if columns else None})


@pytest.fixture(scope="module")
def small():
    return journey("compare", "onboarding_outreach", *SMALL, "--workers", "1", "--json")


def test_json_is_one_value_and_nothing_else(small):
    assert small.exit_code == 0
    found = json.loads(small.stdout)
    assert found["scenario"] == "onboarding_outreach"
    assert found["replications"] == 4
    assert found["customers"] == 40
    assert found["days"] == 60
    assert "NaN" not in small.stdout
    assert "Infinity" not in small.stdout


@pytest.mark.medium
def test_same_seed_same_bytes_whatever_the_workers(small, capfd):
    together = journey("compare", "onboarding_outreach", *SMALL, "--workers", "2", "--json")
    assert together.exit_code == 0
    # The workers write to the streams of this process, and not to those of the runner.
    assert (together.stdout, together.stderr + capfd.readouterr().err) == (small.stdout, "")


def test_another_seed_is_another_result(small):
    other = journey("compare", "onboarding_outreach", *SMALL, "--workers", "1", "--seed", "2", "--json")
    assert json.loads(other.stdout)["seed"] == 2
    assert json.loads(other.stdout)["arms"] != json.loads(small.stdout)["arms"]


def in_order(words, text):
    """Whether each of the words comes after the one before it; line breaks are blanks."""
    whole, place = " ".join(text.split()), 0
    for word in words:
        place = whole.find(word, place)
        assert place >= 0, word
    return True


FIRST = ["ten customers", "Verdict", "Net value", "value within the horizon", "value beyond the horizon", "cost", "net",
         "Primary metric: churn rate", "treated minus baseline", "Needs attention"]  # fmt: skip


def test_the_first_screen_is_verdict_money_primary_metric_and_what_needs_attention():
    shown = journey("compare", "seed_ten", "--replications", "2", "--workers", "1").stdout
    repeat = ["--full", "seed 1", "engine reference", "journey compare seed_ten --seed 1 --replications 2"]
    assert in_order([*FIRST, *repeat], shown)
    assert in_order(["Significant (95 %, Holm): paired t-test over 2 replications", "simulation error"], shown)
    assert "provenance" not in shown


def test_everything_begins_with_the_first_screen():
    shown = journey("compare", "seed_ten", "--replications", "2", "--workers", "1", "--full").stdout
    rest = ["treated compared with baseline", "contact precision", "Money: treated", "incremental value", "Decisions",
            "Untreated distress episodes", "Reviewers over time", "To reproduce"]  # fmt: skip
    assert in_order([*FIRST, *rest], shown)
    assert in_order(["Verdict", "ROI", "Money compared with the baseline"], shown)
    assert re.search(r"other metrics [\d.]+ % \(Holm's correction for \d+ metrics\)", " ".join(shown.split()))


@pytest.mark.slow
@pytest.mark.parametrize("name", builtin_names())
def test_the_first_screen_of_every_builtin_is_short_and_breaks_no_word(name):
    small = ["--set", "population.size=60", "--set", "horizon_days=90", "--replications", "3", "--workers", "1"]
    shown = journey("compare", name, *small, columns=100).stdout
    lines = shown.splitlines()
    loaded = load(name)
    arms = len(loaded.arms) - 1
    # A primary metric of the scenario's own has a table by segment and tier.
    parts = len(loaded.scenario.population.segments) + len(TIERS)
    own = 4 + arms * parts if loaded.scenario.primary_metric in loaded.scenario.metrics else 0
    assert len(lines) <= 45 + 12 * (arms - 1) + own
    assert all(line == line.rstrip() for line in lines)
    assert max(map(len, lines)) <= 100
    assert not broken_words(shown, journey("compare", name, *small, columns=400).stdout)


@pytest.mark.parametrize("extra", [(), ("--full",)])
def test_sixty_columns_are_enough(extra):
    shown = journey("compare", "default", *SMALL, *extra, "--workers", "1", columns=60)
    assert max(len(line) for line in shown.stdout.splitlines()) <= 60
    for words in ("churn rate *", "incremental value", "Verdict") if extra else ("churn rate", "Verdict"):
        assert words in shown.stdout


def test_a_single_replication_has_no_interval_and_no_test():
    shown = journey("compare", "seed_ten", "--replications", "1", "--workers", "1").stdout
    assert in_order(["run at least 2 replications. Net value", "(no interval)", "not tested"], shown)


def test_a_segments_name_is_not_taken_for_markup():
    shown = journey("compare", "default", *SMALL, "--workers", "1", "--full")
    assert "churn rate [SMB]" in shown.stdout


@pytest.mark.parametrize("ending", ["md", "html"])
def test_a_report_is_written_and_said_so(tmp_path, ending):
    path = tmp_path / "out" / f"report.{ending}"
    done = journey("compare", "default", *SMALL, "--workers", "1", "--report", str(path))
    assert done.exit_code == 0
    assert done.stderr.endswith(f"loads\nwrote {path}\n")
    assert "The orchestrator against current practice" in path.read_text()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["onbording_outreach"], "did you mean 'onboarding_outreach'?"),
        (["default", "--report", "x.pdf"], ".md or .html"),
        (["default", "--replications", "0"], "replications=0: should be greater than or equal to 1"),
        (["default", "--workers", "0"], "--workers"),
        (["default", "--seed", "-1"], "seed=-1: should be greater than or equal to 0"),
        (["default", "--set", "population.sise=3"], "did you mean 'size'?"),
        (["default", "--set", "arms.treated=false"], "at least one arm besides 'baseline'"),
    ],
)
def test_wrong_input_is_a_message_and_exit_code_2(arguments, message):
    done = journey("compare", *arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_records_that_cannot_be_read_are_a_message_from_the_workers_too(tmp_path):
    done = process("compare", "seed_ten", "--set", f"population.records={tmp_path}", "--workers", "2")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.compiled
def test_an_interruption_keeps_what_is_complete_and_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr("simulation.runs.run.run_arm", fakes.interrupted_in_the_third)
    path = tmp_path / "report.md"
    done = journey("compare", "default", "--replications", "9", "--workers", "1", "--report", str(path), "--json")
    assert done.exit_code == 130
    assert json.loads(done.stdout)["interrupted"] is True
    assert json.loads(done.stdout)["replications"] == 2
    assert "interrupted: 2 of 9 replications are complete and were used" in done.stderr
    assert "Interrupted: 2 of 9" in path.read_text()


def test_an_interruption_before_anything_is_complete_prints_no_result(monkeypatch):
    monkeypatch.setattr("simulation.runs.run.run_arm", stopped)
    done = journey("compare", "default", "--workers", "1", "--engine", "reference")
    assert (done.exit_code, done.stdout, done.stderr) == (130, "", "interrupted\n")


def stopped(setup, **how):
    raise KeyboardInterrupt


@pytest.mark.slow
def test_ctrl_c_ends_the_workers_and_keeps_what_is_complete():
    small = ["--set", "population.size=20", "--set", "horizon_days=30", "--replications", "100000"]
    with started(workers_of, "compare", "default", *small, "--workers", "2", "--json") as running:
        time.sleep(15)
        os.kill(running.pid, signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert 0 < json.loads(out)["replications"] < 100000
    assert "Traceback" not in err


def _store_as_of_the_compiled_engine(path):
    """Write the replications of the reference engine, which are the same, to a file of the compiled one."""
    first, *others = path.read_bytes().splitlines(keepends=True)
    contents = [checkpoint._remove_checksum(line, b"" if line == first else checkpoint._read_checksum(first))
                for line in (first, *others)]  # fmt: skip
    header = checkpoint._add_checksum(contents[0].replace(b'"engine": "reference"', b'"engine": "compiled"'), b"")
    rest = [checkpoint._add_checksum(content, checkpoint._read_checksum(header)) for content in contents[1:]]
    path.write_bytes(b"".join((header, *rest)))


def test_the_engine_and_the_reason_are_printed(tmp_path):
    begun = tmp_path / "kept.jsonl"
    told = journey("compare", "default", *SMALL, "--workers", "1", "--resume", str(begun)).stderr
    assert (
        told == "engine: reference, because it simulates 19,200 customer-days faster than the compiled engine loads\n"
    )
    _store_as_of_the_compiled_engine(begun)
    again = journey("compare", "default", *SMALL, "--workers", "1", "--resume", str(begun)).stderr
    assert f"engine: compiled, because {begun} was created with it" in again


OPTIONS = ["--customers", "40", "--days", "60", "--replications", "4", "--workers", "1"]


@pytest.mark.medium
def test_customers_and_days_are_the_keys_that_set_would_override(small):
    found = journey("compare", "onboarding_outreach", *OPTIONS, "--json")
    assert {**json.loads(found.stdout), "overrides": None} == {**json.loads(small.stdout), "overrides": None}


@pytest.mark.medium
@pytest.mark.parametrize("days", ["60", "20.1"])
def test_the_command_that_repeats_a_comparison_states_its_customers_and_days(days):
    arguments = ["--customers", "40", "--days", days, "--replications", "2"]
    first = journey("compare", "default", *arguments, "--set", "population.size=9", "--workers", "1")
    command = next(line for line in first.stdout.splitlines() if line.startswith("journey compare"))
    assert f" --customers 40 --days {days} " in command
    assert journey(*command.split()[1:], "--workers", "1").stdout == first.stdout


def test_a_comparison_is_resumed_with_the_same_customers_and_days(tmp_path):
    kept = ["--workers", "1", "--replications", "1", "--resume", str(tmp_path / "runs.jsonl")]
    assert journey("compare", "default", "--customers", "20", "--days", "9", *kept).exit_code == 0
    other = journey("compare", "default", "--customers", "21", "--days", "8", *kept)
    assert other.exit_code == 2
    assert "give --customers 20" in other.stderr
    assert "give --days 9" in other.stderr


@pytest.mark.parametrize("command", ["compare", "simulate"])
@pytest.mark.parametrize(("option", "key"), [("--customers", "population.size"), ("--days", "horizon_days")])
def test_impossible_customers_and_days_are_refused_alike(command, option, key):
    refused = journey(command, "default", option, "0")
    assert refused.exit_code == 2
    assert f"{option[2:]}=0" in refused.stderr
    assert key in refused.stderr
