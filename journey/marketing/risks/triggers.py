"""Risks that the data raise by themselves: one trigger for each type of the inbox.

Each trigger says what it saw (its evidence), how sure it is, how much was spent where it saw it, and how bad that is:
the policy's base severity, one degree worse from ``risk.raise_spend`` on, one milder below ``risk.small_spend``. What
is counted raises a risk only with ``risk.least_confidence``; what is read (phrases, spend, records that contradict) is
certain.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from journey.marketing.core.policy import CountedRisk, MarketingPolicy, PhraseRule
from journey.marketing.records.model import RiskAction, RiskType, Severity
from journey.marketing.views.funnel import build_funnel_rows
from journey.marketing.views.registry import CHECKS
from journey.statistics.score_intervals import wilson_interval

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""From the mildest to the worst."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """A risk that the data raise.

    Attributes:
        campaign_id: The campaign.
        risk_type: One of the seven.
        scope: What makes it different from others of its campaign and type.
        experiment_id: The experiment, when it is one's.
        asset_ids: The assets it is about; none: the whole campaign.
        channel_ids: The channels it is about; none: the whole campaign.
        severity: How bad it looks.
        confidence: That it is not chance, 0 to 1.
        spend: Dollars spent where it was seen.
        evidence: What was seen, by name.
        action: What to do about it.
        moment: Of the latest record it rests on; None when that has no date.
        message: What was seen, for a person.
    """

    campaign_id: str
    risk_type: RiskType
    scope: str
    experiment_id: str | None
    asset_ids: tuple[str, ...]
    channel_ids: tuple[str, ...]
    severity: Severity
    confidence: float
    spend: float
    evidence: dict[str, Any]
    action: RiskAction
    moment: datetime | None
    message: str

    @property
    def risk_id(self) -> str:
        """A key that stays the same as long as the same thing is seen."""
        return f"SEEN_{self.risk_type}_{self.campaign_id}_{self.scope}"


def adjust_severity(base: Severity, spend: float, policy: MarketingPolicy, extra_degrees: int = 0) -> Severity:
    """A severity made worse or milder by the spend.

    Args:
        base: Where it starts.
        spend: Dollars.
        policy: The thresholds.
        extra_degrees: Degrees to add besides.
    """
    degree = SEVERITIES.index(base) + extra_degrees
    degree += (spend >= policy.risk.raise_spend) - (spend < policy.risk.small_spend)
    return SEVERITIES[min(max(degree, 0), len(SEVERITIES) - 1)]


def detect_risks(context: "MarketingContext") -> list[Trigger]:
    """Every risk that the data up to `as_of` raise, by campaign, type and scope."""
    found = [trigger for detect in TRIGGERS for trigger in detect(context)]
    return sorted(found, key=lambda each: (each.campaign_id, each.risk_type, each.scope))


class _PerformanceGroup(NamedTuple):
    """Performance of one experiment on one channel."""

    campaign: str
    experiment: str
    channel: str
    assets: list[str]
    impressions: int
    clicks: int
    conversions: int
    spend: float
    moment: datetime

    def build_trigger(
        self, context: "MarketingContext", risk_type: CountedRisk, confidence: float, message: str
    ) -> Trigger:
        """A risk of this group."""
        policy = context.policy
        return Trigger(
            campaign_id=self.campaign,
            risk_type=risk_type,
            scope=f"{self.experiment}_{self.channel}",
            experiment_id=self.experiment,
            asset_ids=tuple(self.assets),
            channel_ids=(self.channel,),
            severity=adjust_severity(policy.risk.base[risk_type], self.spend, policy),
            confidence=confidence,
            spend=self.spend,
            evidence={"impressions": self.impressions, "clicks": self.clicks, "conversions": self.conversions},
            action="human_review" if risk_type == "high_clicks_zero_conversions" else "scale_down",
            moment=self.moment,
            message=message,
        )


def _read_groups(context: "MarketingContext") -> list[_PerformanceGroup]:
    rows = context.cursor.execute("""
        SELECT campaign_id, experiment_id, channel_id, list(DISTINCT asset_id ORDER BY asset_id),
            sum(impressions)::BIGINT, sum(clicks)::BIGINT, sum(conversions)::BIGINT, sum(cost), max(timestamp)
        FROM totals WHERE campaign_id IS NOT NULL AND channel_id IS NOT NULL GROUP BY ALL ORDER BY ALL
    """).fetchall()
    return [_PerformanceGroup(*row) for row in rows]


def detect_zero_conversions(context: "MarketingContext") -> Iterable[Trigger]:
    """Clicks without a single conversion, where even a weak channel would have shown one."""
    risk = context.policy.risk
    for group in _read_groups(context):
        # Chance of at least one conversion, had each click the rate that counts as weak.
        confidence = 1.0 - (1.0 - risk.weak_conversion) ** group.clicks
        if group.conversions == 0 and confidence >= risk.least_confidence:
            message = (
                f"{group.clicks:,} clicks on {group.channel} in {group.experiment} and no conversion: at "
                f"{risk.weak_conversion:.0%} per click {group.clicks * risk.weak_conversion:.0f} were to be expected."
            )
            yield group.build_trigger(context, "high_clicks_zero_conversions", confidence, message)


def detect_low_conversion(context: "MarketingContext") -> Iterable[Trigger]:
    """Few conversions for the clicks, or a step of the funnel where people get stuck."""
    risk = context.policy.risk
    for group in _read_groups(context):
        share = wilson_interval(group.conversions, group.clicks, 2.0 * risk.least_confidence - 1.0)
        if group.conversions > 0 and share.high is not None and share.high < risk.weak_conversion:
            message = (
                f"{group.conversions:,} of {group.clicks:,} clicks on {group.channel} in {group.experiment} convert: "
                f"at most {share.high:.2%}, where below {risk.weak_conversion:.0%} is low."
            )
            yield group.build_trigger(context, "low_conversion", risk.least_confidence, message)
    yield from _detect_drop_offs(context)


def _detect_drop_offs(context: "MarketingContext") -> Iterable[Trigger]:
    """The latest day of each cell's step that loses more than chance explains."""
    policy = context.policy
    latest = {(row.cell, row.stage): row for row in build_funnel_rows(context) if row.flag == "drop_off"}
    for (cell, stage), row in sorted(latest.items()):
        campaign, segment, channel = cell
        assets, spend = _read_cell_assets(context, cell)
        yield Trigger(
            campaign_id=campaign,
            risk_type="low_conversion",
            scope=f"{segment}_{channel}_{stage}",
            experiment_id=None,
            asset_ids=assets,
            channel_ids=(channel,),
            severity=adjust_severity(policy.risk.base["low_conversion"], spend, policy),
            confidence=min(row.trust or 0.0, policy.funnel.confidence),
            spend=spend,
            evidence={"stage": stage, "count": row.count, "conversion": row.conversion, "at_most": row.ci_high},
            action="scale_down",
            moment=datetime.combine(row.date, datetime.min.time()),
            message=f"{segment} on {channel}: {row.count:,} went on from {row.denominator} to {stage} on "
            f"{row.date.isoformat()}, at most {row.ci_high:.1%}.",
        )


