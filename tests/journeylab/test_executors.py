"""Any executor of the caller gives the result of one process, bit for bit, and can be used afterwards."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

import journeylab as jl
from journey.core.errors import InputError
from scenarios.execution.executor import open_executor
from tests.scenarios.cli.started_commands import stored
from tests.scenarios.execution import jobs

ROOT = Path(__file__).parent.parent.parent
SMALL = {"overrides": {"population.size": 40, "horizon_days": 60}, "replications": 4}
IN_PODS = {"overrides": {"reviewers.count": 4, "reviewers.pods": 4}, "customers": 60, "days": 60}


class OutOfOrder(Executor):
    """Does the tasks that wait in random order, in a thread of its own."""

    def __init__(self):
        self._waiting, self._order, self._closed = [], random.Random(7), False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        with self._changed:
            self._waiting.append((future, fn, args, kwargs))
            self._changed.notify()
        return future

    def _work(self):
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return
                future, fn, args, kwargs = self._waiting.pop(self._order.randrange(len(self._waiting)))
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(fn(*args, **kwargs))
            except Exception as error:  # noqa: BLE001 - as executors do
                future.set_exception(error)

    def shutdown(self, wait=True, *, cancel_futures=False):
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()


def processes():
    return ProcessPoolExecutor(2, mp_context=get_context("spawn"))


@pytest.fixture(scope="module")
def shared_processes():
    """Started once: each test leaves them usable for the next."""
    with processes() as executor:
        yield executor


KINDS = {"threads": lambda: ThreadPoolExecutor(3), "out of order": OutOfOrder}


@pytest.fixture(params=["threads", pytest.param("processes", marks=pytest.mark.medium), "out of order"])
def executor(request):
    if request.param == "processes":
        yield request.getfixturevalue("shared_processes")
    else:
        with KINDS[request.param]() as started:
            yield started


def document(comparison):
    return json.dumps(comparison.to_dict())


@pytest.fixture(scope="module")
def alone():
    return {mode: document(jl.compare("default", mode=mode, **SMALL)) for mode in ("counterfactual", "randomised")}


def test_every_executor_gives_the_result_of_one_process(executor, alone):
    for mode, expected in alone.items():
        assert document(jl.compare("default", mode=mode, executor=executor, **SMALL)) == expected
    result = jl.simulate("default", trace=True, executor=executor, **IN_PODS)
    # It is the caller's, and still open.
    assert executor.submit(int, "7").result() == 7
    expected = jl.simulate("default", trace=True, **IN_PODS)
    assert result.metrics == expected.metrics
    assert result.trace.sorted_rows() == expected.trace.sorted_rows()


@pytest.mark.slow
def test_dask_gives_the_result_of_one_process(alone):
    from distributed import Client

    with Client(n_workers=2, threads_per_worker=2, dashboard_address=None) as client:
        executor = client.get_executor()
        for mode, expected in alone.items():
            assert document(jl.compare("default", mode=mode, executor=executor, **SMALL)) == expected


@pytest.mark.compiled
def test_compiled_code_gives_the_same_result_in_every_executor(executor):
    found = jl.compare("default", engine="compiled", executor=executor, **SMALL)
    assert document(found) == document(jl.compare("default", engine="compiled", **SMALL))


def test_after_an_error_in_a_task_the_executor_can_be_used(executor):
    with (
        pytest.raises(InputError, match="is wrong; give another"),
        open_executor(jobs.Refuses(), callers_executor=executor) as do,
    ):
        list(do(range(50)))
    with open_executor(jobs.Squares(), callers_executor=executor) as do:
        assert dict(do(range(5))) == {number: number * number for number in range(5)}


def test_after_an_interruption_the_executor_can_be_used(executor, alone):
    def interrupt(progress):
        if progress.done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        jl.compare("default", executor=executor, progress=interrupt, **SMALL)
    assert document(jl.compare("default", executor=executor, **SMALL)) == alone["counterfactual"]


SCRIPT = """
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
import journeylab as jl

if __name__ == "__main__":
    kind = {"threads": ThreadPoolExecutor, "processes": ProcessPoolExecutor}[sys.argv[1]]
    with kind(2) as executor:
        # Every worker has started.
        list(executor.map(abs, range(20)))
        try:
            print("begun", flush=True)
            jl.compare("default", engine="reference", overrides={"population.size": 400}, executor=executor,
                       replications=500, resume=sys.argv[2])
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        print(executor.submit(abs, -7).result())
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="process groups")
@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_ctrl_c_leaves_the_executor_usable(kind, tmp_path):
    """As in a terminal, every process of the group receives the signal."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    kept = tmp_path / "replications.jsonl"
    command = [sys.executable, script, kind, kept]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            deadline = time.monotonic() + 120
            while stored(kept) < 3:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.02)
            os.killpg(process.pid, signal.SIGINT)
            assert process.communicate(timeout=120)[0] == "begun\ninterrupted\n7\n"
        finally:
            # Popen would wait for its end.
            process.kill()


def test_an_executor_that_is_shut_down_is_refused():
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    with pytest.raises(InputError, match=r"executor: does not accept work .*; use it before it is shut down"):
        jl.compare("default", executor=executor, **SMALL)


def test_what_is_not_an_executor_is_refused():
    with pytest.raises(InputError, match=r"executor: int is not a concurrent.futures.Executor"):
        jl.compare("default", executor=4, **SMALL)
    with ThreadPoolExecutor(1) as executor, pytest.raises(InputError, match="workers=2: the executor determines"):
        jl.compare("default", executor=executor, workers=2, **SMALL)


class Unpicklable:
    def __init__(self):
        self.square = lambda task: task * task

    def do(self, task):
        return self.square(task)


@pytest.mark.medium
def test_work_that_cannot_be_pickled_is_reported_and_runs_in_threads():
    with (
        processes() as executor,
        pytest.raises(InputError, match="executor: the work cannot be sent to another process, because it cannot be"),
        open_executor(Unpicklable(), callers_executor=executor) as do,
    ):
        list(do([3]))
    with ThreadPoolExecutor(1) as executor, open_executor(Unpicklable(), callers_executor=executor) as do:
        assert list(do([3])) == [(3, 9)]


@pytest.mark.medium
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_the_death_of_a_worker_is_reported(tmp_path):
    with (
        processes() as executor,
        pytest.raises(jl.WorkerDiedError, match="executor: a worker died, most likely because memory ran out"),
        open_executor(jobs.DiesAt(1, times=1, folder=tmp_path), callers_executor=executor) as do,
    ):
        list(do(range(3)))


@pytest.mark.slow
def test_a_script_without_a_main_guard_is_told_apart_from_a_worker_that_died(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import journeylab as jl\njl.compare('default', replications=2, workers=2)\n")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert "a worker process failed to start" in last
    assert "put the script's own work under `if __name__ == '__main__':`, or use workers=1" in last
