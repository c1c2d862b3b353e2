"""Queues with exact answers: several equal servers fed at random (Erlang C), and Little's law.

M/M/c: Poisson arrivals, exponential service, `servers` of them, one queue, nobody gives up. Erlang (1917); formulas as
in Gross, Shortle, Thompson and Harris (2008), "Fundamentals of Queueing Theory", section 2.3.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ErlangC:
    """What an M/M/c queue comes to in the long run.

    Attributes:
        utilisation: Share of time a server is busy.
        waiting_probability: Chance that an arrival has to wait.
        mean_wait: Expected wait before service, in the time unit of the rates, over all arrivals.
        mean_queue: Expected number waiting, not counting those in service.
    """

    utilisation: float
    waiting_probability: float
    mean_wait: float
    mean_queue: float


def erlang_c(*, arrival_rate: float, service_rate: float, servers: int) -> ErlangC:
    """The long run of an M/M/c queue.

    Args:
        arrival_rate: Arrivals per unit of time, more than 0.
        service_rate: Services per unit of time that one server can do, more than 0.
        servers: Number of servers, 1 or more.

    Raises:
        ValueError: A number is out of range, or there is more work than the servers can do.
    """
    if arrival_rate <= 0.0 or service_rate <= 0.0 or servers < 1:
        raise ValueError("rates must be more than 0 and there must be a server")
    offered = arrival_rate / service_rate
    if offered >= servers:
        raise ValueError(f"{servers} servers cannot do work that would keep {offered:g} busy: the queue grows for ever")
    # Erlang B by its recursion, which neither overflows nor cancels; C follows from B.
    blocked = 1.0
    for server in range(1, servers + 1):
        blocked = offered * blocked / (server + offered * blocked)
    waiting = blocked / (1.0 - offered / servers * (1.0 - blocked))
    mean_wait = waiting / (servers * service_rate - arrival_rate)
    return ErlangC(offered / servers, waiting, mean_wait, littles_law(arrival_rate=arrival_rate, mean_time=mean_wait))


def littles_law(*, arrival_rate: float, mean_time: float) -> float:
    """Little's law, ``L = lambda W``: the mean number present (Little 1961, doi:10.1287/opre.9.3.383)."""
    return arrival_rate * mean_time
