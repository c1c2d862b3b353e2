"""The risk inbox: what was recorded and what the data raise by themselves, as one list in the order of who must look.

A computed risk that is the same as a recorded one is merged with it: the recorded key, severity and status stand, what
the data say stands beside them. Nothing is closed here: closing and reopening are proposed, as moves of
the machine.
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
"""A risk in one of these may still do harm."""

_EQUIVALENT_TYPES = ({"low_conversion", "high_clicks_zero_conversions"},)
"""Types that name one trouble: no conversion at all is low conversion."""


@dataclass(frozen=True, slots=True)
class RecordedRisk:
    """A risk signal as it is recorded, or as it would be."""

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
    spend: float


@dataclass(frozen=True, slots=True)
class ProposedMove:
    """A move of a risk through its machine that the data suggest.

    Attributes:
        moves: Names of the machine's moves, in order.
        needs_human: Whether a person must make them.
        reason: Why, for a person.
    """

    moves: tuple[str, ...]
    needs_human: bool
    reason: str


@dataclass(frozen=True, slots=True)
class InboxRisk:
    """One line of the inbox.

    Attributes:
        risk_id: Its key; of a risk that only the data raise, one that stays as long as the same is seen.
        campaign_id: The campaign.
        risk_type: One of the seven.
        severity: As recorded, or as computed where nothing is recorded.
        status: Where it stands on its machine.
        recommended_action: What to do about it.
        computed: Whether the data raise it now.
        recorded: Whether it is recorded.
        computed_severity: As the data have it; None where they do not raise it.
        experiment_id: The experiment, when it is one's.
        asset_ids: Its assets; none: the whole campaign.
        channel_ids: Its channels; none: the whole campaign.
        confidence: That it is there: of the trigger, else the share of its evidence that the records confirm; None when
            none can be checked.
        spend: Dollars spent where it is.
        exposure: Weight of the severity x confidence x spend, in dollars.
        requires_human_review: Whether a person must look: unsettled, and high or critical by the record or by the data,
            or with an exposure from the policy's threshold on.
        bars_spend: Whether no money may go where it is: unsettled, and high or critical by the record or by the data.
        age_days: Since it was signalled; None for what nobody signalled.
        overdue: Whether it is open for longer than its severity allows.
        legal_moves: What its machine allows now.
        proposed: What to do with its status, or None.
        evidence: What it quotes, each checked; see `journey.marketing.views.risk_evidence`.
        seen: What the triggers saw, by name.
        message: All of it in words.
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
    spend: float
    exposure: float
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
    """A risk to be told: its subject, what the data raise about it, and what it quotes."""

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
    def spend(self) -> float:
        return max([self.subject.spend, *(each.spend for each in self.triggers)])


