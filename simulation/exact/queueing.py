"""Queues with exact results: the M/M/c queue (Erlang C), and Little's law.

M/M/c: Poisson arrivals, exponential service, c servers, one queue, no reneging. Erlang (1917); formulas as in Gross,
Shortle, Thompson and Harris (2008), "Fundamentals of Queueing Theory", section 2.3.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ErlangC:
    """The steady state of an M/M/c queue.

    Attributes:
        utilisation: Share of time that a server is busy.
        waiting_probability: Probability that an arrival has to wait.
        mean_wait: Expected wait before service over all arrivals, in the time unit of the rates.
        mean_queue: Expected number waiting, excluding those in service.
    """

    utilisation: float
    waiting_probability: float
    mean_wait: float
    mean_queue: float


def erlang_c(*, arrival_rate: float, service_rate: float, servers: int) -> ErlangC:
    """The steady state of an M/M/c queue.

    Args:
        arrival_rate: Arrivals per unit of time, more than 0.
        service_rate: Services per unit of time and server, more than 0.
        servers: Number of servers, 1 or more.

    Raises:
        ValueError: A number is out of range, or the offered load is not below the number of servers.
    """
    if arrival_rate <= 0.0 or service_rate <= 0.0 or servers < 1:
        raise ValueError("the rates must be more than 0 and servers must be at least 1")
    offered = arrival_rate / service_rate
    if offered >= servers:
        raise ValueError(
            f"the offered load of {offered:g} is not below the {servers} servers, so the queue grows without limit"
        )
    # Erlang B by its recursion, which neither overflows nor loses precision; C follows from B.
    blocked = 1.0
    for server in range(1, servers + 1):
        blocked = offered * blocked / (server + offered * blocked)
    waiting = blocked / (1.0 - offered / servers * (1.0 - blocked))
    mean_wait = waiting / (servers * service_rate - arrival_rate)
    return ErlangC(offered / servers, waiting, mean_wait, littles_law(arrival_rate=arrival_rate, mean_time=mean_wait))


def littles_law(*, arrival_rate: float, mean_time: float) -> float:
    """Little's law, ``L = lambda W``: the mean number present (Little 1961, doi:10.1287/opre.9.3.383)."""
    return arrival_rate * mean_time
