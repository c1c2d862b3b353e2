"""The events of a recorded customer's history, and their times.

Rules measure time in days. The time of an event is its day, as a proleptic Gregorian ordinal, plus the share of the day
that has passed. Two moments that are a whole number of days apart differ by exactly that number: all dates from 1900 to
2199 have the same floating-point exponent.

A record with a bare date has no time of day. If one of the events that a rule names has a bare date, the rule counts
calendar days for this customer (`on_clock`). Otherwise 15:00 would be more than seven days after the bare date a week
before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

_SECONDS_PER_DAY = 86_400
_MICROSECONDS_PER_DAY = _SECONDS_PER_DAY * 1_000_000


def to_time(moment: datetime) -> float:
    """A moment as the time of an event, in days."""
    seconds = moment.hour * 3_600 + moment.minute * 60 + moment.second
    return moment.toordinal() + (seconds * 1_000_000 + moment.microsecond) / _MICROSECONDS_PER_DAY


def to_date_text(moment: datetime) -> str:
    """A moment for a message; a bare date without a time of day."""
    return moment.date().isoformat() if is_bare(moment) else moment.strftime("%Y-%m-%d %H:%M")


def is_bare(moment: datetime) -> bool:
    """Whether a moment is midnight, which stands for a date without a time of day."""
    return not (moment.hour or moment.minute or moment.second or moment.microsecond)


class HistoryEvent(NamedTuple):
    """An event of a history.

    Attributes:
        kind: One of `journey.rules.EVENT_KINDS`.
        labels: Its label. Several where the records do not determine it: the moves between two stages.
        moment: When it happened.
        dataset: The set of the record that shows it.
        record: The key of that record.
        is_inferred: Whether the log lacks it and a later entry shows it; it happened at `moment` or earlier.
    """

    kind: str
    labels: tuple[str, ...]
    moment: datetime
    dataset: str
    record: str
    is_inferred: bool = False

    @property
    def name(self) -> str:
        """The event as rules name it."""
        label = " or ".join(self.labels)
        return label if self.kind == "stage" else f"{self.kind}:{label}"


class History(NamedTuple):
    """The events of a customer up to a time.

    Attributes:
        events: The events in order.
        begun: When the history began: at its first event; None without any.
        is_complete: Whether the log begins with the start of the journey. Otherwise the customer was in other stages
            before, of which there is no record.
        has_ended: Whether the customer is in a terminal stage.
    """

    events: tuple[HistoryEvent, ...]
    begun: datetime | None
    is_complete: bool
    has_ended: bool


def on_clock(moment: datetime, *, calendar_days: bool) -> float:
    """The time of a moment as a rule counts it: in calendar days, the day alone."""
    return float(moment.toordinal()) if calendar_days else to_time(moment)
