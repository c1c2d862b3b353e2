"""Late converters by segment: who needs longer than usual, and whether that can be told at all.

It takes the day of the first visit and the day of the conversion of the same prospect (or of a cohort of prospects
with one first day). Daily totals do not say which of the visitors converted later, and then neither does this.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from journey.statistics.score_intervals import Proportion, wilson_interval

DAILY_TOTALS_ONLY = (
    "funnel_events holds daily totals: they do not say which visitors of which day converted later. Paths of single "
    "prospects, or counts by day of first visit, would."
)


class Conversion(NamedTuple):
    """Prospects of one segment who were first seen on one day and converted on another.

    Attributes:
        segment_id: The segment.
        first_seen: Day of the first visit.
        converted: Day of the conversion, not before the first visit.
        number: How many prospects that were.
    """

    segment_id: str
    first_seen: date
    converted: date
    number: int = 1


@dataclass(frozen=True, slots=True)
class LateSegment:
    """How late one segment converts.

    Attributes:
        segment_id: The segment.
        converted: How many converted.
        median_days: Days from first visit to conversion that half of them needed at most.
        late: Share that needed more than the stated days, with Wilson's interval.
    """

    segment_id: str
    converted: int
    median_days: int
    late: Proportion


@dataclass(frozen=True, slots=True)
class LateConverters:
    """The answer.

    Attributes:
        segments: By segment; empty where it cannot be told.
        reason: Why it cannot be told, None where it can.
    """

    segments: tuple[LateSegment, ...]
    reason: str | None


def compute_late_converters(
    conversions: Iterable[Conversion] | None, after_days: int = 7, confidence: float = 0.95
) -> LateConverters:
    """Late converters by segment.

    Only those who converted are looked at: who has not converted yet may still do so, later than all of them, so the
    share is a lower bound while a cohort is young.

    Args:
        conversions: Dated conversions; None where the records hold daily totals only.
        after_days: Who needs more days than this is late.
        confidence: Of the intervals.
    """
    if conversions is None:
        return LateConverters((), DAILY_TOTALS_ONLY)
    delays: dict[str, dict[int, int]] = {}
    for conversion in conversions:
        days = (conversion.converted - conversion.first_seen).days
        counts = delays.setdefault(conversion.segment_id, {})
        counts[days] = counts.get(days, 0) + conversion.number
    segments = tuple(_build_segment(name, counts, after_days, confidence) for name, counts in sorted(delays.items()))
    return LateConverters(segments, None if segments else "no dated conversion is recorded")


def _build_segment(name: str, counts: dict[int, int], after_days: int, confidence: float) -> LateSegment:
    total = sum(counts.values())
    late = sum(count for days, count in counts.items() if days > after_days)
    cumulative, median = 0, 0
    for days in sorted(counts):
        median, cumulative = days, cumulative + counts[days]
        if 2 * cumulative >= total:
            break
    return LateSegment(name, total, median, wilson_interval(late, total, confidence))
