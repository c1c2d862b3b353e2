"""Current budget actions: the records, updated with the marketing log.

Approvals and executions are written to the log; the record stays unchanged. If the log contains the record's status,
the record is outdated: the log's status, amount, approval and proposer are used. If the log never had the record's
status, the two contradict each other: the record is used as it is, and a check reports it. An action that is only in
the log is included if its first entry names both channels.
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
# In minutes, with fractions.
_LATENCY = "date_diff('second', entered, approved_at) / 60.0"


def effective_actions_query(currency: str) -> str:
    """SQL for the table ``seen_budget_actions``, from its version with only the records and ``seen_marketing_log``.

    Columns beside those of the record set: ``executed_at`` (from the log; null if the log has no execution),
    ``recorded_status`` (status in the record; null if only the log contains the action), and ``is_foreign`` (whether
    the amount is in another currency, so that it must not enter a sum). Currencies are in capitals: usd is USD.

    Args:
        currency: Currency of actions that are only in the log, whose amounts are in the policy's currency.
    """
    return f"""
    WITH history AS ({_LOG_HISTORY}),
    entries AS (
        SELECT l.* FROM seen_marketing_log AS l
        WHERE entity = 'budget_action' AND from_status IS NULL AND amount IS NOT NULL AND campaign_id IS NOT NULL
            AND from_channel_id IS NOT NULL AND to_channel_id IS NOT NULL
            AND entity_id NOT IN (SELECT budget_action_id FROM budget_actions)
        QUALIFY row_number() OVER (PARTITION BY entity_id ORDER BY timestamp, row_number) = 1
    ),
    behind AS (
        SELECT r.*, list_contains(t.statuses, r.status) AS behind, t.* EXCLUDE (status, amount), t.status AS log_status,
            t.amount AS approved_amount
        FROM seen_budget_actions AS r LEFT JOIN history AS t ON r.budget_action_id = t.entity_id
    )
    SELECT budget_action_id, timestamp, campaign_id, from_channel_id, to_channel_id,
        CASE WHEN behind THEN coalesce(approved_amount, amount) ELSE amount END AS amount,
        upper(trim(currency)) AS currency, reason_code,
        reason_detail, CASE WHEN behind THEN proposer ELSE proposed_by END AS proposed_by,
        CASE WHEN behind THEN {_APPROVED} ELSE approved_by_human END AS approved_by_human,
        CASE WHEN behind THEN {_APPROVER} ELSE approver_id END AS approver_id,
        CASE WHEN behind THEN {_LATENCY} ELSE approval_latency_minutes END AS approval_latency_minutes,
        CASE WHEN behind THEN log_status ELSE status END AS status,
        row_number, gaps, label, CASE WHEN behind THEN executed_at END AS executed_at, status AS recorded_status,
        upper(trim(currency)) <> {literal(currency)} AS is_foreign
    FROM behind
    UNION ALL
    SELECT entity_id, e.timestamp, campaign_id, from_channel_id, to_channel_id, e.amount, {literal(currency)},
        reason_code, reason, proposer, {_APPROVED}, {_APPROVER}, {_LATENCY}, t.status, row_number, 0, entity_id,
        executed_at, NULL, FALSE
    FROM entries AS e JOIN history AS t USING (entity_id)
    """
