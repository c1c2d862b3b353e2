"""Results do not depend on the workers; a worker that dies costs time and nothing else."""

import os
import sys
from concurrent.futures import Future
from pathlib import Path

import pytest

from journey.core.errors import InputError
from scenarios.cli.common_options import count_processes
from scenarios.execution import executor
from scenarios.execution.executor import iterate_results, open_executor
from scenarios.execution.protocol import WorkerDiedError, refuse_malformed
from tests.scenarios.execution.jobs import DiesAt, DiesWhileSending, ProcessId, Refuses, Squares

SQUARES = {number: number * number for number in range(12)}
kills = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")


@pytest.mark.parametrize("workers", [1, 3])
def test_every_task_is_done_once_with_any_number_of_workers(workers):
    with open_executor(Squares(), workers) as do:
        found = list(do(iter(SQUARES)))
        assert list(do([])) == []
        assert list(do([5])) == [(5, 25)]
    assert len(found) == len(SQUARES)
    assert dict(found) == SQUARES


def test_one_worker_is_this_process_and_several_are_others():
    with open_executor(ProcessId()) as do:
        assert dict(do(range(3))) == dict.fromkeys(range(3), os.getpid())
    with open_executor(ProcessId(), 2) as do:
        # Every worker gets a task while there are at least as many tasks as workers.
        others = {worker for _, worker in do(range(40))}
    assert len(others) == 2
    assert os.getpid() not in others


def test_in_process_each_result_is_yielded_before_the_next_task_starts():
    started = []

    class Recording:
        def do(self, task):
            started.append(task)
            return task

    with open_executor(Recording()) as do:
        for task, _ in do(range(3)):
            assert started == list(range(task + 1))


@pytest.mark.slow
@kills
def test_a_worker_killed_during_a_run_costs_only_time(tmp_path):
    with open_executor(DiesAt(4, times=2, folder=tmp_path), 2) as do:
        assert dict(do(SQUARES)) == SQUARES
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.slow
@pytest.mark.timeout(120)
@kills
def test_a_worker_killed_while_it_sends_a_result_costs_only_time(tmp_path):
    with open_executor(DiesWhileSending(4, tmp_path), 2) as do:
        assert dict(do(SQUARES)) == SQUARES
    assert len(list(tmp_path.iterdir())) == 1


@kills
def test_a_task_that_kills_every_worker_ends_the_run_after_the_finished_results(tmp_path):
    finished = {}
    with (
        pytest.raises(WorkerDiedError, match="3 times at the same task, most likely because memory"),
        open_executor(DiesAt(11, times=99, folder=tmp_path), 2) as do,
    ):
        finished.update(do(SQUARES))
    assert len(list(tmp_path.iterdir())) == 3
    assert finished == {number: square for number, square in SQUARES.items() if number != 11}


def test_results_that_arrive_with_an_error_are_yielded_before_it_is_raised():
    class Together:
        def free_slots(self, busy):
            return 3 - busy

        def submit(self, task):
            future = Future()
            future.set_result(task) if task else future.set_exception(InputError("0 is wrong"))
            return future

        def result(self, future):
            return future.result()

    found = {}
    with pytest.raises(InputError, match="0 is wrong"):
        found.update(iterate_results(Together(), [1, 0, 2]))
    assert found == {1: 1, 2: 2}


def test_an_input_error_of_a_worker_is_raised_here():
    with pytest.raises(InputError, match="3 is wrong; give another"), open_executor(Refuses(), 2) as do:
        list(do([3]))


@pytest.mark.parametrize("address", ["lokal", "host:8786", "tcp://host", "tcp://:8786", "", "tcp://a b:1"])
def test_an_invalid_scheduler_address_is_refused(address):
    with pytest.raises(InputError, match=r"not a valid scheduler address; give tcp://HOST:PORT"):
        refuse_malformed(address)


@pytest.mark.parametrize("address", ["local", "tcp://10.0.0.7:8786", "tls://node-1.lan:1", "tcp://[::1]:8786"])
def test_a_valid_scheduler_address_passes(address):
    refuse_malformed(address)


def test_workers_cannot_be_set_for_an_existing_cluster():
    assert count_processes(3, "local") == 3
    with pytest.raises(InputError, match="Use either --workers or --cluster"):
        count_processes(3, "tcp://host:8786")


def test_without_dask_the_message_names_the_package_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.delitem(sys.modules, "scenarios.execution.dask_cluster", raising=False)
    with (
        pytest.raises(InputError, match=r"needs Dask, which is not installed .*: pip install 'journeylab\[cluster\]'"),
        open_executor(Squares(), cluster="local"),
    ):
        pass


def test_the_pools_import_the_protocol_and_not_the_executor():
    """The executor imports the pools when it needs them, so an import back would be a cycle."""
    for pool in ("processes", "dask_cluster", "protocol"):
        source = Path(executor.__file__).with_name(f"{pool}.py").read_text(encoding="utf-8")
        assert "scenarios.execution.executor" not in source
