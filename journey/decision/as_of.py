"""The moment of an evaluation, and ages measured from it.

There are two forms. A **bare date** means the whole day: all records of that day count, whatever their time of day, and
ages are measured from its midnight (never negative). A **date with a time** is exact. No record dated after the cutoff
is used.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Protocol

from journey.core.date_text import DATE_RANGE_TEXT, FIRST_DATE, LAST_DATE, parse_date
from journey.core.errors import InputError

DAY_IN_MICROSECONDS = 86_400_000_000


@dataclass(frozen=True, slots=True)
class AsOf:
    """The moment of an evaluation.

    Attributes:
        anchor: Ages are measured from this moment.
        cutoff: Records dated after this are not used.
        history_before: Interventions dated before this, and not at `undatable`, are earlier decisions.
        undatable: Midnight of the day. An intervention dated at midnight has no time of day, so its order relative to
            this evaluation is unknown, and it is not used.
    """

    anchor: datetime
    cutoff: datetime
    history_before: datetime
    undatable: datetime

    @classmethod
    def of(cls, when: "AsOf | date | datetime | str") -> "AsOf":
        """An evaluation at the end of a day (bare date) or at an exact moment.

        Args:
            when: A date, a moment, or either as ISO 8601 text. A moment with a time zone is converted to UTC.

        Raises:
            InputError: The text is not a date, or the date is outside the range of dates.
        """
        if isinstance(when, AsOf):
            return when
        if isinstance(when, str):
            when = _parse_text(when)
        if not isinstance(when, datetime):
            midnight = _to_utc(datetime.combine(when, time.min))
            end = datetime.combine(when, time.max)
            return cls(midnight, end, end, midnight)
        moment = _to_utc(when)
        return cls(moment, moment, moment, _midnight(moment))

    @classmethod
    def for_recorded_decision(cls, moment: datetime) -> "AsOf":
        """The evaluation behind a recorded decision: it used the records of its day, and earlier decisions only.

        A record dated at midnight has a bare date. It used the signals of its day, but no other decision of that day.
        """
        if moment != _midnight(moment):
            return cls.of(moment)
        day = cls.of(moment.date())
        return cls(day.anchor, day.cutoff, day.anchor, day.anchor)

    def age(self, moment: datetime) -> float:
        """Days from `moment` to the anchor; below 0 for a time of day on the day of a bare date."""
        gap = self.anchor - moment
        if not gap.seconds and not gap.microseconds:
            # A shortcut for whole days, as in most records; the division gives the same number.
            return float(gap.days)
        return ((gap.days * 86_400 + gap.seconds) * 1_000_000 + gap.microseconds) / DAY_IN_MICROSECONDS

    def is_history(self, moment: datetime) -> bool:
        """Whether a decision dated `moment` is known to be earlier than this evaluation."""
        return moment < self.history_before and moment != self.undatable

    def __str__(self) -> str:
        return self.isoformat()

    def isoformat(self) -> str:
        """The bare date for a whole day, otherwise the moment."""
        if self.cutoff != self.anchor:
            return self.anchor.date().isoformat()
        return self.anchor.isoformat()


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _parse_text(text: str) -> date | datetime:
    try:
        return parse_date(text)
    except ValueError:
        raise InputError(
            f"{text!r} is not a date; write it like 2025-01-20 (the whole day) or 2025-01-20T15:30 (an exact moment)"
        ) from None


def _to_utc(moment: datetime) -> datetime:
    """A moment without a zone, in UTC if it had one.

    Raises:
        InputError: It is outside the range of dates.
    """
    if not FIRST_DATE.year <= moment.year <= LAST_DATE.year:
        raise InputError(f"{moment.isoformat()} is outside the range of dates; give one from {DATE_RANGE_TEXT}")
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


class HasLatestDate(Protocol):
    """Records with a latest date."""

    def latest_date(self) -> datetime | None:
        """The latest date in the records; None if they have no date."""


def resolve_moment(as_of: date | datetime | None, records: HasLatestDate) -> datetime | None:
    """The moment of `as_of`: for a bare date the end of its day, for None the latest date in the records.

    Raises:
        InputError: The date is outside the range of dates.
    """
    if as_of is None:
        return records.latest_date()
    if isinstance(as_of, datetime):
        # Times of records were converted to UTC, so `as_of` is converted as well.
        return _to_utc(as_of)
    return datetime.combine(_to_utc(datetime.combine(as_of, time.min)).date(), time.max)


def format_moment(moment: datetime) -> str:
    """A moment in ISO 8601; midnight and the end of a day as the bare date."""
    if moment.time() in (time.min, time.max):
        return moment.date().isoformat()
    return moment.isoformat()
