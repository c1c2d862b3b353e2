"""A table of decisions as rows with names, for data frames and files.

The database reads the numbers as arrays and joins the names to them, so no row becomes a Python object.
"""

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from journey.batch.case_columns import Cases, fetch_columns
from journey.batch.decisions import DecisionTable, find_positive_types
from journey.batch.grouping import get_kernels
from journey.decision.rules import NO_SIGNAL, NOT_LIVE, REASONS
from journey.records.database import literal
from journey.tables.files import write_table

# The name of a signal in a decision; see `journey.orchestrator.signals.get_signal_name`.
_TIME_OF_DAY = """CASE WHEN detected_at = detected_at::DATE THEN '' ELSE strftime(detected_at, 'T%H:%M:%S')
    || CASE WHEN epoch_us(detected_at) % 1000000 = 0 THEN '' ELSE strftime(detected_at, '.%f') END END"""
_SIGNAL_NAME = f"coalesce(signal_id, signal_type || '@' || detected_at::DATE || {_TIME_OF_DAY})"

# Most lists have a single name and need no aggregation or sorting.
_LISTED = f"""
CREATE OR REPLACE TEMP TABLE listed AS
WITH named AS (
    SELECT l.case_id, l."position", l.is_single, {_SIGNAL_NAME} AS name
    FROM listed_signals AS l JOIN signals AS s ON s.rowid = l.record
)
SELECT case_id, [name] AS names FROM named WHERE is_single
UNION ALL SELECT case_id, list(name ORDER BY "position") AS names FROM named WHERE NOT is_single GROUP BY case_id
"""

# Tied signals are ordered by ID, as in `journey.orchestrator.signals`.
_TIED = """
SELECT record FROM tied JOIN signals AS s ON s.rowid = tied.record
ORDER BY run, coalesce(signal_id, ''), record
"""


def build_relation(table: DecisionTable) -> duckdb.DuckDBPyRelation:
    """Return every decision as a row, in order of the cases.

    The columns are the fields of `Decision` without the sentences, and the numbers of its `Components`. ``reason`` is
    the code of the deciding reason, and ``triggered_by_signals`` is a list of texts.
    """
    cursor = table.cases.cursor
    records = _order_records(table.cases)
    _list_signals(cursor, table, records)
    cursor.register("results", _build_result_columns(table, records))
    return cursor.sql(_build_query(table))


def write_decisions(table: DecisionTable, path: Path) -> None:
    """Write every decision to a Parquet or CSV file, atomically.

    In CSV, the signals of a decision are one field, separated by semicolons, and an apostrophe precedes a text that a
    spreadsheet would take for a formula.

    Raises:
        InputError: The file extension is neither ``.parquet`` nor ``.csv``, or the file cannot be written.
    """
    write_table(build_relation(table), path, "decisions")


def _build_result_columns(table: DecisionTable, records: npt.NDArray[np.int32]) -> dict[str, Any]:
    """Return the columns of codes and numbers that `_build_query` reads; -1 means none."""
    columns, parameters = table.columns, table.orchestrator.parameters
    signals = table.cases.signals
    unknown = np.int64(parameters.unknown_type)
    # A case without a signal has index -1, and there may be no signals at all, so an extra last entry is added.
    types = np.append(np.minimum(signals.types, unknown), unknown)
    rows = np.append(records, np.int32(-1))
    causes = np.array(parameters.causes, dtype=np.int64)[types[columns.leading_negative]]
    stall_causes = np.where(columns.stall > 0.0, parameters.stalled, -1)
    return {
        "stage": table.cases.stages,
        "days": np.where(table.cases.has_stage, table.cases.columns.days, np.nan),
        "churn": np.where(columns.reason == NOT_LIVE, np.nan, columns.churn_probability),
        "expected_loss": table.expected_losses,
        "action": table.action_codes(),
        "cause": np.where(columns.leading_negative != NO_SIGNAL, causes, stall_causes),
        "lead": rows[columns.leading_negative],
        "bright": rows[columns.leading_positive],
        "gaps": table.cases.columns.gaps,
        **{name: getattr(columns, name) for name in _COPIED_COLUMNS},
    }


