"""The review queue: a limited number of reviewers with working hours, and requests ordered by the money at stake.

SimPy's priority resource sorts its whole queue at every request; here a request costs one heap operation. A request
keeps the priority it was made with; ties are broken by time, then customer. At one time, verdicts come first, then
customers' events, then the assignment of waiting requests. So simultaneous requests are served in order of priority.
A request without a review stays pending: there is no automatic approval.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from simulation.metrics.queue_statistics import count_work
from simulation.model.working_hours import completion_time, next_opening
from simulation.reference.environment import AFTER_ALL, BEFORE_ALL

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulation.metrics.queue_statistics import QueueStatistics
    from simulation.model.reviewers_spec import Reviewers
    from simulation.reference.environment import ExactEnvironment


def _ignore(_time: float) -> None:
    """The default of `ReviewRequest.on_start`."""


def _always() -> bool:
    """The default of `ReviewRequest.is_open`."""
    return True


@dataclass(order=True, slots=True)
class ReviewRequest:
    """A request for review, ordered by (minus money at stake, time of the request, customer).

    Attributes:
        rank: Minus the money at stake, so that the largest amount is first.
        requested_at: Time of the request, in days.
        customer: Number of the customer.
        work: Working time of the review, in days.
        on_decision: Called with (time, reviewer) when the review is completed.
        on_start: Called with the time when the review starts.
        is_open: Whether the request still waits: it has not expired and was not withdrawn.
    """

    rank: float
    requested_at: float
    customer: int
    work: float = field(compare=False)
    on_decision: Callable[[float, int], None] = field(compare=False)
    on_start: Callable[[float], None] = field(default=_ignore, compare=False)
    is_open: Callable[[], bool] = field(default=_always, compare=False)


class ReviewQueue:
    """Reviewers and their queue.

    Attributes:
        statistics: Queue statistics over time.
    """

    def __init__(self, env: ExactEnvironment, count: int, reviewers: Reviewers, statistics: QueueStatistics) -> None:
        """Create an empty queue.

        Args:
            env: The SimPy environment.
            count: Number of reviewers; with 0, every request waits until it expires.
            reviewers: The reviewers' specification, for their working hours.
            statistics: Collects backlog, waits and working time.
        """
        self._env = env
        self._hours = reviewers.working_hours
        self._waiting: list[ReviewRequest] = []
        self._free = list(range(count))
        self.statistics = statistics

    def submit(self, request: ReviewRequest) -> None:
        """Add a request to the queue."""
        heappush(self._waiting, request)
        self._schedule_assignment()

    def _schedule_assignment(self) -> None:
        if self._free:
            self._env.call_at(next_opening(self._env.now, *self._hours), AFTER_ALL, self._assign_requests)

    def _assign_requests(self) -> None:
        now = self._env.now
        while self._free and self._waiting:
            request = heappop(self._waiting)
            if not request.is_open():
                continue
            reviewer = heappop(self._free)
            request.on_start(now)
            done = completion_time(now, request.work, *self._hours)
            count_work(self.statistics.grid, self.statistics.worked, now, done, *self._hours)
            self._env.call_at(done, BEFORE_ALL, partial(self._done, request, reviewer))

    def _done(self, request: ReviewRequest, reviewer: int) -> None:
        heappush(self._free, reviewer)
        request.on_decision(self._env.now, reviewer)
        if self._waiting:
            self._schedule_assignment()
