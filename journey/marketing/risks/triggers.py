"""Triggers: the risks that the data raise, for all risk types of the inbox.

A trigger has evidence, a confidence, the affected spend and a severity. The severity is the policy's base severity, one
degree higher from ``risk.raise_spend`` and one degree lower below ``risk.small_spend``. Counts raise a risk only with
at least ``risk.least_confidence``. Phrases, spend and contradicting records have a confidence of 1.
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
"""All severities, from the least to the most severe."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """A risk that the data raise.

    Attributes:
        campaign_id: The campaign.
        risk_type: One of the seven risk types.
        scope: Distinguishes the risk from others of the same campaign and type.
        experiment_id: Experiment that the risk concerns, or None.
        asset_ids: Assets that the risk concerns; empty for the whole campaign.
        channel_ids: Channels that the risk concerns; empty for the whole campaign.
        severity: Severity after the adjustment for spend.
        confidence: Confidence that it is not due to chance, 0 to 1.
        spend: Spend that the risk affects, in dollars; None if no performance is recorded.
        evidence: Observed values, by name.
        action: Recommended action.
        moment: Time of the latest record that raised it; None if that has no date.
        message: The observation as text.
    """

    campaign_id: str
    risk_type: RiskType
    scope: str
    experiment_id: str | None
    asset_ids: tuple[str, ...]
    channel_ids: tuple[str, ...]
    severity: Severity
    confidence: float
    spend: float | None
    evidence: dict[str, Any]
    action: RiskAction
    moment: datetime | None
    message: str

    @property
    def risk_id(self) -> str:
        """An ID that stays the same while the data raise the risk."""
        return f"SEEN_{self.risk_type}_{self.campaign_id}_{self.scope}"


def adjust_severity(base: Severity, spend: float | None, policy: MarketingPolicy, extra_degrees: int = 0) -> Severity:
    """Raise or lower a severity by the spend; an unknown spend does neither.

    Args:
        base: Severity before the adjustment.
        spend: Affected spend, in dollars; None if unknown.
        policy: Policy with the thresholds.
        extra_degrees: Degrees to add in any case.
    """
    degree = SEVERITIES.index(base) + extra_degrees
    if spend is not None:
        degree += (spend >= policy.risk.raise_spend) - (spend < policy.risk.small_spend)
    return SEVERITIES[min(max(degree, 0), len(SEVERITIES) - 1)]


def detect_risks(context: "MarketingContext") -> list[Trigger]:
    """All risks that the data up to `as_of` raise, sorted by campaign, type and scope."""
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
        """Build a risk for this group."""
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
    """Detect clicks without any conversion, if even a weak channel would have had one."""
    risk = context.policy.risk
    for group in _read_groups(context):
        # Probability of at least one conversion at the conversion rate that counts as weak.
        confidence = 1.0 - (1.0 - risk.weak_conversion) ** group.clicks
        if group.conversions == 0 and confidence >= risk.least_confidence:
            message = (
                f"{group.clicks:,} clicks on {group.channel} in {group.experiment} have no conversion; at "
                f"{risk.weak_conversion:.0%} per click, {group.clicks * risk.weak_conversion:.0f} are expected."
            )
            yield group.build_trigger(context, "high_clicks_zero_conversions", confidence, message)


def detect_low_conversion(context: "MarketingContext") -> Iterable[Trigger]:
    """Detect few conversions per click, and funnel steps with a drop-off."""
    risk = context.policy.risk
    for group in _read_groups(context):
        share = wilson_interval(group.conversions, group.clicks, 2.0 * risk.least_confidence - 1.0)
        if group.conversions > 0 and share.high is not None and share.high < risk.weak_conversion:
            message = (
                f"{group.conversions:,} of {group.clicks:,} clicks on {group.channel} in {group.experiment} convert: "
                f"at most {share.high:.2%}; below {risk.weak_conversion:.0%} is low."
            )
            yield group.build_trigger(context, "low_conversion", risk.least_confidence, message)
    yield from _detect_drop_offs(context)


def _detect_drop_offs(context: "MarketingContext") -> Iterable[Trigger]:
    """Detect the latest drop-off of each step of each cell."""
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


def _read_cell_assets(context: "MarketingContext", cell: tuple[str, str, str]) -> tuple[tuple[str, ...], float | None]:
    """Assets of a cell and their spend; None if no performance of them is recorded."""
    rows = context.cursor.execute(
        """
        SELECT a.asset_id, sum(t.cost) FROM creative_assets AS a LEFT JOIN totals AS t USING (asset_id)
        WHERE a.campaign_id = ? AND a.segment_id = ? AND a.channel_id = ? GROUP BY 1 ORDER BY 1
        """,
        list(cell),
    ).fetchall()
    known = [float(row[1]) for row in rows if row[1] is not None]
    return tuple(row[0] for row in rows), sum(known) if known else None


def detect_spend_spikes(context: "MarketingContext") -> Iterable[Trigger]:
    """Detect experiments whose latest daily spend is far above that of all days before."""
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
                message=f"{experiment} on {channel} now spends {now:,.2f} a day, up from {before:,.2f}.",
            )


def detect_data_quality(context: "MarketingContext") -> Iterable[Trigger]:
    """Detect campaigns with findings that the policy counts as data-quality problems."""
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
                policy.risk.base["data_quality"], spent.get(campaign), policy, extra_degrees=int(is_many)
            ),
            confidence=1.0,
            spend=spent.get(campaign),
            evidence=dict(sorted(codes.items())),
            action="investigate_tracking",
            moment=context.as_of,
            message=f"{number} finding{'s' if number > 1 else ''} on data quality: {counts_text}.",
        )


def detect_segment_mismatch(context: "MarketingContext") -> Iterable[Trigger]:
    """Detect segments that convert far worse than others on the same channel, and segments without an asset."""
    yield from _detect_weak_segments(context)
    yield from _detect_untargeted_segments(context)


def _detect_weak_segments(context: "MarketingContext") -> Iterable[Trigger]:
    policy = context.policy
    rows = context.cursor.execute("""
        WITH cells AS (
            SELECT campaign_id, channel_id, segment_id, list(DISTINCT asset_id ORDER BY asset_id) AS assets,
                sum(impressions)::BIGINT AS impressions, sum(conversions)::BIGINT AS conversions, sum(cost) AS spend,
                max(timestamp) AS moment
            FROM totals WHERE campaign_id IS NOT NULL AND channel_id IS NOT NULL AND segment_id IS NOT NULL GROUP BY ALL
        )
        SELECT *, (sum(conversions) OVER line - conversions)::BIGINT,
            (sum(impressions) OVER line - impressions)::BIGINT FROM cells
        WINDOW line AS (PARTITION BY campaign_id, channel_id) ORDER BY ALL
    """).fetchall()
    for (
        campaign,
        channel,
        segment,
        assets,
        impressions,
        conversions,
        spend,
        moment,
        other_conversions,
        other_impressions,
    ) in rows:
        share = wilson_interval(conversions, impressions, 2.0 * policy.risk.least_confidence - 1.0)
        expected = other_conversions / other_impressions if other_impressions else 0.0
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
            message=f"{segment} on {channel} converts {share.value:.2%} of {impressions:,} impressions; the campaign's "
            f"other segments on this channel convert {expected:.2%}.",
        )


def _detect_untargeted_segments(context: "MarketingContext") -> Iterable[Trigger]:
    """Detect segments with funnel counts or rollups, but without an asset in the campaign."""
    policy = context.policy
    rows = context.cursor.execute("""
        WITH reached AS (
            SELECT campaign_id, segment_id, label, timestamp AS moment, NULL::DOUBLE AS spend FROM seen_funnel_events
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
            message=f"{', '.join(labels)}: counts for {segment}, which no asset of the campaign targets"
            + (f"; {spend:,.2f} was spent on this segment." if spend else "."),
        )