def _read_cell_assets(context: "MarketingContext", cell: tuple[str, str, str]) -> tuple[tuple[str, ...], float]:
    rows = context.cursor.execute(
        """
        SELECT a.asset_id, coalesce(sum(t.cost), 0) FROM creative_assets AS a LEFT JOIN totals AS t USING (asset_id)
        WHERE a.campaign_id = ? AND a.segment_id = ? AND a.channel_id = ? GROUP BY 1 ORDER BY 1
        """,
        list(cell),
    ).fetchall()
    return tuple(row[0] for row in rows), float(sum(row[1] for row in rows))


def detect_spend_spikes(context: "MarketingContext") -> Iterable[Trigger]:
    """An experiment whose last snapshots spent far more a day than all before them."""
    policy = context.policy
    rows = context.cursor.execute("""
        WITH daily AS (
            SELECT i.*, date_diff('second', coalesce(i.since, e.start_date), i.timestamp) / 86400.0 AS days,
                row_number() OVER (PARTITION BY i.asset_id, i.experiment_id ORDER BY i.timestamp DESC) AS back
            FROM increments AS i LEFT JOIN experiments AS e ON i.experiment_id = e.experiment_id
            WHERE i.campaign_id IS NOT NULL AND i.channel_id IS NOT NULL
        ), lines AS (
            SELECT campaign_id, experiment_id, channel_id, asset_id, max(timestamp) AS moment, sum(cost) AS spend,
                sum(cost) FILTER (WHERE back = 1) / sum(days) FILTER (WHERE back = 1) AS now,
                sum(cost) FILTER (WHERE back > 1) / sum(days) FILTER (WHERE back > 1) AS before
            FROM daily WHERE days > 0 GROUP BY ALL HAVING max(back) > 1
        )
        SELECT campaign_id, experiment_id, channel_id, list(asset_id ORDER BY asset_id), sum(before), sum(now),
            sum(spend), max(moment)
        FROM lines WHERE now IS NOT NULL AND before IS NOT NULL GROUP BY ALL ORDER BY ALL
    """).fetchall()
    for campaign, experiment, channel, assets, before, now, spend, moment in rows:
        if now >= policy.risk.spike_ratio * before and now - before >= policy.risk.spike_least:
            yield Trigger(
                campaign_id=campaign,
                risk_type="spend_spike",
                scope=f"{experiment}_{channel}",
                experiment_id=experiment,
                asset_ids=tuple(assets),
                channel_ids=(channel,),
                severity=adjust_severity(policy.risk.base["spend_spike"], spend, policy),
                confidence=1.0,
                spend=spend,
                evidence={"prior_daily_spend": round(before, 2), "current_daily_spend": round(now, 2)},
                action="investigate_tracking",
                moment=moment,
                message=f"{experiment} on {channel} now spends {now:,.2f} a day, where it spent {before:,.2f} before.",
            )


