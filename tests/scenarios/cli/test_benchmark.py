"""`journey benchmark` on the bundled ten customers and on others."""

import json
import signal
from contextlib import suppress

import psutil
import pytest

from scenarios.latency import rounds
from scenarios.latency.workload import Workload
from tests.scenarios.cli.invocation import invoke, json_of
from tests.scenarios.cli.started_commands import SECONDS, started, workers_of

ONCE = ("--processes", "1", "--rounds", "2")
PERCENTILES = {"p50_us", "p90_us", "p99_us", "max_us"}


@pytest.fixture
def quick(monkeypatch):
    """Batches that do nothing, so that nothing is compiled, and few evaluations."""
    monkeypatch.setattr(rounds, "EVALUATIONS_PER_ROUND", 20)
    monkeypatch.setattr(Workload, "run_batch", lambda _self: None)


@pytest.mark.compiled
def test_the_json_follows_its_contract():
    found = json_of("benchmark", *ONCE, "--budget", "p99=1s", "--budget", "customers_per_second=0.001")
    assert (found["customers"], found["rounds"], found["processes"], found["passes"]) == (10, 2, 1, 50)
    for way in ("single", "with_reasons"):
        assert set(found[way]) == PERCENTILES
        assert 0.0 < found[way]["p50_us"] <= found[way]["p90_us"] <= found[way]["p99_us"] <= found[way]["max_us"]
    assert found["with_reasons"]["p50_us"] > found["single"]["p50_us"]
    assert found["batch"]["customers_per_second"] > 0.0
    assert [set(each) for each in found["budget"]] == [{"name", "limit_us", "value_us", "ok"}] * 2
    assert found["budget"][0]["value_us"] == found["with_reasons"]["p99_us"]
    assert found["ok"]
    assert {"processor", "cores", "system", "python", "load_average"} == set(found["machine"])
    assert {"clock", "resolution_ns", "step_ns", "overhead_ns"} == set(found["timer"])
    assert sum(group["customers"] for group in found["by_stage"]) == 10
    assert {group["signals_from"] for group in found["by_signals"]} == {0, 1, 2}
    assert "against" not in found


def test_the_text_names_the_journey_and_says_what_few_customers_mean(quick):
    words = " ".join(invoke("benchmark", *ONCE, "--scenario", "trial_to_paid", "--arm", "treated").stdout.split())
    assert ", journey from free trial to paid, policy " in words
    assert "of fewer than 100 customers, p99 is the slowest one" in words


def test_a_budget_that_does_not_hold_is_exit_code_1_and_its_row_says_so(quick):
    done = invoke("benchmark", *ONCE, "--budget", "single.p50=1ns", "--budget", "max=1s")
    assert done.exit_code == 1
    rows = {line.split()[0]: line.split()[-1] for line in done.stdout.splitlines() if line.strip()}
    assert (rows["single.p50"], rows["with_reasons.max"]) == ("NO", "yes")
    assert json.loads(invoke("benchmark", *ONCE, "--json", "--budget", "p99=1ns").stdout)["ok"] is False


