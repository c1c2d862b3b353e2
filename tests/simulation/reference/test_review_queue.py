"""The review queue: priority by money at stake, one review per request, and agreement with Erlang C."""

import math
from functools import partial

import pytest

from simulation.metrics.queue_statistics import QueueStatistics
from simulation.model.reviewers_spec import Reviewers
from simulation.random import streams
from simulation.reference.environment import ExactEnvironment
from simulation.reference.review_queue import ReviewQueue, ReviewRequest

AROUND_THE_CLOCK = Reviewers(opens_at_hour=0.0, minutes_per_day=1440.0, days_per_week=7)


def no_book():
    """Nothing is looked at over time here."""
    return QueueStatistics((0.0, math.inf))


def _request(env, gate, log, customer, rank, service=1.0):
    request = ReviewRequest(
        rank=rank,
        requested_at=env.now,
        customer=customer,
        work=service,
        on_decision=lambda time, reviewer: log.append((time, customer, reviewer)),
    )
    gate.submit(request)
    return request


def test_the_dearest_request_is_reviewed_first_then_the_oldest_then_the_lowest_number():
    env, log = ExactEnvironment(), []
    gate = ReviewQueue(env, 1, AROUND_THE_CLOCK, no_book())
    for customer, money in ((3, 10.0), (2, 50.0), (1, 50.0), (0, 90.0)):
        _request(env, gate, log, customer, -money)
    env.run()
    assert [customer for _, customer, _ in log] == [0, 1, 2, 3]


def test_a_request_taken_back_costs_no_reviewer_time():
    env, log = ExactEnvironment(), []
    gate = ReviewQueue(env, 1, AROUND_THE_CLOCK, no_book())
    _request(env, gate, log, 0, -9.0)
    second = _request(env, gate, log, 1, -8.0)
    _request(env, gate, log, 2, -7.0)
    second.is_open = lambda: False
    env.run()
    assert [(time, customer) for time, customer, _ in log] == [(1.0, 0), (2.0, 2)]
    assert gate.statistics.busy == 2.0


@pytest.mark.slow
@pytest.mark.parametrize(("reviewers", "load"), [(1, 0.7), (3, 0.8)])
def test_a_gate_fed_by_poisson_requests_waits_as_erlang_c_says(reviewers, load):
    """M/M/c with mean service 1: W = C(c, a) / (c - a). Mean of 40 batches of 3,000 requests within 4 standard errors
    of batch means (false-alarm rate about 3e-4 with 39 degrees of freedom); the seed is fixed."""
    env = ExactEnvironment()
    gate = ReviewQueue(env, reviewers, AROUND_THE_CLOCK, no_book())
    key = streams.customer_key(2, 0, reviewers)
    arrivals_at, starts_at = [], {}

    def arrivals():
        for n in range(120_000):
            yield env.timeout(streams.exponential(key, 50, 0, n) / (load * reviewers))
            service = streams.exponential(key, 51, 0, n)
            arrivals_at.append(env.now)
            starts = partial(starts_at.__setitem__, n)
            gate.submit(ReviewRequest(0.0, env.now, n, service, lambda time, reviewer: None, starts))

    env.process(arrivals())
    env.run()
    waits = [starts_at[n] - arrived_at for n, arrived_at in enumerate(arrivals_at)]
    offered = load * reviewers
    last = offered**reviewers / math.factorial(reviewers) / (1 - load)
    waiting = last / (sum(offered**k / math.factorial(k) for k in range(reviewers)) + last)
    exact = waiting / (reviewers - offered)
    batches = [sum(waits[i : i + 3000]) / 3000 for i in range(0, len(waits), 3000)]
    mean = sum(batches) / len(batches)
    error = math.sqrt(sum((b - mean) ** 2 for b in batches) / (len(batches) - 1) / len(batches))
    assert abs(mean - exact) < 4 * error


def test_no_review_is_outside_working_hours_and_the_highest_value_is_first_in_the_morning():
    env, log = ExactEnvironment(), []
    gate = ReviewQueue(env, 1, Reviewers(opens_at_hour=9.0, minutes_per_day=120.0, days_per_week=5), no_book())
    one_hour = 1.0 / 24.0

    def late_on_friday():
        yield env.at(4.0 + 10.5 / 24.0)
        _request(env, gate, log, 0, -1.0, service=one_hour)
        yield env.at(5.5)
        _request(env, gate, log, 1, -1.0, service=one_hour)
        yield env.at(6.0)
        _request(env, gate, log, 2, -2.0, service=one_hour)

    env.process(late_on_friday())
    env.run()
    monday = 7.0 + 9.0 / 24.0
    # Half of the first review was done on Friday; the dearer of the two that came at the weekend goes next.
    assert [customer for _, customer, _ in log] == [0, 2, 1]
    expected = [monday + 0.5 / 24.0, monday + 1.5 / 24.0, monday + 1.0 + 0.5 / 24.0]
    assert [time for time, _, _ in log] == pytest.approx(expected, abs=1e-12)


@pytest.mark.slow
def test_a_backlog_of_thirty_thousand_is_worked_off_in_order_of_money():
    env, log = ExactEnvironment(), []
    gate = ReviewQueue(env, 3, AROUND_THE_CLOCK, no_book())
    for customer in range(30_000):
        _request(env, gate, log, customer, -float(customer * 7919 % 30_011), service=0.01)
    env.run()
    money = [customer * 7919 % 30_011 for _, customer, _ in log]
    assert money == sorted(money, reverse=True)
