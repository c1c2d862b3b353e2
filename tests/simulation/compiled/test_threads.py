"""Compiled code does not block other threads: a cluster worker must send heartbeats during a long run."""

import threading

import pytest

from simulation.runs.run import run_arm
from tests.simulation.worlds import arm


@pytest.mark.slow
def test_other_threads_continue_during_a_compiled_run():
    """Ticks of 10 ms; if the run blocked the other thread, it would tick once or twice."""
    large = arm(population={"size": 60_000})
    options = {"seed": 1, "replication": 0, "days": 365.0, "engine": "compiled"}
    run_arm(arm(), **options)
    ticks, ended = [], threading.Event()

    def tick():
        while not ended.wait(0.01):
            ticks.append(1)

    other = threading.Thread(target=tick)
    other.start()
    try:
        run = run_arm(large, **options)
    finally:
        ended.set()
        other.join()
    # A tenth of the possible ticks, because the machine may be busy.
    assert len(ticks) >= 10.0 * run.wall_seconds
    assert len(ticks) >= 10
