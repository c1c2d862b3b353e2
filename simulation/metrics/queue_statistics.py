"""The review queue over time: the backlog on a grid of days, and working time and waits between them.

Working time counts in the interval in which it is done: a review counts from its start to its end or the end of the
run. So the working time of an interval is never more than the reviewers' time in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from math import fsum
from typing import TYPE_CHECKING

from simulation.model.calendar_effects import interval_index
from simulation.model.working_hours import working_time_until

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

    from simulation.model.reviewers_spec import Reviewers

_ROUNDING = 1e-9
"""Relative error of a sum of working times that rounding can explain."""


def without_rounding_excess(worked: float, available: float) -> float:
    """Working time, capped at the available working time where it exceeds it by rounding only."""
    return available if available < worked <= available * (1.0 + _ROUNDING) else worked


def count_work(
    grid: Sequence[float],
    worked: MutableSequence[float],
    start: float,
    stop: float,
    opens: float,
    length: float,
    days_per_week: int,
) -> None:
    """Add the working time of one review to each interval in which it is done; what lies beyond the grid is omitted.

    Args:
        grid: Edges of the intervals, in days; both engines count on the same grid.
        worked: Working time by interval, in days.
        start: Start of the review, within working hours.
        stop: Its end, which may be after the end of the grid.
        opens: The reviewers' working hours, as `simulation.model.working_hours` takes them.
        length: See `opens`.
        days_per_week: See `opens`.
    """
    interval, before = interval_index(grid, start), working_time_until(start, opens, length, days_per_week)
    while interval < len(worked) and grid[interval] < stop:
        after = working_time_until(min(grid[interval + 1], stop), opens, length, days_per_week)
        # Rounding within a day can make the difference of equal working times negative.
        worked[interval] += max(0.0, after - before)
        before = after
        interval += 1


@dataclass
class QueueStatistics:
    """Running counts over one run; times in days.

    Attributes:
        grid: Days at which the backlog is counted, increasing from 0 to the end of the run.
        backlog: Requests that wait for a reviewer, on each day of the grid.
        reviewed: Requests decided by a reviewer in each interval of the grid.
        waited: Total wait of these requests until their review started, in days.
        worked: Working time on reviews in each interval, in days.
    """

    grid: Sequence[float]
    backlog: list[int] = field(init=False)
    reviewed: list[int] = field(init=False)
    waited: list[float] = field(init=False)
    worked: list[float] = field(init=False)

    def __post_init__(self) -> None:
        intervals = len(self.grid) - 1
        self.backlog = [0] * len(self.grid)
        self.reviewed = [0] * intervals
        self.waited, self.worked = [0.0] * intervals, [0.0] * intervals

    @classmethod
    def merge(cls, queues: Sequence[QueueStatistics]) -> QueueStatistics:
        """Add up the statistics of several queues."""
        merged = cls(queues[0].grid)
        for name in ("backlog", "reviewed", "waited", "worked"):
            setattr(merged, name, [sum(parts) for parts in zip(*(getattr(each, name) for each in queues), strict=True)])
        return merged

    @property
    def busy(self) -> float:
        """Working time on reviews over the whole run, in days."""
        return fsum(self.worked)

    def rows(self, reviewers: Reviewers, count: int) -> list[dict[str, float | None]]:
        """One row per day of the grid.

        Args:
            reviewers: The reviewers' specification, for their working hours.
            count: Number of reviewers.

        Returns:
            Rows of ``day``, ``backlog`` on that day and, over the interval before it, ``utilisation`` (working time on
            reviews divided by available working time) and ``wait_days_mean`` of requests decided by a reviewer. The
            last two are None if the denominator is 0.
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
                    "utilisation": without_rounding_excess(self.worked[index], time) / time if time > 0.0 else None,
                    "wait_days_mean": self.waited[index] / self.reviewed[index] if self.reviewed[index] else None,
                }
            )
        return rows


KERNELS = (count_work,)
"""Functions to compile."""
