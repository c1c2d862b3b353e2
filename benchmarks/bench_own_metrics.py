"""What five own metrics of a scenario cost: the CPU time of the compiled engine with and without them.

Runs with and without the metrics alternate, in changing order and in one process, so that a drift of the machine
favours neither. The figure is the median of the ratios of neighbouring runs. The metrics are of each costly kind: a
share within a window, a time from a stage, days in a stage, signals, and the revenue of a stage.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median

from benchmarks.tables import Aim, Figure, at_most
from benchmarks.worlds import bare, whole
from simulation.model.arm import ArmSpec
from simulation.model.metric_spec import MetricSpec
from simulation.runs.engine_choice import COMPILED
from simulation.runs.run import run_arm

CUSTOMERS = 100_000
DAYS = 365.0
ROUNDS = 15

METRICS = {
    "matured": MetricSpec.model_validate({"reached": "retention", "within_days": 90}),
    "days_to_maturity": MetricSpec.model_validate({"time_to": "retention", "from": "engagement"}),
    "support_days": MetricSpec(time_in="support"),
    "drops": MetricSpec(count_of="signal:usage_drop"),
    "earned": MetricSpec(revenue="retention"),
}


def run() -> list[Figure]:
    """The whole world, and the bare journey, in which almost all events are moves and signals that are counted."""
    return [_measure("the whole world", whole, at_most(1.1)), _measure("the bare journey", bare, None)]


def _measure(name: str, build: Callable[[int], ArmSpec], aim: Aim | None) -> Figure:
    plain = build(CUSTOMERS)
    arms = {False: plain, True: replace(plain, metrics=METRICS)}
    ratios = []
    for number in range(ROUNDS + 1):
        seconds = {
            measured: _simulate(arms[measured], number) for measured in ((False, True), (True, False))[number % 2]
        }
        if number:
            # The first round loads the compiled code.
            ratios.append(seconds[True] / seconds[False])
    return Figure(
        f"five own metrics, {name}", median(ratios), "times", aim,
        f"CPU time with over without, {CUSTOMERS:,} customers, {DAYS:g} days, {ROUNDS} alternating pairs, "
        f"{min(ratios):.2f} to {max(ratios):.2f}",
    )  # fmt: skip


def _simulate(arm_spec: ArmSpec, seed: int) -> float:
    started = time.process_time()
    run_arm(arm_spec, seed=seed, replication=0, days=DAYS, engine=COMPILED)
    return time.process_time() - started
