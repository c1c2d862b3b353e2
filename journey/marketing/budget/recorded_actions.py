"""Recorded budget actions, each with its audit trail: proposal, approval and later steps.

The trail comes from the marketing log if the action is in it, otherwise from the record's own fields. Those were
written afterwards and do not prove compliance.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from journey.decision.as_of import format_moment
from journey.marketing.budget.log import LOG_DATASET

if TYPE_CHECKING:
    from journey.marketing.views.context import MarketingContext


def report_budget_actions(context: "MarketingContext") -> list[dict[str, Any]]:
    """Every recorded budget action as JSON-ready data, by time.

    Returns:
        The record's fields, ``trail`` (steps with ``at``, ``what`` and ``who``) and ``trail_from`` (``log`` or
        ``record``).
    """
    logged = _read_log_trails(context)
    cursor = context.cursor.execute("""
        SELECT budget_action_id, timestamp, campaign_id, from_channel_id, to_channel_id, amount, currency, reason_code,
            reason_detail, proposed_by, approved_by_human, approver_id, approval_latency_minutes, status
        FROM seen_budget_actions ORDER BY timestamp, budget_action_id
    """)
    names = [column[0] for column in cursor.description or ()]
    actions = []
    for values in cursor.fetchall():
        row = dict(zip(names, values, strict=True))
        trail = logged.get(row["budget_action_id"])
        actions.append(
            row
            | {
                "timestamp": format_moment(row["timestamp"]),
                "trail": trail or _build_trail(row),
                "trail_from": "log" if trail else "record",
            }
        )
    return actions


def _read_log_trails(context: "MarketingContext") -> dict[str, list[dict[str, Any]]]:
    rows = context.cursor.execute(f"""
        SELECT entity_id, timestamp, to_status, coalesce(actor_id, actor_kind) FROM seen_{LOG_DATASET}
        WHERE entity = 'budget_action' ORDER BY timestamp, row_number
    """).fetchall()
    trails: dict[str, list[dict[str, Any]]] = {}
    for action, at, status, who in rows:
        trails.setdefault(action, []).append({"at": format_moment(at), "what": status, "who": who})
    return trails


def _build_trail(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The trail from the fields of a record; missing values are None."""
    trail = [{"at": format_moment(row["timestamp"]), "what": "proposed", "who": row["proposed_by"]}]
    if row["approved_by_human"]:
        at = _add_minutes(row["timestamp"], row["approval_latency_minutes"])
        trail.append({"at": at, "what": "approved", "who": row["approver_id"]})
    if row["status"] not in (step["what"] for step in trail):
        trail.append({"at": None, "what": row["status"], "who": None})
    return trail


def _add_minutes(moment: datetime, minutes: float | None) -> str | None:
    """A moment plus a number of minutes; None if the number is unknown."""
    return None if minutes is None else format_moment(moment + timedelta(minutes=minutes))
