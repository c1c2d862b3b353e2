"""Compiled code lets other threads go on: a worker of a cluster has to say that it lives, however long a run takes."""

import threading

import pytest

from simulation.runs.run import run_arm
from tests.simulation.worlds import arm


@pytest.mark.slow
def test_other_threads_go_on_while_a_compiled_run_lasts():
    """Ticks of a hundredth of a second; held up by the run, the other thread would get one or two in."""
    large = arm(population={"size": 60_000})
    how = {"seed": 1, "replication": 0, "days": 365.0, "engine": "compiled"}
    run_arm(arm(), **how)
    ticks, ended = [], threading.Event()

    def tick():
        while not ended.wait(0.01):
            ticks.append(1)

    other = threading.Thread(target=tick)
    other.start()
    try:
        run = run_arm(large, **how)
    finally:
        ended.set()
        other.join()
    # A tenth of the ticks there is time for: the machine may be busy with other things.
    assert len(ticks) >= 10.0 * run.wall_seconds
    assert len(ticks) >= 10