_COPIED_COLUMNS = (
    "severity",
    "confidence",
    "priority",
    "approval",
    "reason",
    "held_back",
    "negative",
    "positive",
    "stall",
    "negative_mass",
    "positive_mass",
    "open_interventions",
    "days_since_contact",
    "contacts_in_window",
)


def _build_query(table: DecisionTable) -> str:
    policy = table.orchestrator.policy_table

    def named(column: str, names: tuple[str | None, ...]) -> str:
        return f"([{', '.join(literal(name) for name in names)}]::VARCHAR[])[a.{column} + 1]"

    def known(column: str) -> str:
        return f"CASE WHEN NOT isnan(a.{column}) THEN a.{column} END"

    return f"""
        SELECT c.customer_id, {named("stage", table.cases.recorded_stage_names)} AS stage,
            {known("days")} AS days_in_stage,
            a.severity, a.confidence, {known("churn")} AS churn_probability, a.priority,
            {known("expected_loss")} AS expected_loss,
            {named("action", table.action_names())} AS recommended_action, a.approval AS requires_human_approval,
            coalesce(l.names, []::VARCHAR[]) AS triggered_by_signals, {named("reason", REASONS)} AS reason,
            {named("held_back", policy.actions)} AS held_back_action, a.negative, a.positive, a.stall,
            a.negative_mass, a.positive_mass, a.gaps, lead.name AS lead_signal,
            bright.name AS bright_signal, {named("cause", policy.cause_names)} AS cause,
            a.open_interventions,
            CASE WHEN a.days_since_contact >= 0.0 THEN a.days_since_contact END AS days_since_contact,
            a.contacts_in_window
        FROM cases AS c POSITIONAL JOIN results AS a
        LEFT JOIN listed AS l ON l.case_id = c.rowid
        LEFT JOIN names AS lead ON lead.record = a.lead
        LEFT JOIN names AS bright ON bright.record = a.bright
        ORDER BY c.rowid
    """


def _list_signals(cursor: duckdb.DuckDBPyConnection, table: DecisionTable, records: npt.NDArray[np.int32]) -> None:
    """Create the tables ``listed`` (names of each case's triggering signals) and ``names`` (of leading signals)."""
    signals, orchestrator = table.cases.signals, table.orchestrator
    counted = np.empty(len(signals.ages), dtype=np.bool_)
    positive = find_positive_types(table.cases, orchestrator)
    get_kernels().mark_counted(
        signals.starts,
        signals.ages,
        signals.types,
        signals.sources,
        positive,
        orchestrator.max_listed_age_days,
        counted,
    )
    positions = np.flatnonzero(counted)
    cases = np.searchsorted(signals.starts, positions, side="right") - 1
    is_single = np.bincount(cases, minlength=1)[cases] == 1
    cursor.register(
        "listed_signals",
        {"case_id": cases, "position": positions, "record": records[positions], "is_single": is_single},
    )
    cursor.execute(_LISTED)
    leading = np.concatenate((table.columns.leading_negative, table.columns.leading_positive))
    named = np.zeros(int(records.max(initial=-1)) + 1, dtype=np.bool_)
    named[records[leading[leading != NO_SIGNAL]]] = True
    cursor.register("leaders", {"record": np.flatnonzero(named)})
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE names AS SELECT l.record, {_SIGNAL_NAME} AS name"
        " FROM leaders AS l JOIN signals AS s ON s.rowid = l.record"
    )


def _order_records(cases: Cases) -> npt.NDArray[np.int32]:
    """Return the row of each signal in the table of signals; signals with equal numbers are in order of ID."""
    columns = cases.signals
    same = np.ones(max(len(columns.ages) - 1, 0), dtype=np.bool_)
    for column in (columns.ages, columns.types, columns.sources, columns.strengths):
        same &= column[1:] == column[:-1]
    inner = columns.starts[1:-1]
    same[inner[(inner > 0) & (inner < len(columns.ages))] - 1] = False
    if not same.any():
        return cases.signal_records
    follows = np.concatenate(([False], same))
    tied = np.flatnonzero(follows | np.concatenate((same, [False])))
    runs = np.cumsum(~follows)[tied]
    records = cases.signal_records.copy()
    cases.cursor.register("tied", {"run": runs, "record": records[tied]})
    records[tied] = fetch_columns(cases.cursor, _TIED)["record"]
    return records
