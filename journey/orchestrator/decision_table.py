"""Decisions and findings in memory as tables, with the columns of `journey.batch.output.build_relation`."""

from collections.abc import Iterable, Sequence
from typing import Any

from journey.core.findings import Finding
from journey.orchestrator.decision import Decision
from journey.tables.column_table import ColumnTable

DECISION_COLUMNS = {
    "customer_id": "VARCHAR",
    "stage": "VARCHAR",
    "days_in_stage": "DOUBLE",
    "severity": "DOUBLE",
    "confidence": "DOUBLE",
    "churn_probability": "DOUBLE",
    "priority": "DOUBLE",
    "expected_loss": "DOUBLE",
    "recommended_action": "VARCHAR",
    "requires_human_approval": "BOOLEAN",
    "triggered_by_signals": "VARCHAR[]",
    "reason": "VARCHAR",
    "held_back_action": "VARCHAR",
    "negative": "DOUBLE",
    "positive": "DOUBLE",
    "stall": "DOUBLE",
    "negative_mass": "DOUBLE",
    "positive_mass": "DOUBLE",
    "gaps": "BIGINT",
    "lead_signal": "VARCHAR",
    "bright_signal": "VARCHAR",
    "cause": "VARCHAR",
    "open_interventions": "BIGINT",
    "days_since_contact": "DOUBLE",
    "contacts_in_window": "BIGINT",
}
"""The fields of `Decision` without the sentences, then those of `Components`, with their SQL types."""

LATENCY_COLUMN = {"evaluation_latency_ms": "DOUBLE"}
"""The last column where latency was measured; otherwise the table is without it."""

FINDING_COLUMNS = dict.fromkeys(("code", "severity", "dataset", "record", "customer_id", "message"), "VARCHAR")
"""The fields of `Finding`, with their SQL types."""


def build_decision_table(decisions: Sequence[Decision]) -> ColumnTable:
    """Build a table with one row per decision; with the column of latency if it was measured."""
    measured = any(decision.evaluation_latency_ms is not None for decision in decisions)
    columns = DECISION_COLUMNS | LATENCY_COLUMN if measured else DECISION_COLUMNS
    return ColumnTable(columns, (_list_values(decision, columns) for decision in decisions))


def build_finding_table(findings: Iterable[Finding]) -> ColumnTable:
    """Build a table with one row per finding."""
    return ColumnTable(FINDING_COLUMNS, (tuple(finding.as_dict().values()) for finding in findings))


def _list_values(decision: Decision, columns: Iterable[str]) -> list[Any]:
    components = decision.components._asdict()
    values = [components[name] if name in components else getattr(decision, name) for name in columns]
    return [list(value) if isinstance(value, tuple) else value for value in values]
