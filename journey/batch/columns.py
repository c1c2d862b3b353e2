"""From tables of records to columns of codes and ages, one row of `cases` for each customer at a moment.

All of it is SQL by column; the joins cut off what is dated after a case's own moment, so a history of decisions can be
judged each at its own date in one pass.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt

from journey.asof import DAY_IN_MICROSECONDS, AsOf
from journey.orchestrator.orchestrator import Orchestrator
from journey.orchestrator.outcomes import STATUS_CODES
from journey.orchestrator.risk import UNKNOWN_SEGMENTS
from journey.orchestrator.signals import OTHER, SOURCE_CODES
from journey.policy import MONITOR_ONLY
from journey.records.reading import Records
from journey.steps import NOT_GIVEN

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

CASES = """
CREATE OR REPLACE TEMP TABLE cases AS
SELECT row_number() OVER (ORDER BY customer_id) - 1 AS case_id, customer_id,
    $anchor::TIMESTAMP AS anchor, $cutoff::TIMESTAMP AS cutoff,
    $history_before::TIMESTAMP AS history_before, $undatable::TIMESTAMP AS undatable, NULL::DOUBLE AS account_value
FROM customers ORDER BY customer_id
"""

# A bare date sees its whole day and only the decisions of earlier days; see `AsOf.of_record`.
CASES_OF_INTERVENTIONS = """
CREATE OR REPLACE TEMP TABLE cases AS
SELECT row_number() OVER (ORDER BY i.generated_at, i.intervention_id) - 1 AS case_id, i.customer_id,
    i.generated_at AS anchor,
    CASE WHEN i.generated_at = date_trunc('day', i.generated_at)
        THEN i.generated_at + INTERVAL 1 DAY - INTERVAL 1 MICROSECOND ELSE i.generated_at END AS cutoff,
    i.generated_at AS history_before, date_trunc('day', i.generated_at) AS undatable,
    i.intervention_id, i.recommended_action, i.requires_human_approval, i.confidence, i.generated_at, i.account_value
FROM interventions i JOIN customers USING (customer_id)
WHERE i.generated_at <= $cutoff::TIMESTAMP ORDER BY case_id
"""

# Among entries of one moment the last is the one that no other of them came from, then the later stage of the journey:
# the order of `JourneyStateEvaluator`, so that both read the same state from the same log.
STATES = """
CREATE OR REPLACE TEMP TABLE ranked_entries AS
WITH marked AS (
    SELECT customer_id, state_entered_at, journey_stage, previous_stage,
        coalesce(list_position($stages::VARCHAR[], journey_stage), 0) - 1 AS code,
        NOT coalesce(list_contains(
            list(previous_stage) FILTER (previous_stage <> journey_stage) OVER same_moment, journey_stage
        ), FALSE) AS stays
    FROM journey_state_log
    WINDOW same_moment AS (PARTITION BY customer_id, state_entered_at)
)
SELECT *, row_number() OVER (
    PARTITION BY customer_id
    ORDER BY state_entered_at, stays, code, journey_stage, coalesce(previous_stage, '')
) AS place FROM marked
"""

CASE_ROWS = """
WITH latest AS (
    SELECT c.case_id, max(e.place) AS place
    FROM cases c JOIN ranked_entries e ON e.customer_id = c.customer_id AND e.state_entered_at <= c.cutoff
    GROUP BY c.case_id
), firsts AS (
    SELECT customer_id, state_entered_at, min(place) AS place FROM ranked_entries GROUP BY ALL
)
SELECT c.case_id, c.customer_id, epoch_us(c.anchor) AS anchor, epoch_us(e.state_entered_at) AS entered,
    e.journey_stage AS stage_name, coalesce(e.code, -1) AS stage, e.journey_stage IS NULL AS stageless,
    CASE WHEN coalesce(e.previous_stage, b.journey_stage) IS NULL THEN -1
        ELSE coalesce(nullif(list_position($stages::VARCHAR[], coalesce(e.previous_stage, b.journey_stage)), 0) - 1, -2)
    END AS previous,
    coalesce(nullif(list_position($segments::VARCHAR[], k.segment), 0), len($segments::VARCHAR[]) + 1) - 1 AS segment,
    list_position($tiers::VARCHAR[], k.risk_tier) - 1 AS tier,
    coalesce(c.account_value, k.account_value) AS account_value,
    list_contains($unknown_segments::VARCHAR[], k.segment) AS no_segment,
    list_contains($refused::VARCHAR[], c.customer_id) AS refused
FROM cases c JOIN customers k USING (customer_id)
LEFT JOIN latest l USING (case_id)
LEFT JOIN ranked_entries e ON e.customer_id = c.customer_id AND e.place = l.place
LEFT JOIN firsts f ON e.previous_stage IS NULL AND f.customer_id = c.customer_id
    AND f.state_entered_at = e.state_entered_at