def detect_data_quality(context: "MarketingContext") -> Iterable[Trigger]:
    """Numbers of a campaign that cannot be right, by the findings that the policy names."""
    policy = context.policy
    doubtful: dict[str, dict[str, int]] = defaultdict(dict)
    for rule in CHECKS:
        sql = rule.query(context) if rule.code in policy.risk.doubtful else None
        if sql is None:
            continue
        counted = f"SELECT campaign_id, count(*) FROM ({sql}) WHERE campaign_id IS NOT NULL GROUP BY ALL"
        for campaign, number in context.cursor.execute(counted).fetchall():
            doubtful[campaign][rule.code] = number
    spent: dict[str, float] = defaultdict(float)
    for group in _read_groups(context):
        spent[group.campaign] += group.spend
    for campaign, codes in doubtful.items():
        number = sum(codes.values())
        is_many = number >= policy.risk.many_findings
        counts_text = ", ".join(f"{code} ({n})" for code, n in sorted(codes.items()))
        yield Trigger(
            campaign_id=campaign,
            risk_type="data_quality",
            scope="records",
            experiment_id=None,
            asset_ids=(),
            channel_ids=(),
            severity=adjust_severity(
                policy.risk.base["data_quality"], spent[campaign], policy, extra_degrees=int(is_many)
            ),
            confidence=1.0,
            spend=spent[campaign],
            evidence=dict(sorted(codes.items())),
            action="investigate_tracking",
            moment=context.as_of,
            message=f"{number} finding{'s say' if number > 1 else ' says'} that its numbers cannot be right: "
            f"{counts_text}.",
        )


def detect_segment_mismatch(context: "MarketingContext") -> Iterable[Trigger]:
    """A segment that converts far worse than others on the same channel, or one that nothing is aimed at."""
    yield from _detect_weak_segments(context)
    yield from _detect_untargeted_segments(context)


def _detect_weak_segments(context: "MarketingContext") -> Iterable[Trigger]:
    policy = context.policy
    rows = context.cursor.execute("""
        WITH cells AS (
            SELECT campaign_id, channel_id, segment_id, list(DISTINCT asset_id ORDER BY asset_id) AS assets,
                sum(impressions)::BIGINT AS shown, sum(conversions)::BIGINT AS won, sum(cost) AS spend,
                max(timestamp) AS moment
            FROM totals WHERE campaign_id IS NOT NULL AND channel_id IS NOT NULL AND segment_id IS NOT NULL GROUP BY ALL
        )
        SELECT *, (sum(won) OVER line - won)::BIGINT, (sum(shown) OVER line - shown)::BIGINT FROM cells
        WINDOW line AS (PARTITION BY campaign_id, channel_id) ORDER BY ALL
    """).fetchall()
    for campaign, channel, segment, assets, shown, won, spend, moment, other_won, other_shown in rows:
        share = wilson_interval(won, shown, 2.0 * policy.risk.least_confidence - 1.0)
        expected = other_won / other_shown if other_shown else 0.0
        if share.high is None or share.value is None or share.high >= policy.funnel.weak_ratio * expected:
            continue
        yield Trigger(
            campaign_id=campaign,
            risk_type="segment_mismatch",
            scope=f"{segment}_{channel}",
            experiment_id=None,
            asset_ids=tuple(assets),
            channel_ids=(channel,),
            severity=adjust_severity(policy.risk.base["segment_mismatch"], spend, policy),
            confidence=policy.risk.least_confidence,
            spend=spend,
            evidence={"segment_id": segment, "expected_rate": expected, "actual_rate": share.value},
            action="revise_copy",
            moment=moment,
            message=f"{segment} on {channel} converts {share.value:.2%} of {shown:,} impressions, where its other "
            f"segments reach {expected:.2%} on the same channel.",
        )


