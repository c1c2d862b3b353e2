"""What an addition to an arm costs: the CPU time of the compiled engine with over without it.

Runs with and without the addition alternate, in changing order and in one process, so that a drift of the machine
favours neither. The figure is the median of the ratios of neighbouring runs.
"""

import time
from collections.abc import Callable
from statistics import median

from benchmarks.tables import Aim, Figure
from simulation.model.arm import ArmSpec
from simulation.runs.engine_choice import COMPILED
from simulation.runs.run import run_arm

CUSTOMERS = 100_000
DAYS = 365.0
ROUNDS = 15


def measure_extra_cost(
    name: str, build: Callable[[int], ArmSpec], add: Callable[[ArmSpec], ArmSpec], aim: Aim | None
) -> Figure:
    """The ratio of the CPU times.

    Args:
        name: What is added, and in which world.
        build: The arm without the addition, for a number of customers.
        add: Adds it.
        aim: The aim of the ratio, if there is one.
    """
    plain = build(CUSTOMERS)
    arms = {False: plain, True: add(plain)}
    ratios = []
    for number in range(ROUNDS + 1):
        seconds = {
            measured: _simulate(arms[measured], number) for measured in ((False, True), (True, False))[number % 2]
        }
        if number:
            # The first round loads the compiled code.
            ratios.append(seconds[True] / seconds[False])
    return Figure(
        name, median(ratios), "times", aim,
        f"CPU time with over without, {CUSTOMERS:,} customers, {DAYS:g} days, {ROUNDS} alternating pairs, "
        f"{min(ratios):.2f} to {max(ratios):.2f}",
    )  # fmt: skip


def _simulate(arm_spec: ArmSpec, seed: int) -> float:
    started = time.process_time()
    run_arm(arm_spec, seed=seed, replication=0, days=DAYS, engine=COMPILED)
    return time.process_time() - started