def detect_flagged_phrases(context: "MarketingContext") -> Iterable[Trigger]:
    """Detect assets whose text matches a phrase rule (brand safety or policy violation)."""
    rows = context.cursor.execute("""
        SELECT a.campaign_id, a.asset_id, any_value(a.channel_id), any_value(t.experiment_id),
            any_value(concat_ws(' / ', a.message_theme, a.cta)), sum(t.cost),
            coalesce(max(t.timestamp), any_value(a.created_at))
        FROM seen_creative_assets AS a LEFT JOIN totals AS t USING (asset_id) GROUP BY ALL ORDER BY ALL
    """).fetchall()
    for rule in context.policy.risk.phrases:
        pattern = re.compile(rule.pattern, re.IGNORECASE)
        for campaign, asset, channel, experiment, text, spend, moment in rows:
            found = pattern.search(text or "")
            if found is not None:
                yield _build_phrase_trigger(
                    campaign, asset, channel, experiment, rule, found.group(), text, spend, moment
                )


def _build_phrase_trigger(
    campaign: str,
    asset: str,
    channel: str | None,
    experiment: str | None,
    rule: PhraseRule,
    phrase: str,
    text: str,
    spend: float | None,
    moment: datetime | None,
) -> Trigger:
    return Trigger(
        campaign_id=campaign,
        risk_type=rule.risk_type,
        scope=f"{asset}_{rule.code}",
        experiment_id=experiment,
        asset_ids=(asset,),
        channel_ids=() if channel is None else (channel,),
        # The rule sets the severity: the risk of a phrase does not depend on the spend.
        severity=rule.severity,
        confidence=1.0,
        spend=spend,
        evidence={"flagged_phrase": phrase, "policy_rule": rule.code},
        action="human_review" if rule.risk_type == "brand_safety" else "revise_copy",
        moment=moment,
        message=f'"{phrase}" in "{text}" ({asset}) matches the phrase rule {rule.code}.',
    )


TRIGGERS: tuple[Callable[["MarketingContext"], Iterable[Trigger]], ...] = (
    detect_zero_conversions,
    detect_low_conversion,
    detect_spend_spikes,
    detect_data_quality,
    detect_segment_mismatch,
    detect_flagged_phrases,
)
"""All triggers; together they cover all seven risk types."""


def merge_duplicates(triggers: Iterable[Trigger]) -> list[Trigger]:
    """Merge low conversion in the funnel into zero conversions of the same assets, so that one risk is reported."""
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
