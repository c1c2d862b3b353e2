"""Whoever does the work, the results are the same; and who dies at it costs time and nothing else."""

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
from tests.scenarios.execution.jobs import DiesAt, Refuses, Squares, Who

SQUARES = {number: number * number for number in range(12)}
kills = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")


@pytest.mark.parametrize("workers", [1, 3])
def test_every_task_is_done_once_whoever_does_it(workers):
    with open_executor(Squares(), workers) as do:
        found = list(do(iter(SQUARES)))
        assert list(do([])) == []
        assert list(do([5])) == [(5, 25)]
    assert len(found) == len(SQUARES)
    assert dict(found) == SQUARES


def test_one_worker_is_this_process_and_several_are_others():
    with open_executor(Who()) as do:
        assert dict(do(range(3))) == dict.fromkeys(range(3), os.getpid())
    with open_executor(Who(), 2) as do:
        # Everybody has something to do as long as there is as much to do as there are workers.
        others = {worker for _, worker in do(range(40))}
    assert len(others) == 2
    assert os.getpid() not in others


def test_this_process_hands_over_each_result_before_it_begins_the_next():
    begun = []

    class Noted:
        def do(self, task):
            begun.append(task)
            return task

    with open_executor(Noted()) as do:
        for task, _ in do(range(3)):
            assert begun == list(range(task + 1))


@kills
def test_a_worker_killed_in_mid_run_costs_nothing_but_time(tmp_path):
    with open_executor(DiesAt(4, times=2, folder=tmp_path), 2) as do:
        assert dict(do(SQUARES)) == SQUARES
    assert len(list(tmp_path.iterdir())) == 2


@kills
def test_a_task_that_kills_every_worker_is_given_up_and_what_was_finished_was_handed_over(tmp_path):
    finished = {}
    with (
        pytest.raises(WorkerDiedError, match="3 times at the same task, most likely because memory"),
        open_executor(DiesAt(11, times=99, folder=tmp_path), 2) as do,
    ):
        finished.update(do(SQUARES))
    assert len(list(tmp_path.iterdir())) == 3
    assert finished == {number: square for number, square in SQUARES.items() if number != 11}


def test_an_error_does_not_take_along_the_results_that_came_with_it():
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


def test_what_a_worker_refuses_is_refused_here():
    with pytest.raises(InputError, match="3 is wrong; give another"), open_executor(Refuses(), 2) as do:
        list(do([3]))


@pytest.mark.parametrize("address", ["lokal", "host:8786", "tcp://host", "tcp://:8786", "", "tcp://a b:1"])
def test_what_is_no_address_is_said_to_be_none(address):
    with pytest.raises(InputError, match=r"not a valid scheduler address; give tcp://HOST:PORT"):
        refuse_malformed(address)


@pytest.mark.parametrize("address", ["local", "tcp://10.0.0.7:8786", "tls://node-1.lan:1", "tcp://[::1]:8786"])
def test_what_can_be_an_address_is_let_pass(address):
    refuse_malformed(address)


def test_a_cluster_has_the_workers_it_has():
    assert count_processes(3, "local") == 3
    with pytest.raises(InputError, match="Leave one out"):
        count_processes(3, "tcp://host:8786")


def test_without_dask_one_line_says_what_to_install(monkeypatch):
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
