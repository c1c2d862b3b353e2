"""Checks of status histories in the marketing log against the lifecycle machines of the two entities."""

from journey.core.findings import FindingSeverity
from journey.marketing.core.lifecycles import lifecycles
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
def proposer_is_approver(context: MarketingContext) -> str:
    """A budget action that its proposer approved.

    Remedy: let another person approve the transfer.
    """
    del context
    return """
        SELECT 'budget_actions' AS dataset, a.entity_id AS record, a.campaign_id, p.amount AS amount,
            a.actor_id || ' proposed it and approved it.' AS message
        FROM seen_marketing_log AS a JOIN seen_marketing_log AS p USING (entity, entity_id)
        WHERE entity = 'budget_action' AND a.to_status = 'approved' AND p.from_status IS NULL
            AND a.actor_id = p.actor_id AND p.actor_kind = 'human'
    """


@rule("approved-by-no-person", FindingSeverity.ERROR)
def approved_by_no_person(context: MarketingContext) -> str:
    """A budget action whose amount needs a person's approval, approved without a named person.

    Remedy: record who approved the transfer, or let a person approve it.
    """
    threshold = context.policy.budget.approval_from
    return f"""
        SELECT 'marketing_log' AS dataset, a.event_id AS record, a.campaign_id, p.amount AS amount,
            dollars(p.amount) || ' of ' || a.entity_id || ' was approved by '
            || CASE a.actor_kind WHEN 'human' THEN 'an unnamed person' ELSE 'the orchestrator itself' END
            || {literal(f"; amounts of {threshold:.2f} or more need the approval of a named person.")} AS message
        FROM seen_marketing_log AS a JOIN seen_marketing_log AS p USING (entity, entity_id)
        WHERE entity = 'budget_action' AND a.to_status = 'approved' AND p.from_status IS NULL
            AND p.amount >= {threshold!r} AND (a.actor_kind <> 'human' OR a.actor_id IS NULL)
    """
