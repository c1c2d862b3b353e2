"""The review queue with a backlog, compared with SimPy's priority resource."""

from collections.abc import Callable, Generator
from math import inf
from time import perf_counter

import simpy

from benchmarks.tables import Figure
from simulation.metrics.queue_statistics import QueueStatistics
from simulation.model.reviewers_spec import Reviewers
from simulation.reference.environment import ExactEnvironment
from simulation.reference.review_queue import ReviewQueue, ReviewRequest

BACKLOG = 30_000
SIMPY_BACKLOG = 2_000
"""SimPy sorts the whole queue at every request, so its time is measured with a small backlog."""


def run() -> list[Figure]:
    """Microseconds per review, while a backlog is processed."""
    queue = "priority queue, backlog of"
    return [
        Figure("gate, a review", _each(_our_gate), "microseconds", None, f"{queue} {BACKLOG:,}"),
        Figure(
            "simpy.PriorityResource, a review",
            _each(_simpy_gate),
            "microseconds",
            None,
            f"{queue} {SIMPY_BACKLOG:,}; it sorts the whole queue at every request",
        ),
    ]


def _each(work: Callable[[], int]) -> float:
    started = perf_counter()
    reviews = work()
    return 1e6 * (perf_counter() - started) / reviews


def _our_gate() -> int:
    env = ExactEnvironment()
    gate = ReviewQueue(
        env, 3, Reviewers(opens_at_hour=0.0, minutes_per_day=1440.0, days_per_week=7), QueueStatistics((0.0, inf))
    )
    for n in range(BACKLOG):
        gate.submit(ReviewRequest(-float(n * 7919 % 30_011), 0.0, n, 0.01, lambda _time, _reviewer: None))
    env.run()
    return BACKLOG


def _simpy_gate() -> int:
    env = simpy.Environment()
    resource = simpy.PriorityResource(env, capacity=3)
    done: list[int] = []

    def review(n: int) -> Generator[simpy.Event, object, None]:
        with resource.request(priority=-(n * 7919 % 30_011)) as turn:
            yield turn
            yield env.timeout(0.01)
            done.append(n)

    for n in range(SIMPY_BACKLOG):
        env.process(review(n))
    env.run()
    return len(done)
