"""The risk inbox: recorded risks and risks that the data raise, as one list; risks that need a review come first.

A computed risk that equals a recorded one is merged with it: it keeps the recorded key, severity and status, and the
computed severity is added. The inbox changes no status: it proposes closing and reopening as moves of the lifecycle
machine.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from journey.machine.lifecycles import risk_signal_lifecycle
from journey.marketing.core.policy import MarketingPolicy
from journey.marketing.records.model import Severity
from journey.marketing.risks.triggers import SEVERITIES, Trigger, detect_risks, merge_duplicates
from journey.marketing.views.risk_evidence import Evidence, check_evidence

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext

UNSETTLED = ("open", "in_review")
"""Statuses of risks that may still do harm."""

_EQUIVALENT_TYPES = ({"low_conversion", "high_clicks_zero_conversions"},)
"""Sets of types that count as the same risk: zero conversions are a case of low conversion."""


@dataclass(frozen=True, slots=True)
class RecordedRisk:
    """A recorded risk signal, or a computed risk in the same form."""

    risk_id: str
    campaign_id: str
    risk_type: str
    severity: Severity
    status: str
    recommended_action: str | None
    timestamp: datetime | None
    experiment_id: str | None
    asset_ids: tuple[str, ...]
    channel_ids: tuple[str, ...]
    spend: float | None


@dataclass(frozen=True, slots=True)
class ProposedMove:
    """A status change of a risk, proposed from the data.

    Attributes:
        moves: Names of the machine's moves, in order.
        needs_human: Whether a person must make the moves.
        reason: Reason for the proposal, as text.
    """

    moves: tuple[str, ...]
    needs_human: bool
    reason: str


@dataclass(frozen=True, slots=True)
class InboxRisk:
    """A risk in the inbox.

    Attributes:
        risk_id: ID of the risk. The ID of a computed risk stays the same while the data raise it.
        campaign_id: The campaign.
        risk_type: One of the seven risk types.
        severity: Recorded severity, or the computed severity of a risk that is not recorded.
        status: Current status.
        recommended_action: Recommended action, or None.
        computed: Whether the data raise the risk now.
        recorded: Whether the risk is recorded.
        computed_severity: Severity by the data; None if the data do not raise the risk.
        experiment_id: Experiment that the risk concerns, or None.
        asset_ids: Assets that the risk concerns; empty for the whole campaign.
        channel_ids: Channels that the risk concerns; empty for the whole campaign.
        confidence: Confidence in the risk, 0 to 1: that of the trigger, or the share of checkable evidence that the
            records confirm; None if no evidence can be checked.
        spend: Spend that the risk affects, in dollars; None if no performance is recorded.
        exposure: Severity weight x confidence x spend, in dollars; None if the spend is unknown.
        requires_human_review: Whether a person must review it: it is unsettled, and its recorded or computed severity
            is high or critical or its exposure reaches the policy's threshold.
        bars_spend: Whether its channels may receive no money: it is unsettled, and its recorded or computed severity is
            high or critical.
        age_days: Days since it was signalled; None if it is not recorded.
        overdue: Whether it has been unsettled for longer than its severity allows.
        legal_moves: Names of the moves that its machine allows now.
        proposed: Proposed status change, or None.
        evidence: Recorded evidence, each item checked; see `journey.marketing.views.risk_evidence`.
        seen: Evidence of the triggers, by name.
        message: Summary as text.
    """

    risk_id: str
    campaign_id: str
    risk_type: str
    severity: Severity
    status: str
    recommended_action: str | None
    computed: bool
    recorded: bool
    computed_severity: Severity | None
    experiment_id: str | None
    asset_ids: tuple[str, ...]
    channel_ids: tuple[str, ...]
    confidence: float | None
    spend: float | None
    exposure: float | None
    requires_human_review: bool
    bars_spend: bool
    age_days: int | None
    overdue: bool
    legal_moves: tuple[str, ...]
    proposed: ProposedMove | None
    evidence: tuple[dict[str, Any], ...]
    seen: dict[str, Any]
    message: str

    def as_dict(self) -> dict[str, Any]:
        """The risk as a JSON-ready mapping."""
        return asdict(self)


@dataclass
class _Case:
    """A risk before it becomes an inbox entry: its subject, matching triggers and recorded evidence."""

    subject: RecordedRisk
    recorded: bool
    triggers: list[Trigger] = field(default_factory=list)
    evidence: tuple[Evidence, ...] = ()
    recurrence_of: str | None = None

    @property
    def computed_severity(self) -> Severity | None:
        return max((each.severity for each in self.triggers), key=SEVERITIES.index, default=None)

    @property
    def worst_severity(self) -> Severity:
        return max((self.subject.severity, self.computed_severity or self.subject.severity), key=SEVERITIES.index)

    @property
    def is_unsettled(self) -> bool:
        return self.subject.status in UNSETTLED

    @property
    def confidence(self) -> float | None:
        if self.triggers:
            return max(each.confidence for each in self.triggers)
        checked = [each.verdict == "agrees" for each in self.evidence if each.verdict != "unknown"]
        return sum(checked) / len(checked) if checked else None

    @property
    def spend(self) -> float | None:
        spends = (self.subject.spend, *(each.spend for each in self.triggers))
        return max((each for each in spends if each is not None), default=None)


def build_risk_inbox(context: "MarketingContext") -> list[InboxRisk]:
    """The inbox up to `as_of`: risks that need a review first, then unsettled ones, by severity and exposure."""
    return list(context.get_or_compute(_build_sorted_inbox))


def _build_sorted_inbox(context: "MarketingContext") -> tuple[InboxRisk, ...]:
    all_evidence = check_evidence(context)
    cases = [
        _Case(record, recorded=True, evidence=tuple(each for each in all_evidence if each.risk_id == record.risk_id))
        for record in read_recorded_risks(context)
    ]
    for trigger in merge_duplicates(detect_risks(context)):
        _assign_trigger(trigger, cases)
    return tuple(sorted((_build_inbox_risk(case, context) for case in cases), key=_sort_key))


def report_risks(context: "MarketingContext") -> list[dict[str, Any]]:
    """The inbox as JSON-ready data."""
    return [risk.as_dict() for risk in build_risk_inbox(context)]


def group_serious_risks(
    inbox: Iterable[InboxRisk], channels: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], tuple[str, ...]]:
    """IDs of the risks that bar spend on each channel of each campaign. A risk without channels bars all of them.

    Args:
        inbox: The inbox.
        channels: Pairs of campaign and channel to look up.
    """
    serious = [risk for risk in inbox if risk.bars_spend]
    found = {
        (campaign, channel): tuple(
            risk.risk_id
            for risk in serious
            if risk.campaign_id == campaign and (not risk.channel_ids or channel in risk.channel_ids)
        )
        for campaign, channel in channels
    }
    return {key: risks for key, risks in found.items() if risks}


def read_recorded_risks(context: "MarketingContext") -> list[RecordedRisk]:
    """Read all recorded risks with their channels (of the assets, else of the experiment's assets) and the spend."""
    rows = context.cursor.execute("""
        WITH named AS (
            SELECT r.risk_id, unnest(r.asset_ids) AS asset_id FROM seen_campaign_risk_signals AS r
            UNION SELECT r.risk_id, unnest([e.control_asset, e.variant_asset])
            FROM seen_campaign_risk_signals AS r JOIN experiments AS e USING (experiment_id) WHERE len(r.asset_ids) = 0
        ),
        asset_channels AS (
            SELECT risk_id, list(DISTINCT a.channel_id ORDER BY a.channel_id) FILTER (WHERE a.channel_id IS NOT NULL)
                AS channels FROM named JOIN creative_assets AS a USING (asset_id) GROUP BY 1
        ),
        spent AS (
            SELECT r.risk_id, sum(t.cost) AS spend FROM seen_campaign_risk_signals AS r JOIN totals AS t
                ON t.campaign_id = r.campaign_id AND (
                    r.risk_id NOT IN (SELECT risk_id FROM named)
                    OR (r.risk_id, t.asset_id) IN (SELECT (risk_id, asset_id) FROM named)
                ) GROUP BY 1
        )
        SELECT risk_id, campaign_id, risk_type, severity, status, recommended_action, timestamp, experiment_id,
            asset_ids, coalesce(p.channels, []), s.spend
        FROM seen_campaign_risk_signals LEFT JOIN asset_channels AS p USING (risk_id) LEFT
            JOIN spent AS s USING (risk_id)
        ORDER BY timestamp, risk_id
    """).fetchall()
    return [RecordedRisk(*(*row[:8], tuple(row[8]), tuple(row[9]), row[10])) for row in rows]


def is_same_risk(trigger: Trigger, record: RecordedRisk) -> bool:
    """Whether a trigger and a recorded risk match in campaign, type, and assets or experiment."""
    types = {trigger.risk_type, record.risk_type}
    if trigger.campaign_id != record.campaign_id or (len(types) > 1 and types not in _EQUIVALENT_TYPES):
        return False
    if trigger.asset_ids and record.asset_ids:
        return bool(set(trigger.asset_ids) & set(record.asset_ids))
    if trigger.experiment_id and record.experiment_id:
        return trigger.experiment_id == record.experiment_id
    # Both must concern the whole campaign; a risk of a part of it is a different risk.
    return not (trigger.asset_ids or record.asset_ids or trigger.experiment_id or record.experiment_id)


def _assign_trigger(trigger: Trigger, cases: list[_Case]) -> None:
    """Add a trigger to the recorded risk that it matches, or to a new case."""
    matches = [case for case in cases if case.recorded and is_same_risk(trigger, case.subject)]
    # Prefer an unsettled risk, then the latest one.
    match = max(matches, key=_match_priority, default=None)
    if match is None:
        cases.append(_build_case(trigger, None))
    elif match.subject.status == "mitigated" and _is_later(trigger, match.subject):
        cases.append(_build_case(trigger, match.subject.risk_id))
    else:
        match.triggers.append(trigger)


def _match_priority(case: _Case) -> tuple[bool, str]:
    signalled = case.subject.timestamp
    return case.is_unsettled, "" if signalled is None else signalled.isoformat()


def _is_later(trigger: Trigger, record: RecordedRisk) -> bool:
    return trigger.moment is not None and record.timestamp is not None and trigger.moment > record.timestamp


def _build_case(trigger: Trigger, recurrence_of: str | None) -> _Case:
    subject = RecordedRisk(
        risk_id=trigger.risk_id if recurrence_of is None else f"{trigger.risk_id}_AFTER_{recurrence_of}",
        campaign_id=trigger.campaign_id,
        risk_type=trigger.risk_type,
        severity=trigger.severity,
        status=risk_signal_lifecycle().initial[0],
        recommended_action=trigger.action,
        timestamp=trigger.moment,
        experiment_id=trigger.experiment_id,
        asset_ids=trigger.asset_ids,
        channel_ids=trigger.channel_ids,
        spend=trigger.spend,
    )
    return _Case(subject, recorded=False, triggers=[trigger], recurrence_of=recurrence_of)


def _build_inbox_risk(case: _Case, context: "MarketingContext") -> InboxRisk:
    subject, policy = case.subject, context.policy
    confidence = policy.trust.confidence_unstated if case.confidence is None else case.confidence
    weight = policy.risk.weights[case.worst_severity]
    exposure = None if case.spend is None else weight * confidence * case.spend
    is_serious = case.worst_severity in policy.risk.force_review
    needs_review = is_serious or (exposure is not None and exposure >= policy.risk.escalate_from)
    age_days = None
    if case.recorded and context.as_of is not None and subject.timestamp is not None:
        age_days = (context.as_of.date() - subject.timestamp.date()).days
    is_overdue = case.is_unsettled and age_days is not None and age_days > policy.risk.review_days[case.worst_severity]
    proposed = _propose_move(case, age_days, policy, needs_review=needs_review)
    return InboxRisk(
        risk_id=subject.risk_id,
        campaign_id=subject.campaign_id,
        risk_type=subject.risk_type,
        severity=subject.severity,
        status=subject.status,
        recommended_action=subject.recommended_action,
        computed=bool(case.triggers),
        recorded=case.recorded,
        computed_severity=case.computed_severity,
        experiment_id=subject.experiment_id,
        asset_ids=subject.asset_ids,
        channel_ids=subject.channel_ids,
        confidence=case.confidence,
        spend=case.spend,
        exposure=exposure,
        requires_human_review=case.is_unsettled and needs_review,
        bars_spend=case.is_unsettled and is_serious,
        age_days=age_days,
        overdue=is_overdue,
        legal_moves=tuple(move.name for move in risk_signal_lifecycle().legal_moves(subject.status)),
        proposed=proposed,
        evidence=tuple(each._asdict() for each in case.evidence),
        seen={name: value for each in case.triggers for name, value in each.evidence.items()},
        message=" ".join(
            [*_describe_risk(case), *_describe_action(case, age_days if is_overdue else None, proposed, policy)]
        ),
    )


def _propose_move(
    case: _Case, age_days: int | None, policy: MarketingPolicy, *, needs_review: bool
) -> ProposedMove | None:
    status, computed = case.subject.status, case.computed_severity
    if status == "dismissed" and computed is not None and case.worst_severity != case.subject.severity:
        reason = f"it was dismissed as {case.subject.severity}, but is {computed} by the current data"
        return ProposedMove(("reopen",), needs_human=True, reason=reason)
    if not case.is_unsettled:
        return None
    if not case.triggers and age_days is not None and age_days >= policy.risk.close_days[case.worst_severity]:
        moves = ("review", "dismiss") if status == "open" else ("dismiss",)
        reason = f"the data do not raise it {age_days} days after it was signalled"
        return ProposedMove(moves, needs_human=needs_review, reason=reason)
    if status == "open" and needs_review:
        return ProposedMove(("review",), needs_human=True, reason="a person must review it")
    return None


def _describe_risk(case: _Case) -> list[str]:
    """Sentences on the trigger, the severity and the evidence of a risk."""
    parts = [each.message for each in case.triggers]
    subject = case.subject
    if case.recorded and not case.triggers:
        parts.append("The data do not raise this risk.")
    elif case.worst_severity != subject.severity:
        parts.append(f"It is recorded as {subject.severity}, but is {case.worst_severity} by the data.")
    parts.extend(_describe_evidence(case.evidence))
    if case.recurrence_of is not None:
        parts.append(f"{case.recurrence_of} was mitigated, but later data raise the same risk.")
    return parts


def _describe_action(
    case: _Case, overdue_days: int | None, proposed: ProposedMove | None, policy: MarketingPolicy
) -> list[str]:
    """Sentences on the deadline and the proposed move; `overdue_days` is the age of an overdue risk, else None."""
    parts = []
    if overdue_days is not None:
        status, allowed = case.subject.status.replace("_", " "), policy.risk.review_days[case.worst_severity]
        parts.append(
            f"It has been {status} for {overdue_days} days, beyond the {allowed}-day limit of "
            f"{case.worst_severity} risks."
        )
    if proposed is not None:
        suffix = " (by a person)" if proposed.needs_human else ""
        parts.append(f"Proposed: {', then '.join(proposed.moves)}{suffix}: {proposed.reason}.")
    return parts


def _describe_evidence(quotes: tuple[Evidence, ...]) -> list[str]:
    contradictions = [f"{each.name} is quoted as {each.quoted}, but {each.recorded}" for each in quotes
             if each.verdict == "differs"]  # fmt: skip
    unknown = [each.name for each in quotes if each.verdict == "unknown"]
    parts = [f"Its evidence contradicts the records: {'; '.join(contradictions)}."] if contradictions else []
    if unknown:
        parts.append(f"No record contains {', '.join(unknown)}.")
    return parts


def _sort_key(risk: InboxRisk) -> tuple[Any, ...]:
    worst = max((risk.severity, risk.computed_severity or risk.severity), key=SEVERITIES.index)
    return (
        not risk.requires_human_review,
        risk.status not in UNSETTLED,
        -SEVERITIES.index(worst),
        # What is unknown comes first: it may be large.
        risk.exposure is not None,
        -(risk.exposure or 0.0),
        risk.risk_id,
    )
