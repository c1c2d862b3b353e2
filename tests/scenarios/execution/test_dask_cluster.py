"""A Dask cluster gives the same results as processes, and a worker that is killed costs only time."""

import asyncio
import logging
import os
import subprocess
import sys
import threading
from concurrent.futures import BrokenExecutor, Future
from contextlib import contextmanager
from unittest.mock import Mock

import pytest
from distributed import Client, LocalCluster
from distributed.cfexecutor import _cascade_future

from journey.core.errors import InputError
from scenarios.execution import dask_cluster, versions
from scenarios.execution.executor import open_executor
from scenarios.execution.protocol import WorkerDiedError
from tests.scenarios.execution.jobs import DiesAt, Raises, Refuses, Squares

pytestmark = pytest.mark.slow

SQUARES = {number: number * number for number in range(12)}
QUIET = {
    "threads_per_worker": 1,
    "dashboard_address": None,
    "scheduler_kwargs": {"dashboard": False, "dashboard_address": "127.0.0.1:0"},
    "silence_logs": logging.CRITICAL,
}


@pytest.fixture(scope="module")
def existing():
    """An existing cluster of two processes."""
    with LocalCluster(n_workers=2, **QUIET) as running, Client(running, set_as_default=False) as client:
        yield client


def address_of(client):
    return client.scheduler.address


def pids(client):
    return set(client.run(os.getpid).values())


def plugins(client):
    return {name for found in client.run(lambda dask_worker: list(dask_worker.plugins)).values() for name in found}


def test_a_cluster_gives_the_same_results_and_is_left_as_it_was(existing):
    pids_before, plugins_before = pids(existing), plugins(existing)
    with open_executor(Squares(), cluster=address_of(existing)) as do:
        assert dict(do(SQUARES)) == SQUARES
        assert len(plugins(existing)) == len(plugins_before) + 1
    assert (pids(existing), plugins(existing)) == (pids_before, plugins_before)


def test_a_worker_that_is_killed_is_replaced_and_its_task_done_again(existing, tmp_path):
    before = pids(existing)
    with open_executor(DiesAt(4, times=2, folder=tmp_path), cluster=address_of(existing)) as do:
        assert dict(do(SQUARES)) == SQUARES
    killed = {int(note.read_text()) for note in tmp_path.iterdir()}
    assert len(killed) == 2
    assert killed & before


@pytest.mark.slow
def test_a_task_that_kills_every_worker_ends_the_run(existing, tmp_path):
    with (
        pytest.raises(WorkerDiedError, match=r"4 times at the same task.*give the workers more memory"),
        open_executor(DiesAt(3, times=99, folder=tmp_path), cluster=address_of(existing)) as do,
    ):
        list(do([3]))


def interrupted(results):
    yield next(results)
    raise KeyboardInterrupt


@pytest.mark.slow
def test_after_ctrl_c_pending_tasks_are_cancelled_and_the_cluster_keeps_running(existing):
    existing.wait_for_workers(2)
    with pytest.raises(KeyboardInterrupt), open_executor(Squares(seconds=0.05), cluster=address_of(existing)) as do:
        list(interrupted(do(range(100_000))))
    assert existing.submit(abs, -3, pure=False).result(timeout=10) == 3
    # The workers finish the tasks in progress; nothing else is left.
    assert existing.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)) <= 4


def test_an_input_error_of_a_worker_is_raised_here(existing):
    with (
        pytest.raises(InputError, match="3 is wrong; give another"),
        open_executor(Refuses(), cluster=address_of(existing)) as do,
    ):
        list(do([3]))


@pytest.mark.parametrize(
    ("name", "fix"),
    [("Python", "start the workers with Python 0.1"), ("numpy", "install numpy 0.1 on the workers")],
)
def test_workers_with_other_versions_are_refused_by_name(existing, monkeypatch, name, fix):
    existing.wait_for_workers(2)  # A test before may have killed one.
    here = versions.local_versions() | {name: "0.1"}
    monkeypatch.setattr(versions, "local_versions", lambda: here)
    with (
        pytest.raises(
            InputError, match=rf"worker tcp://\S+ and 1 more has {name} \S+, but this process has 0.1; .*{fix}"
        ),
        open_executor(Squares(), cluster=address_of(existing)),
    ):
        pass


def test_a_worker_without_journeylab_is_refused(existing, monkeypatch):
    here = versions.local_versions() | {"no-such-package": "1"}
    monkeypatch.setattr(versions, "PACKAGES", ("no-such-package",))
    monkeypatch.setattr(versions, "local_versions", lambda: here)
    with (
        pytest.raises(
            InputError, match=r"has no-such-package not installed, but this process has 1; .*install no-such-pack"
        ),
        open_executor(Squares(), cluster=address_of(existing)),
    ):
        pass


def test_a_worker_of_another_version_that_joins_during_the_run_is_refused(existing, monkeypatch):
    here = versions.local_versions() | {"numpy": "0.1"}
    monkeypatch.setattr(dask_cluster, "local_versions", lambda: here)
    with (
        pytest.raises(InputError, match=r"joined the cluster has numpy \d\S+, but this process has 0.1"),
        open_executor(Squares(), cluster=address_of(existing)) as do,
    ):
        list(do([3]))


def test_a_scheduler_without_workers_is_refused(monkeypatch):
    monkeypatch.setattr(dask_cluster, "FIRST_WORKER_SECONDS", 0.3)
    with (
        LocalCluster(n_workers=0, **QUIET) as empty,
        pytest.raises(InputError, match=r"has no workers; start some with `dask worker tcp://\S+ --nthreads 1`"),
        open_executor(Squares(), cluster=empty.scheduler_address),
    ):
        pass


