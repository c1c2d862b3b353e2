"""The human gate over time: backlog on a grid of days, and work and waits between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from simulation.model.calendar_effects import interval_index
from simulation.model.working_hours import working_time_until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.model.spec import Reviewers


@dataclass
class QueueStatistics:
    """Running counts over one run; times in days.

    Attributes:
        grid: Days at which the backlog is counted, rising from 0 to the horizon.
        backlog: Requests that wait for a reviewer, on each day of the grid.
        closed: Requests closed, decided or not, between a day of the grid and the next.
        waited: Days that those have waited until somebody took them up, or until they were closed.
        worked: Working time of the reviews that were finished then.
    """

    grid: Sequence[float]
    backlog: list[int] = field(init=False)
    closed: list[int] = field(init=False)
    waited: list[float] = field(init=False)
    worked: list[float] = field(init=False)

    def __post_init__(self) -> None:
        intervals = len(self.grid) - 1
        self.backlog = [0] * len(self.grid)
        self.closed = [0] * intervals
        self.waited, self.worked = [0.0] * intervals, [0.0] * intervals

    @classmethod
    def merge(cls, books: Sequence[QueueStatistics]) -> QueueStatistics:
        """The books of several gates as those of one with all their reviewers and requests."""
        whole = cls(books[0].grid)
        for name in ("backlog", "closed", "waited", "worked"):
            setattr(whole, name, [sum(parts) for parts in zip(*(getattr(book, name) for book in books), strict=True)])
        return whole

    def record_closed(self, requested_at: float, started_at: float, now: float) -> None:
        """A request is closed that waited from `requested_at` to `started_at`."""
        self._count_backlog(requested_at, started_at)
        interval = interval_index(self.grid, now)
        self.closed[interval] += 1
        self.waited[interval] += started_at - requested_at

    def record_open(self, requested_at: float, started_at: float | None) -> None:
        """A request is open at the end of the run; if nobody took it up, it waits still."""
        self._count_backlog(requested_at, self.grid[-1] + 1.0 if started_at is None else started_at)

    def record_review(self, now: float, days: float) -> None:
        """A review is finished that took so much working time."""
        self.worked[interval_index(self.grid, now)] += days

    def _count_backlog(self, start: float, stop: float) -> None:
        for index, day in enumerate(self.grid):
            self.backlog[index] += start <= day < stop

    def rows(self, reviewers: Reviewers, count: int) -> list[dict[str, float | None]]:
        """What a person reads: a row per day of the grid.

        Args:
            reviewers: Their working hours.
            count: How many they are.

        Returns:
            Rows of ``day``, ``backlog`` on that day, and over the days since the row before: ``utilisation`` (working
            time of the reviews finished, over the working time there was) and ``wait_days_mean`` of the requests
            closed; None where there was nothing to divide by.
        """
        rows: list[dict[str, float | None]] = [
            {"day": self.grid[0], "backlog": self.backlog[0], "utilisation": None, "wait_days_mean": None}
        ]
        for index, (start, stop) in enumerate(pairwise(self.grid)):
            time = count * (
                working_time_until(stop, *reviewers.working_hours) - working_time_until(start, *reviewers.working_hours)
            )
            rows.append(
                {
                    "day": stop,
                    "backlog": self.backlog[index + 1],
                    "utilisation": self.worked[index] / time if time > 0.0 else None,
                    "wait_days_mean": self.waited[index] / self.closed[index] if self.closed[index] else None,
                }
            )
        return rows
