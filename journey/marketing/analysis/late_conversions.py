"""Late converters by segment: the share of conversions that take longer than a number of days.

The analysis needs the day of the first visit and the day of the conversion for each prospect, or for each cohort of
prospects with the same first day. Daily totals do not link conversions to first visits, so the result is then unknown.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from journey.statistics.score_intervals import Proportion, wilson_interval

DAILY_TOTALS_ONLY = (
    "funnel_events contains daily totals, which do not link conversions to first visits. Record paths of individual "
    "prospects, or counts by day of the first visit."
)


class Conversion(NamedTuple):
    """Prospects of one segment with the same days of first visit and conversion.

    Attributes:
        segment_id: The segment.
        first_seen: Day of the first visit.
        converted: Day of the conversion, not before the first visit.
        number: Number of prospects.
    """

    segment_id: str
    first_seen: date
    converted: date
    number: int = 1


@dataclass(frozen=True, slots=True)
class LateSegment:
    """Delay of the conversions of one segment.

    Attributes:
        segment_id: The segment.
        converted: Number of converted prospects.
        median_days: Median of the days from first visit to conversion.
        late: Share of conversions after more than the given days, with the Wilson interval.
    """

    segment_id: str
    converted: int
    median_days: int
    late: Proportion


@dataclass(frozen=True, slots=True)
class LateConverters:
    """Result of the analysis.

    Attributes:
        segments: One result per segment; empty if unknown.
        reason: Reason why the result is unknown; None if it is known.
    """

    segments: tuple[LateSegment, ...]
    reason: str | None


def compute_late_converters(
    conversions: Iterable[Conversion] | None, after_days: int = 7, confidence: float = 0.95
) -> LateConverters:
    """Compute the share of late converters by segment.

    Only converted prospects count. Others may still convert later, so the share is a lower bound for a young cohort.

    Args:
        conversions: Dated conversions; None if the records contain daily totals only.
        after_days: A conversion after more than this number of days is late.
        confidence: Confidence of the intervals.
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
