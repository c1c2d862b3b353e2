"""The funnel: counts and step conversion by campaign, segment, channel and day, along the campaign's own path.

A **cell** is a segment on a channel of a campaign on a day. Its steps are those of the campaign's path. Several counts
of a step by one source are added; the sum of counts of several sources is unknown. A step without a count is unknown,
not zero. Conversion is computed only between neighbouring steps that both have a count.

If one source counted both steps, the later step is part of the earlier one and Wilson's interval is valid. Counts of
two sources are not nested: their interval assumes that they are, and the row is flagged. A ratio above 1 has no
interval.

Daily totals are not cohorts: people that convert on a later day are counted on that day, so a day's conversion mixes
visitors of several days. These records therefore cannot show late converters; see
`journey.marketing.analysis.late_conversions`.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from journey.marketing.core.policy import MarketingPolicy
from journey.records.database import literal
from journey.statistics.score_intervals import Proportion, wilson_interval

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext

Flag = Literal["not_recorded", "counted_twice", "over_one", "not_trusted", "drop_off", "mixed_sources"]


def funnel_day_sql() -> str:
    """SQL for the day to which a funnel count belongs: its date, or the day of its timestamp where it has no date.

    The day of a timestamp with a time zone is that of its own zone: 23:30 in New York is not the next day.
    """
    return "coalesce(date, local_day, timestamp)::DATE"


USED_EVENTS = f"""
    SELECT *, {funnel_day_sql()} AS day FROM seen_funnel_events
    WINDOW cell AS (PARTITION BY campaign_id, segment_id, channel_id, {funnel_day_sql()}, stage)
    QUALIFY min(coalesce(source, '')) OVER cell = max(coalesce(source, '')) OVER cell
"""
"""SQL for the funnel counts that are used, with their ``day``.

Several rows of one source for the same step of a cell are observations and are added. Rows of several sources may count
the same people, so their sum is unknown and none of them is used.
"""

CELLS = f"""
    WITH counted AS (
        SELECT campaign_id, segment_id, channel_id, {funnel_day_sql()} AS day, stage, min(label) AS label,
            min(source) AS source, CASE WHEN count(confidence) = count(*) THEN min(confidence) END AS confidence,
            count(*) AS row_count, CASE WHEN count(DISTINCT coalesce(source, '')) = 1 THEN sum(count)::BIGINT END AS n
        FROM seen_funnel_events GROUP BY ALL
    ),
    days AS (SELECT DISTINCT campaign_id, segment_id, channel_id, day FROM counted),
    filled AS (
        SELECT d.*, s.stage, s.step_number, c.label, c.source, c.confidence, coalesce(c.row_count, 0) AS row_count,
            c.n
        FROM days AS d JOIN steps AS s USING (campaign_id)
            LEFT JOIN counted AS c ON c.campaign_id = d.campaign_id AND c.segment_id = d.segment_id
                AND c.channel_id = d.channel_id AND c.day = d.day AND c.stage = s.stage
    )
    SELECT *, lag(n) OVER line AS before_n, lag(stage) OVER line AS before_stage,
        lag(source) OVER line AS before_source, lag(confidence) OVER line AS before_confidence
    FROM filled WINDOW line AS (PARTITION BY campaign_id, segment_id, channel_id, day ORDER BY step_number)
"""
"""SQL for all steps of all cells, counted or not, with the previous step of the campaign's path."""


def trust_sql(policy: MarketingPolicy, prefix: str = "") -> str:
    """SQL for the trust in a count, 0 to 1: its confidence times the trust in its source.

    Args:
        policy: Policy with the trust in each source.
        prefix: Prefix of the column names ``source`` and ``confidence``.
    """
    trust = policy.trust
    cases = " ".join(f"WHEN {literal(source)} THEN {value!r}" for source, value in trust.sources.items())
    source = f"CASE {prefix}source {cases} ELSE {trust.other!r} END" if cases else repr(trust.other)
    return f"(coalesce({prefix}confidence, {trust.confidence_unstated!r}) * {source})"


