"""The spellings of dates, the same in records and options, and the range of dates.

A date is ISO 8601 with hyphens or without (``2025-03-14``, ``20250314``). A time of day follows after ``T`` or a blank.
A time may have a zone in the spellings that databases write: ``Z``, ``UTC``, ``GMT``, ``+02``, ``+0200``, ``+02:00``,
``+0000 UTC``. The patterns are read by Python and by DuckDB.
"""

import re
from datetime import date, datetime, timedelta

FIRST_DATE = date(1900, 1, 1)
LAST_DATE = date(2199, 12, 31)
"""The range of dates. Earlier and later ones stand for "unknown" or "no end", and arithmetic with them overflows."""

DATE_RANGE_TEXT = f"{FIRST_DATE} to {LAST_DATE}"
"""The range of dates, for messages."""

COMPACT_DATE_PATTERN = r"\d{8}"
"""A date without hyphens."""

_DAY = r"\d{4}-\d{2}-\d{2}"
_CLOCK = r"[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?"
# No zone is more than 14 hours from UTC.
_OFFSET = r"[+-]((0\d|1[0-3])(:?[0-5]\d)?|14(:?00)?)"

LOCAL_TIME_PATTERN = rf"{_DAY}({_CLOCK})?"
"""A date, or a time without a zone."""

ZONED_TIME_PATTERN = rf"{_DAY}{_CLOCK} ?(Z|UTC|GMT|{_OFFSET}( ?(UTC|GMT))?)"
"""A time with a zone."""

ZONE_REPAIRS = ((r"([+-]\d\d:?\d*) ?(UTC|GMT)$", r"\1"), (r" ?(UTC|GMT)$", "Z"), (r" (Z|[+-])", r"\1"))
"""Replacements, applied in this order, that turn every spelling of a time zone into that of ISO 8601."""

_MIDNIGHT_AS_24 = re.compile(r"[T ]24:00(:00(\.0+)?)?")


def parse_date(text: str) -> date | datetime:
    """The date of a text, or the moment if it has a time of day.

    Raises:
        ValueError: The text is none of the accepted spellings, or there is no such date.
    """
    stripped = text.strip()
    if re.fullmatch(COMPACT_DATE_PATTERN, stripped, re.ASCII):
        return date.fromisoformat(stripped)
    if re.fullmatch(_DAY, stripped, re.ASCII):
        return date.fromisoformat(stripped)
    if re.fullmatch(LOCAL_TIME_PATTERN, stripped, re.ASCII):
        return _parse_time(stripped)
    if re.fullmatch(ZONED_TIME_PATTERN, stripped, re.ASCII):
        for pattern, replacement in ZONE_REPAIRS:
            stripped = re.sub(pattern, replacement, stripped)
        return _parse_time(stripped)
    raise ValueError(f"{text!r} is not a date")


def _parse_time(text: str) -> datetime:
    if _MIDNIGHT_AS_24.search(text):
        return datetime.fromisoformat(_MIDNIGHT_AS_24.sub("T00:00", text)) + timedelta(days=1)
    return datetime.fromisoformat(text)