def _detect_untargeted_segments(context: "MarketingContext") -> Iterable[Trigger]:
    """People of a segment that no asset of the campaign is for, by the funnel or by a rollup."""
    policy = context.policy
    rows = context.cursor.execute("""
        WITH reached AS (
            SELECT campaign_id, segment_id, label, timestamp AS moment, 0.0 AS spend FROM seen_funnel_events
            UNION ALL SELECT campaign_id, segment_id, label, window_end, spend FROM seen_segment_rollups
        )
        SELECT campaign_id, segment_id, list(label ORDER BY label), sum(spend), max(moment) FROM reached
        WHERE (campaign_id, segment_id) NOT IN (
            SELECT (campaign_id, segment_id) FROM creative_assets WHERE segment_id IS NOT NULL
        ) AND campaign_id IN (SELECT campaign_id FROM creative_assets) GROUP BY ALL ORDER BY ALL
    """).fetchall()
    for campaign, segment, labels, spend, moment in rows:
        yield Trigger(
            campaign_id=campaign,
            risk_type="segment_mismatch",
            scope=f"{segment}_no_asset",
            experiment_id=None,
            asset_ids=(),
            channel_ids=(),
            severity=adjust_severity(policy.risk.base["segment_mismatch"], spend, policy),
            confidence=1.0,
            spend=spend,
            evidence={"segment_id": segment, "records": labels},
            action="investigate_tracking",
            moment=moment,
            message=f"{', '.join(labels)} counts people of {segment}, whom no asset of the campaign is for"
            + (f"; {spend:,.2f} were spent on them." if spend else "."),
        )


def detect_flagged_phrases(context: "MarketingContext") -> Iterable[Trigger]:
    """Assets whose words fall under a phrase rule: brand safety and policy."""
    rows = context.cursor.execute("""
        SELECT a.campaign_id, a.asset_id, any_value(a.channel_id), any_value(t.experiment_id),
            any_value(concat_ws(' / ', a.message_theme, a.cta)), coalesce(sum(t.cost), 0),
            coalesce(max(t.timestamp), any_value(a.created_at))
        FROM seen_creative_assets AS a LEFT JOIN totals AS t USING (asset_id) GROUP BY ALL ORDER BY ALL
    """).fetchall()
    for rule in context.policy.risk.phrases:
        pattern = re.compile(rule.pattern, re.IGNORECASE)
        for campaign, asset, channel, experiment, words, spend, moment in rows:
            found = pattern.search(words or "")
            if found is not None:
                yield _build_phrase_trigger(
                    campaign, asset, channel, experiment, rule, found.group(), words, spend, moment
                )


def _build_phrase_trigger(
    campaign: str,
    asset: str,
    channel: str | None,
    experiment: str | None,
    rule: PhraseRule,
    phrase: str,
    words: str,
    spend: float,
    moment: datetime | None,
) -> Trigger:
    return Trigger(
        campaign_id=campaign,
        risk_type=rule.risk_type,
        scope=f"{asset}_{rule.code}",
        experiment_id=experiment,
        asset_ids=(asset,),
        channel_ids=() if channel is None else (channel,),
        # A rule says itself how bad its phrase is: words are no better for being cheap.
        severity=rule.severity,
        confidence=1.0,
        spend=spend,
        evidence={"flagged_phrase": phrase, "policy_rule": rule.code},
        action="human_review" if rule.risk_type == "brand_safety" else "revise_copy",
        moment=moment,
        message=f'"{phrase}" in "{words}" ({asset}) falls under {rule.code}.',
    )


TRIGGERS: tuple[Callable[["MarketingContext"], Iterable[Trigger]], ...] = (
    detect_zero_conversions,
    detect_low_conversion,
    detect_spend_spikes,
    detect_data_quality,
    detect_segment_mismatch,
    detect_flagged_phrases,
)
"""All of them; together they raise all seven types."""


def merge_duplicates(triggers: Iterable[Trigger]) -> list[Trigger]:
    """Low conversion told once: where clicks bring no conversion at all, the funnel's leak is the same trouble."""
    kept = list(triggers)
    for zero in [each for each in kept if each.risk_type == "high_clicks_zero_conversions"]:
        for low in [each for each in kept if each.risk_type == "low_conversion"]:
            if low.asset_ids and set(low.asset_ids) <= set(zero.asset_ids):
                kept.remove(low)
                index = next(position for position, each in enumerate(kept) if each.risk_id == zero.risk_id)
                kept[index] = replace(
                    kept[index],
                    evidence=low.evidence | kept[index].evidence,
                    message=f"{kept[index].message} {low.message}",
                )
    return kept
