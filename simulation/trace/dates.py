"""Conversion of simulated days to calendar dates.

Day 0 of a simulation has no date, so the user sets one. Times have a precision of one microsecond.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from journey.core.date_text import parse_date
from journey.core.errors import InputError

DEFAULT_START = date(2025, 1, 6)
"""Default date of day 0: a Monday, because a simulated week begins on day 0."""

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
        """The calendar of a run.

        Args:
            start: The date of day 0, as a date or ISO 8601 text. Default: `DEFAULT_START`.
            days: Length of the run, in days.

        Raises:
            InputError: `start` is not a date, or the run would end after the year 9999.
        """
        if isinstance(start, str):
            try:
                start = _parse_day(start)
            except ValueError:
                raise InputError(f"start date {start!r} is not a valid date; write it like {DEFAULT_START}") from None
        midnight = datetime.combine(start or DEFAULT_START, time.min)
        try:
            midnight + timedelta(days=days)
        except OverflowError:
            raise InputError(
                f"start date {midnight:%Y-%m-%d}: a run of {days:g} days would end after the year 9999"
            ) from None
        return cls(midnight)

    def to_datetime(self, day: float) -> datetime:
        """The date and time of a simulated time in days; at the earliest, January 1 of the year 1."""
        try:
            return self.start + timedelta(days=day)
        except OverflowError:
            return datetime.combine(date.min, time.min)

    def to_record_datetime(self, day: float) -> datetime:
        """The same for a record, in which midnight means a date without a time of day.

        Events at midnight during the run are dated one microsecond later. Events on or before day 0 keep the date
        without a time, because their time of day is unknown.
        """
        moment = self.to_datetime(day)
        return moment + _MICROSECOND if day > 0.0 and moment.time() == time.min else moment


def _parse_day(text: str) -> date:
    day = parse_date(text)
    # Day 0 has no time of day.
    return date.fromisoformat(text) if isinstance(day, datetime) else day
