"""One process compiles, and the others wait and load its code; without a cache no process waits."""

import json
import os
import subprocess
import sys
import threading
import time

import pytest

from journey.runtime import jit
from journey.runtime.code_cache import CACHE_VARIABLE
from journey.runtime.compile_lock import compile_exclusively, ready_marker, write_marker
from tests.journey.runtime.test_jit import SOURCE, module


def test_one_process_compiles_and_the_others_wait_for_it(tmp_path):
    """Two processes, by turns; locks belong to open files, so two in one process stand for them."""
    mark, order, may_end = tmp_path / "mark", [], threading.Event()

    def compile_first():
        with compile_exclusively(mark):
            order.append("first begins")
            may_end.wait(10)
            order.append("first ends")

    def come_second():
        with compile_exclusively(mark):
            order.append("second reads")

    first, second = threading.Thread(target=compile_first), threading.Thread(target=come_second)
    first.start()
    while not order:
        time.sleep(0.01)
    second.start()
    time.sleep(0.3)
    may_end.set()
    first.join(10)
    second.join(10)
    assert order == ["first begins", "first ends", "second reads"]
    # What is there is read by all at the same time.
    with compile_exclusively(mark), compile_exclusively(mark):
        pass


def test_a_failed_compilation_leaves_no_marker_and_blocks_no_process(tmp_path):
    with pytest.raises(ZeroDivisionError), compile_exclusively(tmp_path / "mark"):
        raise ZeroDivisionError
    assert not (tmp_path / "mark").exists()
    with compile_exclusively(tmp_path / "mark"):
        pass
    assert (tmp_path / "mark").exists()


def test_without_a_lock_no_process_waits(tmp_path):
    mark = tmp_path / "no folder" / "mark"
    with compile_exclusively(mark), compile_exclusively(mark), compile_exclusively(None):
        write_marker(mark)


def test_a_function_waits_for_its_turn_for_types_that_are_new_to_it_and_for_no_others(tmp_path, monkeypatch):
    turns = watched_turns(monkeypatch)
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    made = module(SOURCE.format(factor=2.0), "kernels_in_turn", tmp_path)
    kernels = jit.compile_kernels(made, entries=(made.outer,))
    assert [kernels.outer(each) for each in (1.0, 2.0, 3, 4)] == [3.0, 5.0, 7.0, 9.0]
    assert len(set(turns)) == len(turns) == 2
    assert ready_marker(kernels.outer, ["float64"]) == turns[0]
    assert all(mark.exists() for mark in turns)


def watched_turns(monkeypatch):
    turns = []

    def watched(mark):
        turns.append(mark)
        return compile_exclusively(mark)

    monkeypatch.setattr("journey.runtime.compile_lock.compile_exclusively", watched)
    return turns


COMPILE = """
import sys
from journey.decision import rules
from journey.runtime import jit
from journey.runtime.code_cache import CACHE_VARIABLE
made = jit.compile_kernels(rules, entries=(rules.fade,))
print(made.fade(14.0, 0.1) == rules.fade(14.0, 0.1), jit.cache_folder([rules]) is None)
print(sum(made.fade.stats.cache_misses.values()))
"""


@pytest.mark.slow
@pytest.mark.parametrize("writable", [True, False])
def test_processes_that_start_at_once_compile_once_where_code_can_be_kept_and_each_for_itself_elsewhere(
    writable, tmp_path
):
    cache = tmp_path / "cache"
    if not writable:
        cache.write_text("no folder")  # Root could write to a read-only folder.
    environment = {**os.environ, CACHE_VARIABLE: str(cache)}
    started = [
        subprocess.Popen([sys.executable, "-c", COMPILE], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = [each.communicate(timeout=120)[0].split() for each in started]
    assert [each[:2] for each in said] == [["True", str(not writable)]] * 3
    assert sum(int(each[2]) for each in said) == (1 if writable else 3)


MADE = """
import json
print(json.dumps([f"{each.__name__}{types}" for each in entries for types in each.stats.cache_misses]))
"""

FUNNEL = f"""
from simulation.acquisition import compiled_engine, prospect_kernels
from tests.simulation.acquisition_plans import arm_with, plan
compiled_engine.simulate_funnel(arm_with(plan()).population, seed=1, replication=0)
entries = [getattr(compiled_engine.kernels(), each.__name__) for each in prospect_kernels.KERNELS]
{MADE}
"""

BATCH = f"""
from journey.batch import evaluate_folder
from journey.batch.grouping import ENTRIES, get_kernels
from journey.batch.decisions import _get_kernel
from journey.records.folder import bundled_folder
evaluate_folder(bundled_folder())
entries = [_get_kernel(), *(getattr(get_kernels(), each.__name__) for each in ENTRIES)]
{MADE}
"""


@pytest.mark.slow
@pytest.mark.parametrize("what", [FUNNEL, BATCH])
def test_funnels_and_recorded_customers_are_compiled_by_one_process_too(what, tmp_path):
    environment = {**os.environ, CACHE_VARIABLE: str(tmp_path)}

    def start():
        return subprocess.Popen([sys.executable, "-c", what], env=environment, stdout=subprocess.PIPE, text=True)

    first, second = (json.loads(each.communicate(timeout=300)[0]) for each in [start(), start()])
    # Which of the two compiles may differ from function to function.
    assert set(first) ^ set(second)
    assert set(first) & set(second) == set()
    assert json.loads(start().communicate(timeout=300)[0]) == []
