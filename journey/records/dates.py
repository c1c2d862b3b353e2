"""What `as_of` means, and how it is written."""

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from journey.records.tables import RecordTables


def moment_of(as_of: date | datetime | None, records: "RecordTables") -> datetime | None:
    """The moment that `as_of` means: a bare date is the end of its day, None the latest date in the records."""
    if as_of is None:
        return records.latest_date()
    if isinstance(as_of, datetime):
        # Records with a time zone were converted to UTC, so a moment with one is too.
        return as_of if as_of.tzinfo is None else as_of.astimezone(UTC).replace(tzinfo=None)
    return datetime.combine(as_of, time.max)


def in_iso(moment: datetime) -> str:
    """A moment in ISO 8601; a whole day (midnight, or the end of the day) as the bare date."""
    if moment.time() in (time.min, time.max):
        return moment.date().isoformat()
    return moment.isoformat()
