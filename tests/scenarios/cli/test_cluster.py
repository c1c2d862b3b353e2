"""Work on every core and on a cluster: the same bytes, also when workers are killed in mid-run."""

import json
import logging
import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest
from distributed import LocalCluster

from tests.scenarios import fakes
from tests.scenarios.cli.invocation import invoke
from tests.scenarios.cli.started_commands import begun, started, workers_of
from tests.scenarios.execution import jobs

SMALL = ["default", "--set", "population.size=40", "--set", "horizon_days=60"]
REFERENCE = ["--engine", "reference"]
"""Where runs of different length are compared: left to itself, the longer one may take the compiled engine."""

kills = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and process groups")


@pytest.fixture(scope="module")
def address():
    """A cluster of two processes that is there already."""
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        dashboard_address=None,
        scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
        silence_logs=logging.CRITICAL,
    ) as running:
        yield running.scheduler_address


def outcome(*arguments):
    done = invoke("compare", *arguments, "--json")
    assert done.exit_code == 0, done.stderr
    return done.stdout


@pytest.mark.medium
@pytest.mark.parametrize("mode", ["counterfactual", "randomised"])
def test_a_cluster_gives_the_bytes_that_one_process_gives(address, mode):
    command = [*SMALL, "--replications", "3", "--mode", mode]
    assert outcome(*command, "--cluster", address) == outcome(*command, "--workers", "1")


PODS = ["default", "--customers", "60", "--days", "60", "--set", "reviewers.count=4", "--set", "reviewers.pods=4"]


def run_in_pods(folder, *arguments):
    """The result of one run without its duration, and its trace."""
    file = folder / f"{'-'.join(arguments).replace('/', '')}.csv"
    done = invoke("simulate", *PODS, *arguments, "--trace", file, "--json")
    assert done.exit_code == 0, done.stderr
    result = {key: value for key, value in json.loads(done.stdout).items() if key != "wall_seconds"}
    return result, file.read_bytes()


def test_the_pods_of_one_run_can_run_anywhere(address, tmp_path, monkeypatch):
    alone = run_in_pods(tmp_path, "--workers", "1")
    assert alone[1].count(b"\n") == alone[0]["events"] + 1 > 300
    # The workers are not in this folder.
    monkeypatch.chdir(tmp_path)
    assert run_in_pods(Path("below"), "--cluster", address) == alone


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["reference", "compiled"])
def test_one_run_and_its_trace_are_identical_on_any_worker(address, tmp_path, engine):
    how = ["--engine", engine]
    alone = run_in_pods(tmp_path, *how, "--workers", "1")
    assert run_in_pods(tmp_path, *how, "--workers", "8") == alone
    assert run_in_pods(tmp_path, *how, "--cluster", address) == alone
    assert run_in_pods(tmp_path, *how, "--cluster", "local", "--workers", "2") == alone
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.slow
def test_kept_rows_come_from_workers_too(tmp_path):
    written = []
    for workers in ("1", "2"):
        file = tmp_path / f"{workers}.xes"
        assert invoke("simulate", *PODS, "--workers", workers, "--trace", file).exit_code == 0
        written.append(file.read_bytes())
    assert written[0] == written[1]


@kills
@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["--workers", "2"], ["--workers", "2", "--cluster", "local"]])
@pytest.mark.parametrize("killed", ["a worker", "by Ctrl-C"])
def test_a_trace_that_is_cut_short_leaves_nothing_and_a_dead_worker_changes_no_byte(tmp_path, arguments, killed):
    command = ["simulate", "default", *REFERENCE, "--customers", "4000", "--days", "200", "--set", "reviewers.pods=4"]
    file, other = tmp_path / "trace.csv", tmp_path / "whole" / "trace.csv"
    parts = ".journey-*/sources/part-*"
    with started(lambda _: list(tmp_path.glob(parts)), *command, *arguments, "--trace", file) as running:
        if killed == "a worker":
            busiest(running).kill()
        else:
            os.killpg(running.pid, signal.SIGINT)
        _, err = running.communicate(timeout=120)
    assert "Traceback" not in err
    if killed == "by Ctrl-C":
        assert (running.returncode, list(tmp_path.iterdir())) == (130, [])
        return
    assert (running.returncode, list(tmp_path.iterdir())) == (0, [file])
    assert invoke(*command, "--workers", "1", "--trace", other).exit_code == 0
    assert file.read_bytes() == other.read_bytes()