def build_risk_inbox(context: "MarketingContext") -> list[InboxRisk]:
    """The inbox up to `as_of`: first what a person must look at, then what is unsettled, by severity and exposure."""
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
    """Keys of the risks that bar spend on each campaign's channel; one without channels is about all of them.

    Args:
        inbox: The inbox.
        channels: Campaign and channel of every channel to ask about.
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
    """Every recorded risk with its channels (of its assets, else of its experiment's) and what was spent there."""
    rows = context.cursor.execute("""
        WITH named AS (
            SELECT r.risk_id, unnest(r.asset_ids) AS asset_id FROM seen_campaign_risk_signals AS r
            UNION SELECT r.risk_id, unnest([e.control_asset, e.variant_asset])
            FROM seen_campaign_risk_signals AS r JOIN experiments AS e USING (experiment_id) WHERE len(r.asset_ids) = 0
        ),
        places AS (
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
            asset_ids, coalesce(p.channels, []), coalesce(s.spend, 0)
        FROM seen_campaign_risk_signals LEFT JOIN places AS p USING (risk_id) LEFT JOIN spent AS s USING (risk_id)
        ORDER BY timestamp, risk_id
    """).fetchall()
    return [RecordedRisk(*(*row[:8], tuple(row[8]), tuple(row[9]), float(row[10]))) for row in rows]


def is_same_risk(trigger: Trigger, record: RecordedRisk) -> bool:
    """Whether what the data raise is what was recorded: campaign, type, and the assets or experiment it is about."""
    types = {trigger.risk_type, record.risk_type}
    if trigger.campaign_id != record.campaign_id or (len(types) > 1 and types not in _EQUIVALENT_TYPES):
        return False
    if trigger.asset_ids and record.asset_ids:
        return bool(set(trigger.asset_ids) & set(record.asset_ids))
    if trigger.experiment_id and record.experiment_id:
        return trigger.experiment_id == record.experiment_id
    # Both about the whole campaign; one about a part of it is another risk.
    return not (trigger.asset_ids or record.asset_ids or trigger.experiment_id or record.experiment_id)


def _assign_trigger(trigger: Trigger, cases: list[_Case]) -> None:
    """Put a trigger to the recorded risk that it is the same as, or open a case of its own."""
    matches = [case for case in cases if case.recorded and is_same_risk(trigger, case.subject)]
    # The unsettled one, else the latest.
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
    exposure = policy.risk.weights[case.worst_severity] * confidence * case.spend
    is_serious = case.worst_severity in policy.risk.force_review
    needs_review = is_serious or exposure >= policy.risk.escalate_from
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
        legal_moves=risk_signal_lifecycle().legal_moves(subject.status),
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
        reason = f"it was dismissed as {case.subject.severity}, but looks {computed} now"
        return ProposedMove(("reopen",), needs_human=True, reason=reason)
    if not case.is_unsettled:
        return None
    if not case.triggers and age_days is not None and age_days >= policy.risk.close_days[case.worst_severity]:
        moves = ("review", "dismiss") if status == "open" else ("dismiss",)
        reason = f"nothing in the data raises it, {age_days} days after it was signalled"
        return ProposedMove(moves, needs_human=needs_review, reason=reason)
    if status == "open" and needs_review:
        return ProposedMove(("review",), needs_human=True, reason="a person must look at it")
    return None


def _describe_risk(case: _Case) -> list[str]:
    """What is known about a risk."""
    parts = [each.message for each in case.triggers]
    subject = case.subject
    if case.recorded and not case.triggers:
        parts.append("The data do not raise it by themselves.")
    elif case.worst_severity != subject.severity:
        parts.append(f"Recorded as {subject.severity}, {case.worst_severity} by the data.")
    parts.extend(_describe_evidence(case.evidence))
    if case.recurrence_of is not None:
        parts.append(f"{case.recurrence_of} was mitigated, and the same is seen in later data.")
    return parts


def _describe_action(
    case: _Case, overdue_days: int | None, proposed: ProposedMove | None, policy: MarketingPolicy
) -> list[str]:
    """What is to be done about it; `overdue_days` is its age where it is overdue."""
    parts = []
    if overdue_days is not None:
        status, allowed = case.subject.status.replace("_", " "), policy.risk.review_days[case.worst_severity]
        parts.append(f"It is {status} for {overdue_days} days, where a {case.worst_severity} one may be for {allowed}.")
    if proposed is not None:
        by_whom = " (by a person)" if proposed.needs_human else ""
        parts.append(f"Proposed: {', then '.join(proposed.moves)}{by_whom}: {proposed.reason}.")
    return parts


def _describe_evidence(quotes: tuple[Evidence, ...]) -> list[str]:
    contradictions = [f"{each.name} is quoted as {each.quoted}, but {each.recorded}" for each in quotes
             if each.verdict == "differs"]  # fmt: skip
    unknown = [each.name for each in quotes if each.verdict == "unknown"]
    parts = [f"Its evidence does not agree: {'; '.join(contradictions)}."] if contradictions else []
    if unknown:
        parts.append(f"No record holds {', '.join(unknown)}.")
    return parts


def _sort_key(risk: InboxRisk) -> tuple[Any, ...]:
    worst = max((risk.severity, risk.computed_severity or risk.severity), key=SEVERITIES.index)
    return (
        not risk.requires_human_review,
        risk.status not in UNSETTLED,
        -SEVERITIES.index(worst),
        -risk.exposure,
        risk.risk_id,
    )
