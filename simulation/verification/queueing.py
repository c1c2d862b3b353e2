"""The review queue: Erlang C for the queue alone, and Little's law for the queue of the arm."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import fsum
from typing import TYPE_CHECKING

import numpy as np

from journey.core.time_units import MINUTES_PER_DAY
from simulation.distributions.dwell_times import NEVER
from simulation.exact.queueing import erlang_c
from simulation.metrics.queue_statistics import QueueStatistics
from simulation.model.reviewers_spec import Reviewers
from simulation.model.working_hours import working_time_until
from simulation.random import streams
from simulation.reference.environment import ExactEnvironment
from simulation.reference.review_queue import ReviewQueue, ReviewRequest
from simulation.trace.events import REVIEW_DECIDED, REVIEW_REQUESTED
from simulation.verification import evidence

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    import numpy.typing as npt
    import simpy

    from simulation.metrics.run_results import Run
    from simulation.model.arm import ArmSpec
    from simulation.trace.events import Row
    from simulation.verification.evidence import Evidence

    FloatArray = npt.NDArray[np.float64]

MAX_LOAD, MIN_LOAD = 0.8, 0.1
"""Range of loads at which the queue alone is checked; outside it a long run has little power."""

BATCHES, REQUESTS_PER_BATCH = 32, 1250
"""The mean of a long run is judged by batch means. The first batch is discarded because the queue starts empty."""


@dataclass(frozen=True)
class QueueTime:
    """Total time of requests in a run, counted in two ways that must agree (Little's law).

    Attributes:
        area: Integral over the run of the number of open requests, in days.
        waits: Sum of the times that requests were open, in days, up to the end of the run.
        requests: Number of requests.
        open_at_end: Number of requests that were still open at the end.
    """

    area: float
    waits: float
    requests: int
    open_at_end: int


def measure_queue_time(rows: Iterable[Row], days: float) -> QueueTime:
    """Measure the requests that wait or are under review over a run, from its trace.

    Args:
        rows: The trace in its order.
        days: The horizon in days, at which open requests are censored.

    Raises:
        ValueError: A request is decided that was never made, or a customer has two open requests.
    """
    open_requests: dict[int, float] = {}
    pieces, stays = [], []
    present, requests, last = 0, 0, 0.0
    for row in rows:
        if row.kind not in (REVIEW_REQUESTED, REVIEW_DECIDED):
            continue
        pieces.append(present * (row.time - last))
        last = row.time
        if row.kind == REVIEW_REQUESTED:
            if row.customer in open_requests:
                raise ValueError(
                    f"customer {row.customer} makes a request on day {row.time:g} while another is still open"
                )
            open_requests[row.customer] = row.time
            present, requests = present + 1, requests + 1
        else:
            if row.customer not in open_requests:
                raise ValueError(
                    f"a request of customer {row.customer} is decided on day {row.time:g}, but it was not made"
                )
            stays.append(row.time - open_requests.pop(row.customer))
            present -= 1
    pieces.append(present * (days - last))
    stays.extend(days - time for time in open_requests.values())
    return QueueTime(fsum(pieces), fsum(stays), requests, len(open_requests))


def little_evidence(title: str, run: Run) -> Iterator[Evidence]:
    """Check Little's law in the review queue of a run with a trace, including censored requests."""
    assert run.trace is not None
    queue_time = measure_queue_time(run.trace.sorted_rows(), run.days)
    name = (
        f"{title}: Little's law in the review queue, days of {queue_time.requests} requests "
        f"({queue_time.open_at_end} censored)"
    )
    yield evidence.Evidence(name, queue_time.waits, queue_time.area)


def erlang_evidence(arm_spec: ArmSpec, run: Run, seed: int) -> Iterator[Evidence]:
    """Check the review queue alone against Erlang C, with Poisson requests at the load of a run of the arm.

    Args:
        arm_spec: The arm.
        run: A run of it.
        seed: The scenario's seed.
    """
    servers = arm_spec.reviewers.count_for(arm_spec.population.size)
    time = servers * working_time_until(run.days, *arm_spec.reviewers.working_hours) * MINUTES_PER_DAY
    requests = run.events_by_kind.get(REVIEW_REQUESTED, 0)
    if servers == 0 or requests == 0 or time == 0.0:
        return
    arm_load = requests * arm_spec.reviewers.service_minutes / time
    load = min(max(arm_load, MIN_LOAD), MAX_LOAD)
    instead = "" if load == arm_load else f" instead of {arm_load:.2f}"
    exact = erlang_c(arrival_rate=load * servers, service_rate=1.0, servers=servers)
    team = "1 reviewer" if servers == 1 else f"{servers} reviewers"
    title = (
        f"{arm_spec.name}, its review queue alone, around the clock, {team}, Poisson requests at a load of "
        f"{load:.2f}{instead}"
    )
    waits, busy = simulate_queue(servers, load, seed)
    per_batch = [batch.tolist() for batch in np.split(waits, BATCHES)[1:]]
    waiting = [sum(wait > 0.0 for wait in batch) / len(batch) for batch in per_batch]
    mean = [fsum(batch) / len(batch) for batch in per_batch]
    yield evidence.compare_batch_means(
        f"{title}: probability of waiting (Erlang C)", exact.waiting_probability, waiting
    )
    yield evidence.compare_batch_means(f"{title}: mean wait in mean service times (Erlang C)", exact.mean_wait, mean)
    yield evidence.compare_batch_means(f"{title}: utilisation", exact.utilisation, busy)


def simulate_queue(servers: int, load: float, seed: int) -> tuple[FloatArray, list[float]]:
    """Simulate a review queue that works around the clock, first come, first served.

    The mean service time is one day.

    Args:
        servers: Number of reviewers.
        load: Offered load per reviewer, below 1.
        seed: The scenario's seed.

    Returns:
        The wait of each request before its review, and the utilisation in each batch of requests but the first.
    """
    environment = ExactEnvironment()
    always = Reviewers(opens_at_hour=0.0, minutes_per_day=MINUTES_PER_DAY, days_per_week=7)
    queue = ReviewQueue(environment, servers, always, QueueStatistics((0.0, NEVER)))
    key = streams.customer_key(seed, 0, servers)
    total = BATCHES * REQUESTS_PER_BATCH
    starts: list[float] = [NEVER] * total
    ends, requested_at = [0.0] * total, np.zeros(total)

    def record_end(number: int, time: float, _reviewer: int) -> None:
        ends[number] = time

    def arrivals() -> Generator[simpy.Event, None, None]:
        for number in range(total):
            gap = streams.exponential(key, streams.NOISE, 0, number) / (load * servers)
            yield environment.at(environment.now + gap)
            work = streams.exponential(key, streams.SERVICE, 0, number)
            requested_at[number] = environment.now
            on_end, on_start = partial(record_end, number), partial(starts.__setitem__, number)
            queue.submit(ReviewRequest(0.0, environment.now, number, work, on_end, on_start))

    environment.process(arrivals())
    environment.run()
    started = np.array(starts)
    edges = requested_at[::REQUESTS_PER_BATCH].tolist()
    return started - requested_at, _utilisation(started, np.array(ends), edges, servers)


def _utilisation(
    started: FloatArray,
    ends: FloatArray,
    edges: list[float],
    servers: int,
) -> list[float]:
    """Share of time that reviewers were busy between each two edges but the first."""
    shares = []
    for low, high in pairwise(edges[1:]):
        overlap = np.minimum(ends, high) - np.maximum(started, low)
        shares.append(fsum(np.maximum(overlap, 0.0).tolist()) / (servers * (high - low)))
    return shares
