"""Checks of status histories in the marketing log against the lifecycle machines of the two entities."""

from journey.core.findings import FindingSeverity
from journey.core.identifiers import looks_like
from journey.marketing.budget.log import read_log_events
from journey.marketing.budget.unattended import UnattendedTransfers, is_by_person
from journey.marketing.checks.computed_findings import ComputedFinding, build_query
from journey.marketing.core.lifecycles import lifecycles
from journey.marketing.records.model import LogEvent
from journey.marketing.views.context import MarketingContext
from journey.marketing.views.registry import rule
from journey.records.database import literal

_ENTITY_TABLES = (
    ("budget_action", "budget_actions", "budget_action_id"),
    ("risk_signal", "campaign_risk_signals", "risk_id"),
)


def _legal_moves_sql() -> str:
    return ", ".join(
        f"({literal(entity)}, {literal(move.source)}, {literal(move.destination)})"
        for entity, machine in lifecycles().items()
        for move in machine.moves
    )


def _initial_stages_sql() -> str:
    return ", ".join(
        f"({literal(entity)}, {literal(stage)})" for entity, m in lifecycles().items() for stage in m.initial
    )


_HISTORY_WINDOW = "WINDOW line AS (PARTITION BY entity, entity_id ORDER BY timestamp, row_number)"


@rule("impossible-history", FindingSeverity.ERROR)
def impossible_history(context: MarketingContext) -> str:
    """A status change in the log that the machine does not allow, or that does not continue from the previous one.

    Remedy: correct the log; it may have been edited by hand.
    """
    del context
    return f"""
        WITH legal(entity, source, destination) AS (VALUES {_legal_moves_sql()}),
        begins(entity, stage) AS (VALUES {_initial_stages_sql()}),
        moves AS (
            SELECT *, lag(to_status) OVER line AS before, row_number() OVER line AS change_number
                FROM seen_marketing_log {_HISTORY_WINDOW}
        ),
        judged AS (
            SELECT *, CASE
                WHEN change_number = 1 AND from_status IS NULL THEN
                    CASE WHEN (entity, to_status) NOT IN (SELECT (entity, stage) FROM begins)
                        THEN 'starts as ' || to_status || ', which is not an initial status' END
                WHEN change_number > 1 AND from_status IS DISTINCT FROM before
                    THEN 'leaves ' || coalesce(from_status, 'no status') || ', but its previous status was ' || before
                WHEN (entity, from_status, to_status) NOT IN (SELECT (entity, source, destination) FROM legal)
                    THEN 'goes from ' || from_status || ' to ' || to_status || ', which is not a legal move'
            END AS why FROM moves
        )
        SELECT 'marketing_log' AS dataset, event_id AS record, campaign_id, amount AS amount,
            entity_id || ' ' || why || '.' AS message
        FROM judged WHERE why IS NOT NULL
    """


@rule("status-differs-from-log", FindingSeverity.ERROR)
def status_differs_from_log(context: MarketingContext) -> str:
    """A record whose status differs from the last status in the log.

    Remedy: correct the status of the record, or record the missing step.
    """
    del context
    return " UNION ALL ".join(
        f"""
        SELECT {literal(dataset)} AS dataset, label AS record, r.campaign_id,
            'Its status is ' || r.status || ', but the last status in the log is ' || l.status || '.' AS message
        FROM seen_{dataset} AS r JOIN (
            SELECT entity_id, arg_max(to_status, (timestamp, row_number)) AS status FROM seen_marketing_log
            WHERE entity = {literal(entity)} GROUP BY entity_id
        ) AS l ON r.{key} = l.entity_id WHERE r.status <> l.status
        """
        for entity, dataset, key in _ENTITY_TABLES
    )


@rule("record-behind-log", FindingSeverity.NOTICE)
def record_behind_log(context: MarketingContext) -> str:
    """A budget action whose record has an earlier status than the log; the log's status is used.

    Remedy: update the status of the record.
    """
    del context
    return """
        SELECT 'budget_actions' AS dataset, label AS record, campaign_id,
            'The status of its record is still ' || recorded_status || '; the later status in the log, ' || status
            || ', is used.'
            AS message
        FROM seen_budget_actions WHERE recorded_status <> status
    """


@rule("log-of-unknown", FindingSeverity.ERROR)
def log_of_unknown(context: MarketingContext) -> str:
    """A log entry of an unknown risk signal, or of a budget action without a record or a complete first entry.

    Remedy: add the record, or correct the ID in the log.
    """
    del context
    return " UNION ALL ".join(
        f"""
        SELECT 'marketing_log' AS dataset, event_id AS record, campaign_id,
            entity_id || ' is not among the {dataset}.' AS message
        FROM seen_marketing_log WHERE entity = {literal(entity)}
            AND entity_id NOT IN (SELECT {key} FROM {dataset} UNION SELECT {key} FROM seen_{dataset})
        """
        for entity, dataset, key in _ENTITY_TABLES
    )


@rule("proposer-is-approver", FindingSeverity.ERROR)
def proposer_is_approver(context: MarketingContext) -> str | None:
    """A budget action that its proposer approved, under the same name or one that looks alike.

    Remedy: let another person approve the transfer.
    """
    return build_query(
        ComputedFinding(
            "budget_actions",
            approval.entity_id,
            approval.campaign_id,
            _describe_own_approval(proposal.actor_id, approval.actor_id),
            proposal.amount,
        )
        for proposal, approval in _list_approvals(context)
        if proposal.actor_kind == approval.actor_kind == "human"
        and proposal.actor_id is not None
        and approval.actor_id is not None
        and looks_like(proposal.actor_id, approval.actor_id)
    )


@rule("approved-by-no-person", FindingSeverity.ERROR)
def approved_by_no_person(context: MarketingContext) -> str | None:
    """A budget action approved without a named person, although its amount needs one, alone or together with others.

    Remedy: record who approved the transfer, or let a person approve it.
    """
    unattended = UnattendedTransfers(context.policy.budget)
    findings = []
    proposals: dict[str, LogEvent] = {}
    for event in context.get_or_compute(read_log_events):
        if event.entity != "budget_action":
            continue
        proposal = proposals.setdefault(event.entity_id, event)
        if event.to_status == "approved" and not is_by_person(event):
            need = unattended.explain_need(proposal, proposal.amount, event.timestamp)
            if need is not None:
                who = "an unnamed person" if event.actor_kind == "human" else "the orchestrator itself"
                amount = "An unknown amount" if proposal.amount is None else f"{proposal.amount:.2f}"
                message = f"{amount} of {event.entity_id} was approved by {who}; {need}."
                finding = ComputedFinding("marketing_log", event.event_id, event.campaign_id, message, proposal.amount)
                findings.append(finding)
        unattended.add(event)
    return build_query(findings)


def _describe_own_approval(proposer: str, approver: str) -> str:
    if proposer == approver:
        return f"{approver} proposed it and approved it."
    return f"{proposer} proposed it, and {approver} approved it: the same name in another spelling."


def _list_approvals(context: MarketingContext) -> list[tuple[LogEvent, LogEvent]]:
    """The first entry of each approved budget action of the log, and each of its approvals."""
    events = [event for event in context.get_or_compute(read_log_events) if event.entity == "budget_action"]
    proposals: dict[str, LogEvent] = {}
    for event in events:
        if event.from_status is None:
            proposals.setdefault(event.entity_id, event)
    return [
        (proposals[event.entity_id], event)
        for event in events
        if event.to_status == "approved" and event.entity_id in proposals
    ]