@dataclass(frozen=True, slots=True)
class FunnelRow:
    """One step of one cell.

    Attributes:
        campaign_id: The campaign.
        segment_id: The segment.
        channel_id: The channel.
        date: The day.
        stage: The step.
        count: Number of people that reached the step; None if not counted.
        conversion: Count divided by the count of the previous step; None for the first step and if unknown.
        ci_low: Lower bound of Wilson's interval for the conversion.
        ci_high: Upper bound of this interval.
        flag: The most serious of these, or None: ``not_recorded``, ``counted_twice`` (two sources count the step, so
            the count is unknown), ``over_one``, ``not_trusted`` (this count or the previous one), ``drop_off``,
            ``mixed_sources`` (the interval assumes nested steps).
        denominator: Name of the previous step; None for the first step.
        trust: Trust in the count, 0 to 1; None if not counted.
        nested: Whether the same source counted this step and the previous one, so the interval needs no assumption;
            None if there is no conversion.
    """

    campaign_id: str
    segment_id: str
    channel_id: str
    date: date
    stage: str
    count: int | None
    conversion: float | None
    ci_low: float | None
    ci_high: float | None
    flag: Flag | None
    denominator: str | None
    trust: float | None
    nested: bool | None

    @property
    def cell(self) -> tuple[str, str, str]:
        """Campaign, segment and channel."""
        return self.campaign_id, self.segment_id, self.channel_id

    def as_dict(self) -> dict[str, Any]:
        """The row as a JSON-ready mapping."""
        return asdict(self) | {"date": self.date.isoformat()}


@dataclass(frozen=True, slots=True)
class _Step:
    """A step with its counts, before it is evaluated."""

    campaign_id: str
    segment_id: str
    channel_id: str
    day: date
    stage: str
    count: int | None
    previous_count: int | None
    previous_stage: str | None
    nested: bool
    trust: float | None
    previous_trust: float | None
    is_duplicated: bool

    @property
    def cell(self) -> tuple[str, str]:
        """Segment and channel."""
        return self.segment_id, self.channel_id

    @property
    def is_comparable(self) -> bool:
        """Whether both counts are known and this one does not exceed the previous one."""
        return self.count is not None and self.previous_count is not None and self.count <= self.previous_count


class _StepTotals:
    """Counts of each step of each campaign over all days, for single cells and for all cells together."""

    def __init__(self, steps: Iterable[_Step]) -> None:
        self._sums: dict[tuple[object, ...], tuple[int, int]] = {}
        for step in steps:
            if step.count is not None and step.previous_count is not None and step.is_comparable:
                for key in (self._step_key(step), (*self._step_key(step), step.cell)):
                    part, whole = self._sums.get(key, (0, 0))
                    self._sums[key] = (part + step.count, whole + step.previous_count)

    @staticmethod
    def _step_key(step: _Step) -> tuple[object, ...]:
        return step.campaign_id, step.previous_stage, step.stage

    def conversion_elsewhere(self, step: _Step) -> float:
        """The conversion at the same step in the campaign's other cells; 0 if there are none."""
        part, whole = self._sums.get(self._step_key(step), (0, 0))
        own_part, own_whole = self._sums.get((*self._step_key(step), step.cell), (0, 0))
        return (part - own_part) / (whole - own_whole) if whole > own_whole else 0.0


def build_funnel_rows(context: "MarketingContext") -> list[FunnelRow]:
    """All steps of all cells up to `as_of`, sorted by campaign, segment, channel, day and position in the path."""
    return list(context.get_or_compute(_build_rows))


def _build_rows(context: "MarketingContext") -> tuple[FunnelRow, ...]:
    steps = _read_steps(context)
    totals = _StepTotals(steps)
    return tuple(_build_row(step, totals, context.policy) for step in steps)


def _read_steps(context: "MarketingContext") -> list[_Step]:
    trust, previous_trust = trust_sql(context.policy), trust_sql(context.policy, "before_")
    rows = context.cursor.execute(f"""
        SELECT campaign_id, segment_id, channel_id, day, stage, n, before_n, before_stage,
            coalesce(source = before_source, FALSE), CASE WHEN n IS NOT NULL THEN {trust} END,
            CASE WHEN before_n IS NOT NULL THEN {previous_trust} END, row_count > 0 AND n IS NULL
        FROM ({CELLS}) ORDER BY campaign_id, segment_id, channel_id, day, step_number
    """).fetchall()
    return [_Step(*row) for row in rows]


def _build_row(step: _Step, totals: _StepTotals, policy: MarketingPolicy) -> FunnelRow:
    share = Proportion(None, None, None)
    if step.count is not None and step.previous_count is not None:
        share = wilson_interval(step.count, step.previous_count, policy.funnel.confidence)
    return FunnelRow(
        campaign_id=step.campaign_id,
        segment_id=step.segment_id,
        channel_id=step.channel_id,
        date=step.day,
        stage=step.stage,
        count=step.count,
        conversion=share.value,
        ci_low=share.low,
        ci_high=share.high,
        flag=_determine_flag(step, share, totals, policy),
        denominator=step.previous_stage,
        trust=step.trust,
        nested=None if share.value is None else step.nested,
    )


