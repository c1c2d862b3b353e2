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

from simulation.model.working_hours import completion_time, next_opening
from tests.oracle.environment import AFTER_ALL, BEFORE_ALL

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulation.model.reviewers_spec import Reviewers
    from tests.oracle.environment import ExactEnvironment


@dataclass(order=True, slots=True)
class ReviewRequest:
    """A request for review, ordered by (minus money at stake, time of the request, customer).

    Attributes:
        rank: Minus the money at stake, so that the largest amount is first.
        requested_at: Time of the request, in days.
        customer: Number of the customer.
        work: Working time of the review, in days.
        on_decision: Called with (time, reviewer) when the review is completed.
        started_at: Start of the review, in days; None while the request waits.
        is_open: False after the request has expired or was withdrawn.
    """

    rank: float
    requested_at: float
    customer: int
    work: float = field(compare=False)
    on_decision: Callable[[float, int], None] = field(compare=False)
    started_at: float | None = field(default=None, compare=False)
    is_open: bool = field(default=True, compare=False)


class ReviewQueue:
    """Reviewers and their queue."""

    def __init__(self, env: ExactEnvironment, count: int, reviewers: Reviewers) -> None:
        """Create an empty queue.

        Args:
            env: The SimPy environment.
            count: Number of reviewers; with 0, every request waits until it expires.
            reviewers: The reviewers' specification, for their working hours.
        """
        self._env = env
        self._hours = reviewers.working_hours
        self._waiting: list[ReviewRequest] = []
        self._free = list(range(count))

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
            if not request.is_open:
                continue
            reviewer = heappop(self._free)
            request.started_at = now
            done = completion_time(now, request.work, *self._hours)
            self._env.call_at(done, BEFORE_ALL, partial(self._done, request, reviewer))

    def _done(self, request: ReviewRequest, reviewer: int) -> None:
        heappush(self._free, reviewer)
        if request.is_open:
            request.on_decision(self._env.now, reviewer)
        if self._waiting:
            self._schedule_assignment()
