"""The funnel: counts and step conversion by campaign, segment, channel and day, along the campaign's own path.

A **cell** is a segment on a channel of a campaign on a day. Its steps are those of the campaign's path; a step that
nobody counted is unknown and not zero, and conversion is only taken between neighbouring steps that were both counted.

Where one source counted both steps, one is part of the other and Wilson's interval holds as it stands. Counts of two
sources are not nested: the interval says what it would be if they were, the row says so, and a ratio over 1 has none.

Daily totals are no cohorts: who converts on a later day is counted there, so a day's conversion mixes the visitors of
several days. That is why late converters cannot be told from these records; see
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


def funnel_day_sql(prefix: str = "") -> str:
    """SQL for the day to which a funnel count belongs: its date, or the day of its timestamp where it has no date.

    Args:
        prefix: Table alias with a dot, put before the columns ``date`` and ``timestamp``.
    """
    return f"coalesce({prefix}date, {prefix}timestamp)::DATE"


CELLS = f"""
    WITH counted AS (
        SELECT *, {funnel_day_sql()} AS day, count(*) OVER grain AS rows_there FROM seen_funnel_events
        WINDOW grain AS (PARTITION BY campaign_id, segment_id, channel_id, {funnel_day_sql()}, stage)
    ),
    days AS (SELECT DISTINCT campaign_id, segment_id, channel_id, day FROM counted),
    filled AS (
        SELECT d.*, s.stage, s.place, c.label, c.source, c.confidence, coalesce(c.rows_there, 0) AS rows_there,
            CASE WHEN c.rows_there = 1 THEN c.count END AS n
        FROM days AS d JOIN steps AS s USING (campaign_id)
            LEFT JOIN counted AS c ON c.campaign_id = d.campaign_id AND c.segment_id = d.segment_id
                AND c.channel_id = d.channel_id AND c.day = d.day AND c.stage = s.stage
        QUALIFY row_number() OVER (
            PARTITION BY d.campaign_id, d.segment_id, d.channel_id, d.day, s.stage ORDER BY c.label
        ) = 1
    )
    SELECT *, lag(n) OVER line AS before_n, lag(stage) OVER line AS before_stage,
        lag(source) OVER line AS before_source, lag(confidence) OVER line AS before_confidence
    FROM filled WINDOW line AS (PARTITION BY campaign_id, segment_id, channel_id, day ORDER BY place)
"""
"""SQL: every step of every cell, counted or not, with the step before it in the campaign's path."""


def trust_sql(policy: MarketingPolicy, prefix: str = "") -> str:
    """SQL for how far a count can be believed, 0 to 1: its confidence times the trust in its source.

    Args:
        policy: Says how far each source is trusted.
        prefix: Of the names of the columns ``source`` and ``confidence``.
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
        count: How many reached it; None when nobody counted.
        conversion: Share of the step before that went on; None for the first step and where it cannot be told.
        ci_low: Lower bound of Wilson's interval of the conversion.
        ci_high: Upper bound.
        flag: What to know about it, the most serious of: ``not_recorded``, ``counted_twice`` (by two rows, so that the
            count is not known), ``over_one``, ``not_trusted`` (this count
            or the one before), ``drop_off``, ``mixed_sources`` (the interval assumes that the steps are nested).
        denominator: Name of the step that the conversion is a share of.
        trust: How far the count can be believed, 0 to 1; None when nobody counted.
        nested: Whether one source counted this step and the one before, so that the interval assumes nothing about it;
            None where there is no conversion.
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
    """A step as it was counted, before anything is concluded."""

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
        """Whether both counts are there and the one can be part of the other."""
        return self.count is not None and self.previous_count is not None and self.count <= self.previous_count


class _StepTotals:
    """What all days together reach at each step of each campaign, in one cell and in all of them."""

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
        """The conversion of the campaign's other cells at the same step; 0 where there are none."""
        part, whole = self._sums.get(self._step_key(step), (0, 0))
        own_part, own_whole = self._sums.get((*self._step_key(step), step.cell), (0, 0))
        return (part - own_part) / (whole - own_whole) if whole > own_whole else 0.0


def build_funnel_rows(context: "MarketingContext") -> list[FunnelRow]:
    """Every step of every cell up to `as_of`, by campaign, segment, channel, day and place in the path."""
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
            CASE WHEN before_n IS NOT NULL THEN {previous_trust} END, rows_there > 1
        FROM ({CELLS}) ORDER BY campaign_id, segment_id, channel_id, day, place
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
    """A cell that many enter and hardly anyone leaves at the end: the promise works, what follows does not.

    Attributes:
        campaign_id: The campaign.
        segment_id: The segment.
        channel_id: The channel.
        clicks: Clicks according to performance.
        impressions: Impressions according to performance.
        click_rate: Clicks per impression.
        stage: The last step of the path, as counted in the funnel.
        count: How many reached it, over all days.
        before: How many reached the step before.
        conversion: The one divided by the other.
        ci_high: Upper bound of its interval.
        message: The pattern in words.
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
    """Cells with a strong click rate and a weak last step, both beyond what chance explains.

    The top is strong when the interval of clicks per impression begins above the policy's `strong_click_rate`; the
    bottom is weak when the interval of the last step's conversion, over all its days, ends below `weak_step`. Counts
    that are not trusted are left out.
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
        f"{previous_count:,} reach {stage} (at most {bottom_share.high:.1%}): the message draws people, what "
        "follows loses them."
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