@contextmanager
def mute_server():
    """A server that listens but is not a scheduler."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"


def test_a_missing_scheduler_is_reported_soon(monkeypatch):
    monkeypatch.setattr(dask_cluster, "CONNECT_SECONDS", 0.3)
    with mute_server() as mute:
        for address in (mute, "tcp://127.0.0.1:1", "tls://127.0.0.1:1", "abc://127.0.0.1:1"):
            with (
                pytest.raises(InputError, match="no Dask scheduler answers there"),
                open_executor(Squares(), cluster=address),
            ):
                pass


@pytest.mark.slow
def test_when_all_workers_are_gone_the_run_ends_after_a_while(monkeypatch):
    monkeypatch.setattr(dask_cluster, "NO_WORKERS_SECONDS", 0.2)
    monkeypatch.setattr("scenarios.execution.executor.LIVENESS_CHECK_SECONDS", 0.2)
    monkeypatch.setattr(dask_cluster, "WORKER_COUNT_SECONDS", 0.0)
    with (
        LocalCluster(n_workers=1, processes=False, protocol="tcp", **QUIET) as shrinking,
        pytest.raises(WorkerDiedError, match="all workers are gone, and none joined for 0 seconds"),
        open_executor(Squares(seconds=0.01), cluster=shrinking.scheduler_address) as do,
    ):
        [shrinking.scale(0) for _ in do(range(100_000))]


@pytest.mark.parametrize("result", [5, (1,), (1, 2, 3)])
def test_a_task_whose_result_was_lost_in_transit_may_be_repeated(result):
    """The worker leaves after Dask's executor has the result and before it reads the future's state."""

    class Lost:
        status = "lost"

        async def _result(self, *, raiseit):
            assert not raiseit
            return result

    async def cascade():
        await _cascade_future(Lost(), future)

    future = Future()
    asyncio.run(cascade())
    with pytest.raises(BrokenExecutor, match="the worker left"):
        dask_cluster.ClusterPool(Mock(), "name", "tcp://here:1").result(future)


@pytest.mark.parametrize("kind", [TypeError, ValueError, AttributeError])
def test_an_error_of_the_job_does_not_count_as_a_lost_result(existing, kind):
    with open_executor(Raises(kind), cluster=address_of(existing)) as do, pytest.raises(kind, match="of the job's own"):
        list(do([1]))


def test_a_client_that_has_lost_its_scheduler_reports_no_workers(monkeypatch):
    monkeypatch.setattr(dask_cluster, "NO_WORKERS_SECONDS", 0.2)
    monkeypatch.setattr(dask_cluster, "WORKER_COUNT_SECONDS", 0.0)
    monkeypatch.setattr("scenarios.execution.executor.LIVENESS_CHECK_SECONDS", 0.1)
    with (
        LocalCluster(n_workers=1, processes=False, protocol="tcp", **QUIET) as running,
        open_executor(Squares(seconds=1.0), cluster=running.scheduler_address) as do,
    ):
        monkeypatch.setattr("distributed.Client.scheduler_info", lambda _client: {"type": "Scheduler"})
        with pytest.raises(WorkerDiedError, match="all workers are gone"):
            list(do(range(5)))


def test_a_connection_that_broke_while_a_result_was_in_transit_is_noticed():
    client = Mock(status="closed")
    pool = dask_cluster.ClusterPool(client, "name", "tcp://here:1")
    with pytest.raises(WorkerDiedError, match="tcp://here:1: the scheduler is gone"):
        pool.check_workers()
    pool.detach()
    client.unregister_worker_plugin.assert_not_called()


def test_after_ctrl_c_a_client_without_a_scheduler_is_not_used():
    client = Mock(status="closed")
    dask_cluster.ClusterPool(client, "name", "tcp://here:1").detach()
    client.get_executor.return_value.shutdown.assert_not_called()
    client.unregister_worker_plugin.assert_not_called()


@pytest.mark.slow
def test_a_scheduler_that_is_gone_is_reported():
    with subprocess.Popen(
        [sys.executable, "-c", SCHEDULER], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    ) as process:
        address = process.stdout.readline().strip()
        with open_executor(Squares(seconds=0.02), cluster=address) as do:
            # Start the timer here, because connecting takes an unknown time.
            threading.Timer(1.0, process.kill).start()
            with pytest.raises(WorkerDiedError, match="the scheduler is gone"):
                list(do(range(100_000)))


SCHEDULER = """
import logging
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=None,
                      scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
                      silence_logs=logging.CRITICAL) as cluster:
        print(cluster.scheduler_address, flush=True)
        input()
"""


@pytest.mark.slow
def test_a_local_cluster_listens_on_the_loopback_interface_only_and_ends_with_the_work():
    import psutil

    before = {child.pid for child in psutil.Process().children(recursive=True)}
    with open_executor(Squares(seconds=0.01), 2, "local") as do:
        running = do(SQUARES)
        first = next(running)
        ours = [each for each in psutil.Process().children(recursive=True) if each.pid not in before]
        ports = [
            port for each in (psutil.Process(), *ours) for port in each.net_connections() if port.status == "LISTEN"
        ]
        assert len(ports) >= 3
        assert {port.laddr.ip for port in ports} == {"127.0.0.1"}
        assert 8787 not in {port.laddr.port for port in ports}
        assert dict([first, *running]) == SQUARES
    gone, alive = psutil.wait_procs(ours, timeout=10)
    assert len(gone) >= 2
    assert not alive