LEFT JOIN ranked_entries b ON b.customer_id = c.customer_id AND b.place = f.place - 1
ORDER BY c.case_id
"""

SIGNALS = """
SELECT c.case_id, epoch_us(s.detected_at) AS moment, epoch_us(c.anchor) AS anchor, t.code AS type,
    coalesce(nullif(list_position($sources::VARCHAR[], s.source), 0) - 1, $other) AS source,
    s.signal_strength AS strength
FROM signals s JOIN cases c ON c.customer_id = s.customer_id AND s.detected_at <= c.cutoff
    AND coalesce(s.recorded_at <= c.cutoff, TRUE)
JOIN signal_types t ON t.name = s.signal_type
ORDER BY c.case_id, moment, type, source, strength
"""

PAST = """
WITH first_outcome AS (
    SELECT i.intervention_id, min(coalesce(o.measured_at, $latest::TIMESTAMP)) AS measured_at
    FROM interventions i JOIN outcomes o ON o.intervention_id = i.intervention_id
        AND coalesce(o.customer_id, i.customer_id) = i.customer_id
    GROUP BY i.intervention_id
)
SELECT c.case_id, epoch_us(i.generated_at) AS moment, epoch_us(c.anchor) AS anchor,
    coalesce(nullif(list_position($statuses::VARCHAR[], i.status), 0) - 1, -1) AS status,
    i.recommended_action = $monitor AS monitors, i.requires_human_approval AS approval,
    coalesce(o.measured_at <= c.cutoff, FALSE) AS measured
FROM interventions i
JOIN cases c ON c.customer_id = i.customer_id
    AND i.generated_at < c.history_before AND i.generated_at <> c.undatable
