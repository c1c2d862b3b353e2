"""The human gate: Erlang C for the gate alone, and Little's law for the gate as it is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import fsum
from typing import TYPE_CHECKING

import numpy as np

from simulation.distributions.dwell_times import NEVER
from simulation.exact.queueing import erlang_c
from simulation.metrics.queue_statistics import QueueStatistics
from simulation.model.spec import MINUTES_PER_DAY, Reviewers
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
"""Loads between which the gate alone is looked at: beyond them a long run says little about the law."""

BATCHES, REQUESTS_PER_BATCH = 32, 1250
"""The long run's mean is judged by that of batches; the first is left out because the gate begins empty."""


@dataclass(frozen=True)
class QueueTime:
    """Time at a gate over a run, counted in two ways that must agree (Little's law).

    Attributes:
        area: Integral over the run of the number of requests at the gate, in days.
        waits: Sum of the times that requests were at the gate, in days; open ones until the end of the run.
        requests: Number of requests.
        open_at_end: How many of them were still at the gate.
    """

    area: float
    waits: float
    requests: int
    open_at_end: int


def measure_queue_time(rows: Iterable[Row], days: float) -> QueueTime:
    """Requests at the gate over a run, waiting or under review, by its trace.

    Args:
        rows: The trace in its order.
        days: The horizon, at which open requests are censored.

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
                raise ValueError(f"customer {row.customer} asks again on day {row.time:g} with a request still open")
            open_requests[row.customer] = row.time
            present, requests = present + 1, requests + 1
        else:
            if row.customer not in open_requests:
                raise ValueError(
                    f"a request of customer {row.customer} is decided on day {row.time:g} but was not made"
                )
            stays.append(row.time - open_requests.pop(row.customer))
            present -= 1
    pieces.append(present * (days - last))
    stays.extend(days - time for time in open_requests.values())
    return QueueTime(fsum(pieces), fsum(stays), requests, len(open_requests))


def little_evidence(title: str, run: Run) -> Iterator[Evidence]:
    """Little's law at the gate in a run with a trace, censored requests included."""
    assert run.trace is not None
    found = measure_queue_time(run.trace.sorted_rows(), run.days)
    name = f"{title}: Little's law at the gate, days of {found.requests} requests ({found.open_at_end} censored)"
    yield evidence.Evidence(name, found.waits, found.area)


def erlang_evidence(arm_spec: ArmSpec, run: Run, seed: int) -> Iterator[Evidence]:
    """The gate alone, fed by Poisson requests at the load that a run of the arm has, against Erlang C.

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
    found = requests * arm_spec.reviewers.service_minutes / time
    load = min(max(found, MIN_LOAD), MAX_LOAD)
    instead = "" if load == found else f" instead of {found:.2f}"
    exact = erlang_c(arrival_rate=load * servers, service_rate=1.0, servers=servers)
    team = "1 reviewer" if servers == 1 else f"{servers} reviewers"
    title = (
        f"{arm_spec.name}, its gate alone, around the clock, {team}, Poisson requests at a load of {load:.2f}{instead}"
    )
    waits, busy = simulate_queue(servers, load, seed)
    per_batch = [part.tolist() for part in np.split(waits, BATCHES)[1:]]
    waiting = [sum(wait > 0.0 for wait in batch) / len(batch) for batch in per_batch]
    mean = [fsum(batch) / len(batch) for batch in per_batch]
    yield evidence.compare_batch_means(f"{title}: chance of waiting (Erlang C)", exact.waiting_probability, waiting)
    yield evidence.compare_batch_means(f"{title}: mean wait in mean services (Erlang C)", exact.mean_wait, mean)
    yield evidence.compare_batch_means(f"{title}: utilisation", exact.utilisation, busy)


def simulate_queue(servers: int, load: float, seed: int) -> tuple[FloatArray, list[float]]:
    """A gate that works around the clock, first come first served; a mean service takes a day.

    Args:
        servers: Number of reviewers.
        load: Work offered per reviewer, below 1.
        seed: The scenario's seed.

    Returns:
        The wait of each request before its review, and the utilisation in each batch of requests but the first.
    """
    environment = ExactEnvironment()
    always = Reviewers(opens_at_hour=0.0, minutes_per_day=MINUTES_PER_DAY, days_per_week=7)
    gate = ReviewQueue(environment, servers, always, QueueStatistics((0.0, NEVER)))
    key = streams.customer_key(seed, 0, servers)
    total = BATCHES * REQUESTS_PER_BATCH
    requests: list[ReviewRequest] = []
    ends: list[float] = [0.0] * total

    def decided(number: int, time: float, _reviewer: int) -> None:
        ends[number] = time

    def arrivals() -> Generator[simpy.Event, None, None]:
        for number in range(total):
            gap = streams.exponential(key, streams.NOISE, 0, number) / (load * servers)
            yield environment.at(environment.now + gap)
            work = streams.exponential(key, streams.SERVICE, 0, number)
            requests.append(ReviewRequest(0.0, environment.now, number, work, partial(decided, number)))
            gate.submit(requests[-1])

    environment.process(arrivals())
    environment.run()
    started = np.array([request.started_at for request in requests], dtype=np.float64)
    requested_at = np.array([request.requested_at for request in requests])
    edges = requested_at[::REQUESTS_PER_BATCH].tolist()
    return started - requested_at, _utilisation(started, np.array(ends), edges, servers)


def _utilisation(
    started: FloatArray,
    ends: FloatArray,
    edges: list[float],
    servers: int,
) -> list[float]:
    """Share of their time that reviewers were busy between each two edges but the first."""
    shares = []
    for low, high in pairwise(edges[1:]):
        overlap = np.minimum(ends, high) - np.maximum(started, low)
        shares.append(fsum(np.maximum(overlap, 0.0).tolist()) / (servers * (high - low)))
    return shares
