"""The human gate over time: backlog on a grid of days, and work and waits between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from simulation.model.calendar_effects import part_of
from simulation.model.working_hours import worked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.model.spec import Reviewers


@dataclass
class GateBook:
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
        stretches = len(self.grid) - 1
        self.backlog = [0] * len(self.grid)
        self.closed = [0] * stretches
        self.waited, self.worked = [0.0] * stretches, [0.0] * stretches

    @classmethod
    def merged(cls, books: Sequence[GateBook]) -> GateBook:
        """The books of several gates as those of one with all their reviewers and requests."""
        whole = cls(books[0].grid)
        for name in ("backlog", "closed", "waited", "worked"):
            setattr(whole, name, [sum(parts) for parts in zip(*(getattr(book, name) for book in books), strict=True)])
        return whole

    def close(self, asked_at: float, started_at: float, now: float) -> None:
        """A request is closed that waited from `asked_at` to `started_at`."""
        self._wait(asked_at, started_at)
        stretch = part_of(self.grid, now)
        self.closed[stretch] += 1
        self.waited[stretch] += started_at - asked_at

    def leave_open(self, asked_at: float, started_at: float | None) -> None:
        """A request is open at the end of the run; if nobody took it up, it waits still."""
        self._wait(asked_at, self.grid[-1] + 1.0 if started_at is None else started_at)

    def work(self, now: float, days: float) -> None:
        """A review is finished that took so much working time."""
        self.worked[part_of(self.grid, now)] += days

    def _wait(self, start: float, stop: float) -> None:
        for place, day in enumerate(self.grid):
            self.backlog[place] += start <= day < stop

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
        for place, (start, stop) in enumerate(pairwise(self.grid)):
            time = count * (worked(stop, *reviewers.hours) - worked(start, *reviewers.hours))
            rows.append(
                {
                    "day": stop,
                    "backlog": self.backlog[place + 1],
                    "utilisation": self.worked[place] / time if time > 0.0 else None,
                    "wait_days_mean": self.waited[place] / self.closed[place] if self.closed[place] else None,
                }
            )
        return rows