def _determine_flag(step: _Step, share: Proportion, totals: _StepTotals, policy: MarketingPolicy) -> Flag | None:
    if step.count is None:
        return "counted_twice" if step.is_duplicated else "not_recorded"
    if step.previous_count is not None and step.count > step.previous_count:
        return "over_one"
    min_trust = policy.trust.least
    if any(trust is not None and trust < min_trust for trust in (step.trust, step.previous_trust)):
        return "not_trusted"
    if share.high is None:
        return None
    other_conversion = totals.conversion_elsewhere(step)
    if share.high < max(policy.funnel.weak_step, policy.funnel.weak_ratio * other_conversion):
        return "drop_off"
    return None if step.nested else "mixed_sources"


@dataclass(frozen=True, slots=True)
class LeakyCell:
    """A cell with a strong click rate and a weak last step.

    Attributes:
        campaign_id: The campaign.
        segment_id: The segment.
        channel_id: The channel.
        clicks: Clicks in performance.
        impressions: Impressions in performance.
        click_rate: Clicks per impression.
        stage: The last step of the path.
        count: Number of people that reached the last step, over all days.
        before: Number of people that reached the step before it.
        conversion: `count` divided by `before`.
        ci_high: Upper bound of the interval of `conversion`.
        message: The pattern as a sentence.
    """

    campaign_id: str
    segment_id: str
    channel_id: str
    clicks: int
    impressions: int
    click_rate: float
    stage: str
    count: int
    before: int
    conversion: float
    ci_high: float
    message: str


def find_leaky_cells(context: "MarketingContext", rows: Iterable[FunnelRow]) -> list[LeakyCell]:
    """Find cells with a strong click rate and a weak last step, both statistically significant.

    The click rate is strong if the lower bound of clicks per impression is above the policy's `strong_click_rate`. The
    last step is weak if the upper bound of its conversion over all days is below `weak_step`. Counts that are not
    trusted are excluded.
    """
    policy = context.policy.funnel
    bottoms: dict[tuple[str, str, str], list[FunnelRow]] = {}
    paths: dict[tuple[str, str, str, date], list[FunnelRow]] = {}
    for row in rows:
        paths.setdefault((*row.cell, row.date), []).append(row)
    for path in paths.values():
        bottom = path[-1]
        if bottom.conversion is not None and bottom.flag != "not_trusted":
            bottoms.setdefault(bottom.cell, []).extend(path[-2:])
    found = []
    for cell, pairs in sorted(bottoms.items()):
        top = _read_click_counts(context, cell)
        previous_count = sum(row.count or 0 for row in pairs[0::2])
        count = sum(row.count or 0 for row in pairs[1::2])
        bottom_share, top_share = (
            wilson_interval(count, previous_count, policy.confidence),
            wilson_interval(*top, policy.confidence),
        )
        if top_share.low is None or top_share.value is None or bottom_share.high is None or bottom_share.value is None:
            continue
        if top_share.low > policy.strong_click_rate and bottom_share.high < policy.weak_step:
            found.append(
                _build_leaky_cell(cell, top, top_share.value, pairs[1].stage, (count, previous_count), bottom_share)
            )
    return found


def _read_click_counts(context: "MarketingContext", cell: tuple[str, str, str]) -> tuple[int, int]:
    row = context.cursor.execute(
        "SELECT coalesce(sum(clicks), 0)::BIGINT, coalesce(sum(impressions), 0)::BIGINT FROM totals "
        "WHERE (campaign_id, segment_id, channel_id) = (?, ?, ?)",
        list(cell),
    ).fetchall()[0]
    return int(row[0]), int(row[1])


def _build_leaky_cell(
    cell: tuple[str, str, str],
    click_counts: tuple[int, int],
    click_rate: float,
    stage: str,
    counts: tuple[int, int],
    bottom_share: Proportion,
) -> LeakyCell:
    campaign, segment, channel = cell
    clicks, impressions = click_counts
    count, previous_count = counts
    assert bottom_share.value is not None
    assert bottom_share.high is not None
    message = (
        f"{segment} on {channel}: {click_rate:.1%} of {impressions:,} impressions are clicked, but {count:,} of "
        f"{previous_count:,} reach {stage} (at most {bottom_share.high:.1%}): the message attracts "
        "people, but the following steps lose them."
    )
    return LeakyCell(
        campaign,
        segment,
        channel,
        clicks,
        impressions,
        click_rate,
        stage,
        count,
        previous_count,
        bottom_share.value,
        bottom_share.high,
        message,
    )
