"""Conversion of each funnel step, overall and by segment: the funnel's cells summed over channels and days.

Only trusted counts that form a valid rate are summed; a day without a count for a step is excluded from the step. Each
segment is compared with the campaign's other segments by the pooled two-proportion z test. P-values are adjusted for
the number of comparisons (Holm), one per campaign, segment and step.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from journey.marketing.views.funnel import FunnelRow, build_funnel_rows
from journey.statistics.proportions import ContingencyTable, adjust_holm, pooled_z_test
from journey.statistics.score_intervals import wilson_interval

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext

Verdict = Literal["more", "less", "cannot be told", "only segment"]


@dataclass(frozen=True, slots=True)
class StageConversion:
    """Conversion of one step of a campaign's path, in one segment or overall.

    Attributes:
        campaign_id: The campaign.
        segment_id: The segment; None for all segments.
        from_stage: The previous step.
        stage: The step.
        came: Number that reached the previous step, in cells where both steps were counted.
        went_on: Number of them that reached the step.
        conversion: Share that reached the step; None if `came` is 0.
        ci_low: Lower bound of the Wilson interval.
        ci_high: Upper bound.
        nested: Whether one source counted both steps in every cell.
        elsewhere: Conversion of the campaign's other segments at the step; None if there are none.
        p_value: P-value (Holm) of the null hypothesis that the segment converts like the others.
        verdict: ``more`` or ``less`` than the others, ``cannot be told``, or ``only segment``; None for all segments.
    """

    campaign_id: str
    segment_id: str | None
    from_stage: str
    stage: str
    came: int
    went_on: int
    conversion: float | None
    ci_low: float | None
    ci_high: float | None
    nested: bool
    elsewhere: float | None = None
    p_value: float | None = None
    verdict: Verdict | None = None

    def as_dict(self) -> dict[str, Any]:
        """The step as a JSON-ready mapping."""
        return asdict(self)


class _Key(NamedTuple):
    campaign_id: str
    from_stage: str
    stage: str


class _Counts(NamedTuple):
    came: int = 0
    went_on: int = 0
    nested: bool = True

    def add(self, other: "_Counts") -> "_Counts":
        return _Counts(self.came + other.came, self.went_on + other.went_on, self.nested and other.nested)


def report_stage_conversions(context: "MarketingContext") -> list[dict[str, Any]]:
    """Every step of every campaign, overall and by segment, as JSON-ready data."""
    return [
        step.as_dict()
        for step in compute_stage_conversions(build_funnel_rows(context), context.policy.funnel.confidence)
    ]


def compute_stage_conversions(rows: Sequence[FunnelRow], confidence: float) -> list[StageConversion]:
    """The steps of the campaigns' paths, overall and by segment.

    Args:
        rows: The funnel, in its order.
        confidence: Confidence of the intervals; differences are significant if the adjusted p-value is below 1 minus
            it.
    """
    sums = _sum_counts(rows)
    steps = []
    for key, by_segment in sums.items():
        campaign_counts = _Counts()
        for counts in by_segment.values():
            campaign_counts = campaign_counts.add(counts)
        steps.append(_build_step(key, None, campaign_counts, confidence))
        steps += [
            _compare_with_others(_build_step(key, segment, counts, confidence), campaign_counts)
            for segment, counts in sorted(by_segment.items())
        ]
    return _adjust_p_values(steps, 1.0 - confidence)


def _sum_counts(rows: Sequence[FunnelRow]) -> dict[_Key, dict[str, _Counts]]:
    sums: dict[_Key, dict[str, _Counts]] = {}
    for previous, row in pairwise(rows):
        is_adjacent = previous.cell == row.cell and previous.date == row.date and previous.stage == row.denominator
        if not is_adjacent or row.conversion is None or row.flag in ("not_trusted", "over_one"):
            continue
        by_segment = sums.setdefault(_Key(row.campaign_id, previous.stage, row.stage), {})
        counts = by_segment.get(row.segment_id, _Counts())
        by_segment[row.segment_id] = counts.add(_Counts(previous.count or 0, row.count or 0, bool(row.nested)))
    return sums


def _build_step(key: _Key, segment: str | None, counts: _Counts, confidence: float) -> StageConversion:
    share = wilson_interval(counts.went_on, counts.came, confidence)
    return StageConversion(
        key.campaign_id,
        segment,
        key.from_stage,
        key.stage,
        counts.came,
        counts.went_on,
        share.value,
        share.low,
        share.high,
        counts.nested,
    )


def _compare_with_others(step: StageConversion, campaign_counts: _Counts) -> StageConversion:
    came, went_on = campaign_counts.came - step.came, campaign_counts.went_on - step.went_on
    if not came:
        return replace(step, verdict="only segment")
    result = pooled_z_test(ContingencyTable(went_on, came, step.went_on, step.came))
    return replace(step, elsewhere=went_on / came, p_value=result.p_value, verdict="cannot be told")


def _adjust_p_values(steps: list[StageConversion], alpha: float) -> list[StageConversion]:
    tested_indices = [index for index, step in enumerate(steps) if step.p_value is not None]
    adjusted = dict(
        zip(tested_indices, adjust_holm([steps[index].p_value or 0.0 for index in tested_indices]), strict=True)
    )
    return [
        _decide_verdict(replace(step, p_value=adjusted[index]), alpha) if index in adjusted else step
        for index, step in enumerate(steps)
    ]


def _decide_verdict(step: StageConversion, alpha: float) -> StageConversion:
    if step.p_value is None or step.p_value >= alpha or step.conversion is None or step.elsewhere is None:
        return step
    return replace(step, verdict="more" if step.conversion > step.elsewhere else "less")