@kills
@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["--workers", "2"], ["--workers", "2", "--cluster", "local"]])
@pytest.mark.parametrize("seconds", [0.0, 0.3])
def test_ctrl_c_while_the_workers_start_is_no_traceback(arguments, seconds):
    command = ["compare", *SMALL, *REFERENCE, "--replications", "3000", *arguments]
    with started(workers_of, *command) as running:
        workers = workers_of(running)
        time.sleep(seconds)
        os.killpg(running.pid, signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out, err) == (130, "", "interrupted\n")
    assert psutil.wait_procs(workers, timeout=20)[1] == []


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["reference", "compiled"])
def test_one_worker_eight_workers_and_clusters_give_the_same_bytes(address, engine):
    command = [*SMALL, "--replications", "12", "--engine", engine, "--precision", "churn_rate=0.02"]
    command += ["--max-replications", "24"]
    alone = outcome(*command, "--workers", "1")
    assert json.loads(alone)["engine"] == engine
    assert outcome(*command, "--workers", "8") == alone
    assert outcome(*command, "--cluster", address) == alone
    assert outcome(*command, "--cluster", "local", "--workers", "2") == alone


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        ("lokal", "--cluster lokal: not a valid scheduler address; give tcp://HOST:PORT"),
        ("tcp://127.0.0.1:1", "--cluster tcp://127.0.0.1:1: no Dask scheduler answers there within 0.2 seconds"),
    ],
)
def test_a_cluster_that_cannot_be_used_is_a_message_and_exit_code_2(monkeypatch, cluster, message):
    monkeypatch.setattr("scenarios.execution.dask_cluster.CONNECT_SECONDS", 0.2)
    done = invoke("compare", *SMALL, "--cluster", cluster)
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_population_that_does_not_fit_here_may_fit_on_a_cluster(monkeypatch):
    monkeypatch.setattr("scenarios.execution.dask_cluster.CONNECT_SECONDS", 0.2)
    monkeypatch.setattr("scenarios.execution.memory.available_memory", lambda: 10**9)
    large = ["compare", "default", "--set", "population.size=9000000", "--cluster"]
    assert "will not fit in memory" in invoke(*large, "local").stderr
    assert "no Dask scheduler answers" in invoke(*large, "tcp://127.0.0.1:1").stderr


@pytest.mark.slow
@kills
def test_a_run_at_which_every_worker_dies_ends_with_a_message_and_keeps_what_was_complete(monkeypatch, tmp_path):
    path = tmp_path / "kept.jsonl"
    command = ["compare", *SMALL, *REFERENCE, "--replications", "6", "--workers", "2", "--json", "--resume", str(path)]
    monkeypatch.setattr("simulation.runs.run.run_arm", jobs.dies_in_the_third)
    done = invoke(*command)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "3 times at the same task, most likely because memory ran out" in done.stderr
    assert f"to continue from the replications in {path}, repeat the same command" in done.stderr
    kept = {json.loads(line)["replication"] for line in path.read_text().splitlines()[1:]}
    assert kept >= {0, 1}
    monkeypatch.setattr("simulation.runs.run.run_arm", fakes.planted)
    assert f"using {len(kept)} complete replications from this file" in invoke(*command).stderr


def busiest(process):
    """The child that has worked most: a worker, and none of those that watch."""
    return max(psutil.Process(process.pid).children(recursive=True), key=lambda child: child.cpu_times().user)


@kills
@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["--workers", "2"], ["--workers", "2", "--cluster", "local"]])
def test_a_worker_killed_in_mid_run_changes_no_byte(arguments, tmp_path):
    command = [*SMALL, *REFERENCE, "--replications", "50"]
    with begun(tmp_path / "kept.jsonl", *command, *arguments, least=3) as running:
        busiest(running).kill()
        assert running.poll() is None
        out, err = running.communicate(timeout=120)
    assert (running.returncode, err) == (0, "")
    assert out == outcome(*command, "--workers", "2")


@kills
@pytest.mark.slow
@pytest.mark.parametrize("cluster", ["local", "there already"])
def test_ctrl_c_keeps_what_is_complete_and_ends_what_was_started(cluster, address, tmp_path):
    arguments = ["--cluster", "local", "--workers", "2"] if cluster == "local" else ["--cluster", address]
    path = tmp_path / "kept.jsonl"
    with begun(path, *SMALL, *REFERENCE, "--replications", "3000", *arguments, least=3) as running:
        children = psutil.Process(running.pid).children(recursive=True)
        # As a terminal does: the whole process group gets it.
        os.killpg(running.pid, signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Traceback" not in err
    used = json.loads(out)["replications"]
    assert 3 <= used < 3000
    assert f"interrupted: {used} of 3000" in err
    assert psutil.wait_procs(children, timeout=20)[1] == []
    # What was there before works on, and the same command goes on from the file, to the same bytes.
    command = [*SMALL, *REFERENCE, "--replications", str(used)]
    resumed = outcome(*command, "--cluster", address, "--resume", str(path))
    assert resumed == outcome(*command, "--workers", "2")
