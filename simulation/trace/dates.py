"""Simulated days as dates of a calendar, for whoever reads a run as if it had happened.

Day 0 of a simulation has no date of its own; one is stated. Times are kept to the microsecond.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from journey.core.errors import InputError

DEFAULT_START = date(2025, 1, 6)
"""The date of day 0 when none is stated: a Monday, because a simulated week begins on day 0."""

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Dates:
    """A calendar for simulated days.

    Attributes:
        start: Midnight of day 0.
    """

    start: datetime

    @classmethod
    def starting_on(cls, start: date | str | None, days: float) -> Dates:
        """A calendar for a run.

        Args:
            start: The date of day 0, also as ISO 8601 text; None for `DEFAULT_START`.
            days: Length of the run, in days.

        Raises:
            InputError: `start` is not a date, or the run would end after the year 9999.
        """
        if isinstance(start, str):
            try:
                start = date.fromisoformat(start.strip())
            except ValueError:
                raise InputError(f"start date {start!r} is not a date; write it like {DEFAULT_START}") from None
        midnight = datetime.combine(start or DEFAULT_START, time.min)
        try:
            midnight + timedelta(days=days)
        except OverflowError:
            raise InputError(f"start date {midnight:%Y-%m-%d}: {days:g} days later is no date any more") from None
        return cls(midnight)

    def to_datetime(self, day: float) -> datetime:
        """The moment of a simulated time, in days; the calendar's first moment where it would lie before that."""
        try:
            return self.start + timedelta(days=day)
        except OverflowError:
            return datetime.combine(date.min, time.min)

    def to_record_datetime(self, day: float) -> datetime:
        """The same for a record, where a midnight would mean a date without a time of day.

        What happens in the run at midnight is dated a microsecond later. What lies before the run, or opens it, keeps
        its bare date: no more is known of it.
        """
        moment = self.to_datetime(day)
        return moment + _MICROSECOND if day > 0.0 and moment.time() == time.min else moment
