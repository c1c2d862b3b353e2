"""The human gate: a limited number of reviewers with working hours, and a queue in order of the money at stake.

A SimPy resource of its own, because SimPy's priority resource sorts its whole queue at every request; here a request
costs a heap operation however long the queue is. Priority is frozen at the request; ties go by time, then customer.
At one instant verdicts come first, then what happens to customers, then the handing out of waiting requests, so who
asks at the same moment is served by rank and not by chance. What nobody reviews stays pending: nothing approves
itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from simulation.model.working_hours import completion_time, next_opening
from simulation.reference.environment import AFTER_ALL, BEFORE_ALL

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulation.metrics.queue_statistics import QueueStatistics
    from simulation.model.spec import Reviewers
    from simulation.reference.environment import ExactEnvironment


@dataclass(order=True, slots=True)
class ReviewRequest:
    """A request for review, ordered by (minus money at stake, time asked, customer).

    Attributes:
        rank: Minus the money at stake: the dearest request is first.
        requested_at: When it was asked, in days.
        customer: Number of the customer.
        work: Working time a reviewer will need for it, in days.
        on_decision: Called with (time, reviewer) when the review is done.
        started_at: When a reviewer took it up; None while it waits.
        is_open: False once it expired or was withdrawn.
    """

    rank: float
    requested_at: float
    customer: int
    work: float = field(compare=False)
    on_decision: Callable[[float, int], None] = field(compare=False)
    started_at: float | None = field(default=None, compare=False)
    is_open: bool = field(default=True, compare=False)


class ReviewQueue:
    """Reviewers and their queue.

    Attributes:
        busy: Working time spent on reviews so far, in days, over all reviewers.
        statistics: What is measured over time.
    """

    def __init__(self, env: ExactEnvironment, count: int, reviewers: Reviewers, statistics: QueueStatistics) -> None:
        """Open the gate.

        Args:
            env: The SimPy environment.
            count: How many reviewers there are; with none, every request waits until it expires.
            reviewers: Their working hours.
            statistics: Where backlog, waits and work are written down.
        """
        self._env = env
        self._hours = reviewers.working_hours
        self._waiting: list[ReviewRequest] = []
        self._free = list(range(count))
        self.busy = 0.0
        self.statistics = statistics

    def submit(self, request: ReviewRequest) -> None:
        """Put a request in the queue."""
        heappush(self._waiting, request)
        self._schedule_assignment()

    def _schedule_assignment(self) -> None:
        if self._free:
            self._env.call_at(next_opening(self._env.now, *self._hours), AFTER_ALL, self._assign_requests)

    def _assign_requests(self) -> None:
        now = self._env.now
        while self._free and self._waiting:
            request = heappop(self._waiting)
            if not request.is_open:
                continue
            reviewer = heappop(self._free)
            request.started_at = now
            done = completion_time(now, request.work, *self._hours)
            self._env.call_at(done, BEFORE_ALL, partial(self._done, request, reviewer))

    def _done(self, request: ReviewRequest, reviewer: int) -> None:
        self.busy += request.work
        self.statistics.record_review(self._env.now, request.work)
        heappush(self._free, reviewer)
        if request.is_open:
            request.on_decision(self._env.now, reviewer)
        if self._waiting:
            self._schedule_assignment()
