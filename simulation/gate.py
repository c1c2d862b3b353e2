"""The human gate: a limited number of reviewers, and a queue in order of the money at stake.

Requests wait in a SimPy `PriorityStore` (a heap), and each reviewer is a process that takes the first one, works on
it and gives the verdict back to the customer. Priority is frozen at the request; ties go by time, then customer.
What nobody reviews stays pending: nothing approves itself.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field

import simpy


@dataclass(order=True, slots=True)
class Request:
    """A request for review, ordered by (minus money at stake, time asked, customer).

    Attributes:
        rank: Minus the money at stake: the dearest request is first.
        asked_at: When it was asked, in days.
        customer: Number of the customer.
        service_days: How long a reviewer will need for it, in days of calendar time.
        decide: Called with (time, reviewer) when the review is done.
        started_at: When a reviewer took it up; None while it waits.
        open: False once it expired or was withdrawn.
    """

    rank: float
    asked_at: float
    customer: int
    service_days: float = field(compare=False)
    decide: Callable[[float, int], None] = field(compare=False)
    started_at: float | None = field(default=None, compare=False)
    open: bool = field(default=True, compare=False)


class Gate:
    """Reviewers and their queue."""

    def __init__(self, env: simpy.Environment, reviewers: int) -> None:
        """Start the reviewers' working life.

        Args:
            env: The SimPy environment.
            reviewers: How many there are; with none, every request waits until it expires.
        """
        self._env = env
        self._queue: simpy.PriorityStore = simpy.PriorityStore(env)
        self.busy_days = 0.0
        for reviewer in range(reviewers):
            env.process(self._review(reviewer))

    def ask(self, request: Request) -> None:
        """Put a request in the queue."""
        self._queue.put(request)

    def _review(self, reviewer: int) -> Generator[simpy.Event, Request, None]:
        while True:
            request = yield self._queue.get()
            if not request.open:
                continue
            request.started_at = self._env.now
            yield self._env.timeout(request.service_days)
            self.busy_days += request.service_days
            if request.open:
                request.decide(self._env.now, reviewer)
