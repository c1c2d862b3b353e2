"""Budget actions as they stand: the records, moved on to where the marketing log left them.

A person who approves or executes an action writes that into the log and leaves the record as it is. A record whose
status the log has been through is therefore behind it, and the log's status, amount, approval and proposer stand. A
record that says something which the log never said contradicts it: it stays as it is, and a check names it. An action
that only the log holds is one like the others, if its entry says from which channel it goes to which.
"""

from journey.records.database import literal

_LOG_HISTORY = """
    SELECT entity_id, list(to_status) AS statuses, arg_max(to_status, (timestamp, row_number)) AS status,
        min(timestamp) AS entered, arg_min(amount, (timestamp, row_number)) AS amount,
        arg_min(actor_kind, (timestamp, row_number)) AS proposer,
        arg_max(timestamp, (timestamp, row_number)) FILTER (WHERE to_status = 'executed') AS executed_at,
        arg_max(timestamp, (timestamp, row_number)) FILTER (WHERE to_status = 'approved') AS approved_at,
        arg_max(actor_kind, (timestamp, row_number)) FILTER (WHERE to_status = 'approved') AS approver_kind,
        arg_max(actor_id, (timestamp, row_number)) FILTER (WHERE to_status = 'approved') AS approver
    FROM seen_marketing_log WHERE entity = 'budget_action' GROUP BY entity_id
"""

_APPROVED = "CASE approver_kind WHEN 'human' THEN TRUE WHEN 'orchestrator' THEN NULL ELSE FALSE END"
_APPROVER = "CASE approver_kind WHEN 'human' THEN approver END"
# The columns hold whole minutes and fractions of them.
_LATENCY = "date_diff('second', entered, approved_at) / 60.0"


def effective_actions_query(currency: str) -> str:
    """SQL for the table ``seen_budget_actions``, out of the one with the records alone and ``seen_marketing_log``.

    Besides the columns of the set: ``executed_at`` (by the log; null where no log says it) and ``recorded_status`` (of
    the record; null where only the log holds the action).

    Args:
        currency: Of the actions that only the log holds: it counts in the policy's.
    """
    return f"""
    WITH told AS ({_LOG_HISTORY}),
    entries AS (
        SELECT l.* FROM seen_marketing_log AS l
        WHERE entity = 'budget_action' AND from_status IS NULL AND amount IS NOT NULL AND campaign_id IS NOT NULL
            AND from_channel_id IS NOT NULL AND to_channel_id IS NOT NULL
            AND entity_id NOT IN (SELECT budget_action_id FROM budget_actions)
        QUALIFY row_number() OVER (PARTITION BY entity_id ORDER BY timestamp, row_number) = 1
    ),
    behind AS (
        SELECT r.*, list_contains(t.statuses, r.status) AS behind, t.* EXCLUDE (status, amount), t.status AS told,
            t.amount AS approved_amount
        FROM seen_budget_actions AS r LEFT JOIN told AS t ON r.budget_action_id = t.entity_id
    )
    SELECT budget_action_id, timestamp, campaign_id, from_channel_id, to_channel_id,
        CASE WHEN behind THEN coalesce(approved_amount, amount) ELSE amount END AS amount, currency, reason_code,
        reason_detail, CASE WHEN behind THEN proposer ELSE proposed_by END AS proposed_by,
        CASE WHEN behind THEN {_APPROVED} ELSE approved_by_human END AS approved_by_human,
        CASE WHEN behind THEN {_APPROVER} ELSE approver_id END AS approver_id,
        CASE WHEN behind THEN {_LATENCY} ELSE approval_latency_minutes END AS approval_latency_minutes,
        CASE WHEN behind THEN told ELSE status END AS status,
        row_number, gaps, label, CASE WHEN behind THEN executed_at END AS executed_at, status AS recorded_status
    FROM behind
    UNION ALL
    SELECT entity_id, e.timestamp, campaign_id, from_channel_id, to_channel_id, e.amount, {literal(currency)},
        reason_code, reason, proposer, {_APPROVED}, {_APPROVER}, {_LATENCY}, t.status, row_number, 0, entity_id,
        executed_at, NULL
    FROM entries AS e JOIN told AS t USING (entity_id)
    """
