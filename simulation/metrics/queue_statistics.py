"""The review queue over time: the backlog on a grid of days, and working time and waits between them."""

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
        grid: Days at which the backlog is counted, increasing from 0 to the end of the run.
        backlog: Requests that wait for a reviewer, on each day of the grid.
        closed: Requests closed, with or without a decision, in each interval of the grid.
        waited: Total wait of these requests in days, until the review started or the request was closed.
        worked: Working time of the reviews completed in each interval, in days.
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
    def merge(cls, queues: Sequence[QueueStatistics]) -> QueueStatistics:
        """Add up the statistics of several queues."""
        merged = cls(queues[0].grid)
        for name in ("backlog", "closed", "waited", "worked"):
            setattr(merged, name, [sum(parts) for parts in zip(*(getattr(each, name) for each in queues), strict=True)])
        return merged

    def record_review(self, now: float, days: float) -> None:
        """Count a review completed at `now` that took `days` of working time."""
        self.worked[interval_index(self.grid, now)] += days

    def rows(self, reviewers: Reviewers, count: int) -> list[dict[str, float | None]]:
        """One row per day of the grid.

        Args:
            reviewers: The reviewers' specification, for their working hours.
            count: Number of reviewers.

        Returns:
            Rows of ``day``, ``backlog`` on that day and, over the interval before it, ``utilisation`` (working time of
            completed reviews divided by available working time) and ``wait_days_mean`` of closed requests. The last two
            are None if the denominator is 0.
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