LEFT JOIN first_outcome o ON o.intervention_id = i.intervention_id
ORDER BY c.case_id
"""


class CaseColumns(NamedTuple):
    """One row per case; codes are indices into the policy's and the journey's tables."""

    stage: Ints
    days: Floats
    segment: Ints
    tier: Ints
    gaps: Ints
    account_value: Floats
    refused: Flags


class SignalColumns(NamedTuple):
    """The signals of all cases; those of case `i` stand at ``starts[i] .. starts[i + 1] - 1``."""

    starts: Ints
    ages: Floats
    types: Ints
    sources: Ints
    strengths: Floats


class PastColumns(NamedTuple):
    """The earlier interventions of all cases, in the same layout."""

    starts: Ints
    ages: Floats
    statuses: Ints
    monitors: Flags
    approvals: Flags
    measured: Flags


@dataclass(frozen=True, slots=True)
class Cases:
    """Everything that the kernel reads, and what names the rows.

    Attributes:
        customer_ids: Per case.
        stage_names: The recorded stage per case; None where there is no entry.
        has_stage: Whether there is an entry.
        columns: Codes and numbers per case.
        signals: The signals of the cases.
        past: Their earlier interventions.
        unknown_types: Signal types that the policy does not know, sorted; their codes follow the known ones.
    """

    customer_ids: npt.NDArray[np.object_]
    stage_names: npt.NDArray[np.object_]
    has_stage: Flags
    columns: CaseColumns
    signals: SignalColumns
    past: PastColumns
    unknown_types: tuple[str, ...]


def cases_of_customers(records: Records, orchestrator: Orchestrator, as_of: AsOf) -> Cases:
    """Every known customer, judged at one moment; in order of the id."""
    cursor = records.connection.cursor()
    moments = {name: getattr(as_of, name) for name in ("anchor", "cutoff", "history_before", "undatable")}
    cursor.execute(CASES, moments)
    return _read(cursor, records, orchestrator)


def cases_of_interventions(records: Records, orchestrator: Orchestrator, as_of: AsOf) -> tuple[Cases, dict[str, Any]]:
    """Every intervention of a known customer generated by `as_of`, each judged at its own moment.

    Returns:
        The cases in order of date, and what the record says: columns ``intervention_id``, ``recommended_action``,
        ``requires_human_approval``, ``confidence``, ``generated_at``.
    """
    cursor = records.connection.cursor()
    cursor.execute(CASES_OF_INTERVENTIONS, {"cutoff": as_of.cutoff})
    recorded = _fetch(
        cursor,
        "SELECT intervention_id, recommended_action, requires_human_approval, confidence, generated_at"
        " FROM cases ORDER BY case_id",
        {},
    )
    return _read(cursor, records, orchestrator), recorded


def _read(cursor: duckdb.DuckDBPyConnection, records: Records, orchestrator: Orchestrator) -> Cases:
    table = orchestrator.table
    stages = list(table.stages)
    cursor.execute(STATES, {"stages": stages})
    rows = _fetch(
        cursor,
        CASE_ROWS,
        {
            "stages": stages,
            "segments": list(table.segments[:-1]),
            "tiers": list(table.tiers),
            "unknown_segments": list(UNKNOWN_SEGMENTS),
            "refused": list(orchestrator.policy.contact.do_not_contact),
        },
    )
    count = len(rows["case_id"])
    unknown = _name_types(cursor, table.signal_types)
    signals = _fetch(cursor, SIGNALS, {"sources": list(SOURCE_CODES), "other": OTHER})
    past = _fetch(
        cursor,
        PAST,
        {"latest": records.latest_date(), "statuses": list(STATUS_CODES), "monitor": MONITOR_ONLY},
    )
    # Place in the list of names -> code; the last entry answers for "not given" (place -1).
    statuses = np.array([*STATUS_CODES.values(), NOT_GIVEN], dtype=np.int64)
    return Cases(
        customer_ids=rows["customer_id"],
        stage_names=rows["stage_name"],
        has_stage=~rows["stageless"].astype(np.bool_),
        columns=_case_columns(rows, orchestrator),
        signals=SignalColumns(
            starts=_starts(signals["case_id"], count),
            ages=_days(signals["anchor"], signals["moment"]),
            types=signals["type"].astype(np.int64),
            sources=signals["source"].astype(np.int64),
            strengths=signals["strength"].astype(np.float64),
        ),
        past=PastColumns(
            starts=_starts(past["case_id"], count),
            ages=_days(past["anchor"], past["moment"]),
            statuses=statuses[past["status"].astype(np.int64)],
            monitors=past["monitors"].astype(np.bool_),
            approvals=past["approval"].astype(np.bool_),
            measured=past["measured"].astype(np.bool_),
        ),
        unknown_types=unknown,
    )


def _case_columns(rows: dict[str, Any], orchestrator: Orchestrator) -> CaseColumns:
    known = ~rows["stageless"].astype(np.bool_)
    stage = rows["stage"].astype(np.int64)
    # Two arithmetic traps: a missing entry has no moment, and NaN must not reach the kernel.
    entered = np.where(known, np.nan_to_num(rows["entered"].astype(np.float64)), 0.0).astype(np.int64)
    days = np.where(known, _days(rows["anchor"], entered), 0.0)
    gaps = (
        _doubtful_stage(stage, rows["previous"].astype(np.int64), orchestrator).astype(np.int64)
        + rows["no_segment"].astype(np.int64)
        + (rows["account_value"] <= 0.0).astype(np.int64)
    )
    return CaseColumns(
        stage=stage,
        days=np.maximum(days, 0.0),
        segment=rows["segment"].astype(np.int64),
        tier=rows["tier"].astype(np.int64),
        gaps=gaps,
        account_value=rows["account_value"].astype(np.float64),
        refused=rows["refused"].astype(np.bool_),
    )


def _doubtful_stage(stage: Ints, previous: Ints, orchestrator: Orchestrator) -> Flags:
    """Where the stage is missing or unknown, its last move illegal, or its origin unknown."""
    journey = orchestrator.journey.compile()
    initial = np.isin(stage, journey.initial)
    legal = (previous >= 0) & (stage >= 0)
    legal[legal] = journey.step_legal[previous[legal], stage[legal]]
    fine = np.where(previous == -1, initial, legal)
    doubtful: Flags = (stage < 0) | ~fine
    return doubtful


def _name_types(cursor: duckdb.DuckDBPyConnection, known: tuple[str, ...]) -> tuple[str, ...]:
    found = cursor.execute("SELECT DISTINCT signal_type FROM signals").fetchall()
    unknown = tuple(sorted({row[0] for row in found} - set(known)))
    names = [*known, *unknown]
    cursor.execute(
        "CREATE OR REPLACE TEMP TABLE signal_types AS SELECT unnest($names::VARCHAR[]) AS name,"
        " unnest(range(len($names::VARCHAR[]))) AS code",
        {"names": names},
    )
    return unknown


def _fetch(cursor: duckdb.DuckDBPyConnection, sql: str, parameters: dict[str, Any]) -> dict[str, Any]:
    cursor.execute(sql, parameters or None)
    columns: dict[str, Any] = cursor.fetchnumpy()
    # Columns with nulls come masked; below the mask lies an arbitrary value, so it is filled.
    return {name: _unmasked(column) for name, column in columns.items()}


def _unmasked(column: Any) -> Any:
    if not isinstance(column, np.ma.MaskedArray):
        return column
    masked: Any = column
    if column.dtype == object:
        return np.where(np.ma.getmaskarray(masked), None, masked.data)
    return masked.astype(np.float64).filled(np.nan) if np.ma.is_masked(column) else masked.data


def _days(later: npt.ArrayLike, earlier: npt.ArrayLike) -> Floats:
    gap = np.asarray(later).astype(np.int64) - np.asarray(earlier).astype(np.int64)
    days: Floats = gap.astype(np.float64) / DAY_IN_MICROSECONDS
    return days


def _starts(case_ids: npt.ArrayLike, count: int) -> Ints:
    return np.searchsorted(np.asarray(case_ids).astype(np.int64), np.arange(count + 1)).astype(np.int64)
