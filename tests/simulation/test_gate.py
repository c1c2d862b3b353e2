"""The gate: priority by money at stake, nobody reviewed twice, and Erlang C where it is exact."""

import math

import pytest
import simpy

from simulation import streams
from simulation.gate import Gate, Request


def _request(env, gate, log, customer, rank, service=1.0):
    request = Request(
        rank=rank,
        asked_at=env.now,
        customer=customer,
        service_days=service,
        decide=lambda time, reviewer: log.append((time, customer, reviewer)),
    )
    gate.ask(request)
    return request


def test_the_dearest_request_is_reviewed_first_then_the_oldest_then_the_lowest_number():
    env, log = simpy.Environment(), []
    gate = Gate(env, 1)
    for customer, money in ((3, 10.0), (2, 50.0), (1, 50.0), (0, 90.0)):
        _request(env, gate, log, customer, -money)
    env.run()
    assert [customer for _, customer, _ in log[1:]] == [c for c in (0, 1, 2, 3) if c != log[0][1]]


def test_a_request_taken_back_costs_no_reviewer_time():
    env, log = simpy.Environment(), []
    gate = Gate(env, 1)
    _request(env, gate, log, 0, -9.0)
    second = _request(env, gate, log, 1, -8.0)
    _request(env, gate, log, 2, -7.0)
    second.open = False
    env.run()
    assert [(time, customer) for time, customer, _ in log] == [(1.0, 0), (2.0, 2)]
    assert gate.busy_days == 2.0


@pytest.mark.parametrize(("reviewers", "load"), [(1, 0.7), (3, 0.8)])
def test_a_gate_fed_by_poisson_requests_waits_as_erlang_c_says(reviewers, load):
    """M/M/c with mean service 1: W = C(c, a) / (c - a). Mean of 40 batches of 3,000 requests within 4 standard errors
    of batch means (false-alarm rate about 3e-4 with 39 degrees of freedom); the seed is fixed."""
    env = simpy.Environment()
    gate = Gate(env, reviewers)
    key = streams.customer_key(2, 0, reviewers)
    requests = []

    def arrivals():
        for n in range(120_000):
            yield env.timeout(streams.exponential(key, 50, 0, n) / (load * reviewers))
            service = streams.exponential(key, 51, 0, n)
            request = Request(0.0, env.now, n, service, lambda time, reviewer: None)
            requests.append(request)
            gate.ask(request)

    env.process(arrivals())
    env.run()
    waits = [request.started_at - request.asked_at for request in requests]
    offered = load * reviewers
    last = offered**reviewers / math.factorial(reviewers) / (1 - load)
    waiting = last / (sum(offered**k / math.factorial(k) for k in range(reviewers)) + last)
    exact = waiting / (reviewers - offered)
    batches = [sum(waits[i : i + 3000]) / 3000 for i in range(0, len(waits), 3000)]
    mean = sum(batches) / len(batches)
    error = math.sqrt(sum((b - mean) ** 2 for b in batches) / (len(batches) - 1) / len(batches))
    assert abs(mean - exact) < 4 * error