def test_a_saved_run_is_compared_with_what_differs(quick, tmp_path):
    file = tmp_path / "run.json"
    saved = invoke("benchmark", *ONCE, "--json", "--save", file)
    assert saved.exit_code == 0
    assert json.loads(file.read_text()) == json.loads(saved.stdout)
    assert f"wrote {file}" in saved.stderr
    policy = tmp_path / "mine.toml"
    policy.write_text('name = "mine"\n')
    found = json_of("benchmark", *ONCE, "--against", file, "--policy", policy)["against"]
    assert (found["file"], found["processes"]) == (str(file), 1)
    assert found["differences"] == ["policy: default in the saved run, mine now"]
    assert found["ratios"][0]["ratio"] > 0.0
    assert found["ratios"][0]["ci_low"] is None
    shown = invoke("benchmark", *ONCE, "--against", file).stdout
    assert "needs 4 processes" in shown
    assert "corrected for the pace of the machine" in " ".join(shown.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--budget", "p99=200"], "--budget p99=200: the unit is missing; use us, ms or s, such as p99=200us"),
        (["--against", "none.json"], "none.json: the file of the saved benchmark does not exist"),
        (["--save", "{folder}/file/run.json"], "{folder}/file/run.json: cannot be written"),
        (["--save", "{folder}/file", "--against", "{folder}/file"], "this command reads {folder}/file"),
        (["{folder}/nowhere"], "there is no such folder"),
        (["{folder}/nobody", "--as-of", "2030-01-01"], "no customers, so there is nothing to measure"),
        (["--as-of", "yesterday"], "'yesterday' is not a date"),
        (["--rounds", "0"], "--rounds"),
        (["--policy", "none.toml"], "none.toml"),
        (["--scenario", "default", "--policy", "none.toml"], "--policy and --scenario"),
        (["--scenario", "default", "--arm", "other"], "other"),
    ],
)
def test_wrong_input_is_a_message_and_exit_code_2(arguments, message, tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "nobody").mkdir()
    (tmp_path / "nobody" / "customers.json").write_text("[]")
    done = invoke("benchmark", "--processes", "1", *(argument.format(folder=tmp_path) for argument in arguments))
    assert (done.exit_code, done.stdout) == (2, "")
    assert message.format(folder=tmp_path) in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_the_policy_of_a_scenario_is_measured(quick):
    found = json_of("benchmark", *ONCE, "--scenario", "act_early", "--arm", "treated")
    assert found["used"]["arm"] == "treated"


def test_ctrl_c_prints_what_is_complete_and_writes_no_file(quick, monkeypatch, tmp_path):
    batches = iter(range(4))

    def stop(_self):
        # The first one is of the warm-up.
        if next(batches) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(Workload, "run_batch", stop)
    file = tmp_path / "run.json"
    done = invoke("benchmark", "--processes", "1", "--rounds", "5", "--json", "--save", file)
    assert done.exit_code == 130
    found = json.loads(done.stdout)
    assert (found["rounds"], found["customers"], found["interrupted"]) == (2, 10, True)
    assert "interrupted: 1 process with 2 rounds of 10 customers were used" in done.stderr
    assert f"{file}: not written, because the run was interrupted" in done.stderr
    assert not file.exists()


def test_ctrl_c_before_anything_is_complete_is_exit_code_130(quick, monkeypatch):
    def stop(_self):
        raise KeyboardInterrupt

    monkeypatch.setattr(Workload, "run_batch", stop)
    done = invoke("benchmark", *ONCE)
    assert (done.exit_code, done.stdout, done.stderr) == (130, "", "interrupted\n")


@pytest.mark.slow
@pytest.mark.compiled
def test_several_processes_give_ratios_with_intervals(tmp_path):
    file = tmp_path / "run.json"
    command = ("benchmark", "--processes", "4", "--rounds", "1")
    assert invoke(*command, "--save", file).stderr == f"wrote {file}\n"
    found = json_of(*command, "--against", file)
    assert (found["processes"], found["rounds"], len(found["by_process"])) == (4, 4, 4)
    assert all(ratio["ci_low"] <= ratio["ratio"] <= ratio["ci_high"] for ratio in found["against"]["ratios"])


@pytest.mark.slow
@pytest.mark.compiled
def test_ctrl_c_while_a_process_measures_keeps_the_complete_ones():
    seen = set()

    def has_third_worker(running):
        # A worker may end while it is looked at.
        with suppress(psutil.Error):
            seen.update(worker.pid for worker in workers_of(running))
        return len(seen) >= 3

    with started(has_third_worker, "benchmark", "--processes", "20", "--rounds", "1", "--json") as running:
        running.send_signal(signal.SIGINT)
        output, errors = running.communicate(timeout=SECONDS)
    assert running.returncode == 130, errors
    assert json.loads(output)["processes"] >= 2
    assert "were used" in errors
    assert "Traceback" not in errors


@pytest.mark.slow
def test_an_error_in_a_process_is_the_message_of_this_one(tmp_path):
    done = invoke("benchmark", "--processes", "2", tmp_path / "nowhere")
    assert (done.exit_code, done.stderr) == (2, f"journey: {tmp_path / 'nowhere'}: there is no such folder\n")
