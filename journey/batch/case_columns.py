"""Convert tables of records to columns of codes and ages. A case is one customer at one time.

SQL reads the columns, and compiled loops over arrays (`get_kernels`) group the rows by case. Rows dated after the time
of a case are excluded, so a history of decisions can be evaluated in one pass, each decision at its own date.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt

from journey.batch.grouping import NO_INDEX, get_kernels
from journey.batch.id_lookup import CaseLookup, CustomerIdIndex
from journey.decision.as_of import DAY_IN_MICROSECONDS, AsOf
from journey.decision.policy import MONITOR_ONLY
from journey.decision.steps import NOT_GIVEN
from journey.orchestrator.orchestrator import Orchestrator
from journey.orchestrator.outcomes import STATUS_CODES
from journey.orchestrator.risk import UNKNOWN_SEGMENTS
from journey.orchestrator.signals import OTHER_SOURCE, SOURCE_CODES
from journey.records.database import literal, literal_moment
from journey.records.distinct_values import distinct_values_relation
from journey.records.folder import Records

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_CUSTOMER_COLUMNS = """k.customer_id,
    (coalesce(nullif(list_position($segments::VARCHAR[], k.segment), 0), len($segments::VARCHAR[]) + 1) - 1)::INTEGER
        AS segment,
    (list_position($tiers::VARCHAR[], k.risk_tier) - 1)::TINYINT AS tier,
    list_contains($unknown_segments::VARCHAR[], k.segment) AS no_segment,
    list_contains($refused::VARCHAR[], k.customer_id) AS refused"""

# The number of a case is its row in this table: a scan returns rows in stored order.
CREATE_CUSTOMER_CASES = f"""
CREATE OR REPLACE TEMP TABLE cases AS
SELECT {_CUSTOMER_COLUMNS}, k.account_value, k.rowid AS place FROM customers k ORDER BY k.customer_id
"""

# A bare date includes the records of its whole day, but only the decisions of earlier days; see
# `AsOf.for_recorded_decision`.
CREATE_INTERVENTION_CASES = f"""
CREATE OR REPLACE TEMP TABLE cases AS
SELECT {_CUSTOMER_COLUMNS}, coalesce(i.account_value, k.account_value) AS account_value,
    CASE WHEN i.generated_at = date_trunc('day', i.generated_at)
        THEN i.generated_at + INTERVAL 1 DAY - INTERVAL 1 MICROSECOND ELSE i.generated_at END AS cutoff,
    i.generated_at AS history_before, date_trunc('day', i.generated_at) AS undatable,
    i.intervention_id, i.recommended_action, i.requires_human_approval, i.confidence, i.generated_at
FROM interventions i JOIN customers k USING (customer_id)
WHERE i.generated_at <= $latest_case::TIMESTAMP AND ($approved OR NOT i.requires_human_approval)
ORDER BY i.generated_at, i.intervention_id
"""

CASE_ROWS = "SELECT segment, tier, no_segment, refused, account_value FROM cases"

# A cast to an ENUM type converts names to numbers with a hash lookup.
ENTRIES = """
SELECT {case} AS case_id, epoch_us(r.state_entered_at) AS moment,
    enum_code(r.journey_stage::stage_names)::INTEGER AS stage,
    coalesce(enum_code(r.previous_stage::stage_names)::INTEGER, -1) AS previous
FROM journey_state_log AS r {among} r.state_entered_at <= {cutoff}
"""

SIGNALS = """
SELECT {case} AS case_id, epoch_us(r.detected_at) AS moment,
    enum_code(r.signal_type::signal_types)::INTEGER AS type, {source}::TINYINT AS source,
    r.signal_strength AS strength, r.rowid::INTEGER AS record
FROM signals AS r {among} r.detected_at <= {cutoff} AND (r.recorded_at <= {cutoff} OR r.recorded_at IS NULL)
"""

PAST_INTERVENTIONS = """
WITH first_outcome AS (
    SELECT i.intervention_id, min(coalesce(o.measured_at, {latest})) AS measured_at
    FROM interventions i JOIN outcomes o ON o.intervention_id = i.intervention_id
        AND coalesce(o.customer_id, i.customer_id) = i.customer_id
    GROUP BY i.intervention_id
)
SELECT {case} AS case_id, epoch_us(r.generated_at) AS moment,
    coalesce(nullif(list_position({statuses}, r.status), 0) - 1, -1)::TINYINT AS status,
    (r.recommended_action = {monitor})::TINYINT AS monitors, r.requires_human_approval::TINYINT AS approval,
    coalesce(o.measured_at <= {cutoff}, FALSE)::TINYINT AS measured
FROM interventions AS r LEFT JOIN first_outcome AS o ON o.intervention_id = r.intervention_id
{among} r.generated_at < {history_before} AND r.generated_at <> {undatable}
"""


class Visibility(NamedTuple):
    """SQL for the rows ``r`` of a set that are visible to a case.

    Attributes:
        case: Expression for the case of a row.
        among: The clause before the first condition: ``WHERE``, or a join with the cases.
        cutoff: Rows after this time are not visible.
        history_before: Interventions at or after this time are not visible.
        undatable: Interventions at exactly this time are not visible.
    """

    case: str
    among: str
    cutoff: str
    history_before: str
    undatable: str

    @classmethod
    def for_customers(cls, as_of: AsOf) -> "Visibility":
        """The visibility for customers that are all evaluated at one time; used with `CaseLookup`."""
        moments = (literal_moment(getattr(as_of, name)) for name in cls._fields[2:])
        return cls("r.customer_id", "WHERE", *moments)

    @classmethod
    def for_interventions(cls) -> "Visibility":
        """The visibility for cases that each have their own time; a customer may have several cases."""
        moments = (f"c.{name}" for name in cls._fields[2:])
        return cls("c.rowid::INTEGER", "JOIN cases AS c ON c.customer_id = r.customer_id AND", *moments)


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
    """The signals of all cases; those of case `i` are at ``starts[i]:starts[i + 1]``, in canonical order."""

    starts: Ints
    ages: Floats
    types: npt.NDArray[np.int32]
    sources: npt.NDArray[np.int8]
    strengths: Floats


class PastColumns(NamedTuple):
    """The earlier interventions of all cases, in the same layout."""

    starts: Ints
    ages: Floats
    statuses: Ints
    monitors: Flags
    approvals: Flags
    measured: Flags


@dataclass(frozen=True)
class Cases:
    """The input of the kernel, and the IDs and names of its rows.

    Attributes:
        columns: Codes and numbers per case.
        signals: The signals of the cases.
        past: Their earlier interventions.
        unknown_types: Signal types that are not in the policy, sorted; their codes follow the known ones.
        recorded_stage_names: Names of all recorded stages: the journey's stages, then others, sorted.
        stages: Per case, the index of the recorded stage in `recorded_stage_names`; -1 where there is no entry.
        signal_records: Per signal, its ``rowid`` in the table of signals.
        cursor: A connection with the temporary table ``cases``, whose ``rowid`` is the number of the case.
    """

    columns: CaseColumns
    signals: SignalColumns
    past: PastColumns
    unknown_types: tuple[str, ...]
    recorded_stage_names: tuple[str, ...]
    stages: Ints
    signal_records: npt.NDArray[np.int32]
    cursor: duckdb.DuckDBPyConnection

    def __len__(self) -> int:
        return len(self.stages)

    @cached_property
    def customer_ids(self) -> npt.NDArray[np.object_]:
        """The customer ID of each case; fetched on first access, because reading a million texts is slow."""
        ids: npt.NDArray[np.object_] = fetch_columns(self.cursor, "SELECT customer_id FROM cases")["customer_id"]
        return ids

    def get_customer_ids(self, rows: Sequence[int]) -> list[str]:
        """Return the customer IDs of these cases."""
        sql = "SELECT rowid, customer_id FROM cases WHERE rowid IN (SELECT unnest(?::BIGINT[]))"
        ids_by_row = dict(self.cursor.execute(sql, [rows]).fetchall())
        return [ids_by_row[row] for row in rows]

    @property
    def stage_names(self) -> npt.NDArray[np.object_]:
        """The recorded stage per case; None where there is no entry."""
        return np.array([*self.recorded_stage_names, None], dtype=object)[self.stages]

    @property
    def has_stage(self) -> Flags:
        """Whether each case has a recorded stage."""
        recorded: Flags = self.stages >= 0
        return recorded


def build_customer_cases(records: Records, orchestrator: Orchestrator, as_of: AsOf) -> Cases:
    """Build a case for every known customer at one time, in order of customer ID."""
    cursor = records.connection.cursor()
    with ThreadPoolExecutor(1) as executor:
        known_ids = executor.submit(CustomerIdIndex.from_customers, records.connection.cursor())
        cursor.execute(CREATE_CUSTOMER_CASES, _build_query_parameters(orchestrator))
        rows = fetch_columns(cursor, CASE_ROWS)
    anchors = np.full(len(rows["tier"]), np.datetime64(as_of.anchor, "us").astype(np.int64))
    reader = _ColumnReader(
        cursor,
        records,
        orchestrator,
        Visibility.for_customers(as_of),
        CaseLookup(cursor, known_ids.result()).fetch_rows,
    )
    return reader.read_cases(rows | {"anchor": anchors})


def build_intervention_cases(
    records: Records, orchestrator: Orchestrator, as_of: AsOf, *, approved: bool = True
) -> tuple[Cases, dict[str, Any]]:
    """Build a case for every intervention of a known customer generated up to `as_of`, each at its own time.

    Args:
        records: The records.
        orchestrator: The orchestrator whose policy and journey are used.
        as_of: Later interventions are omitted.
        approved: Whether to include interventions that are recorded as needing a person's approval.

    Returns:
        The cases in order of date, and the recorded values: columns ``intervention_id``, ``recommended_action``,
        ``requires_human_approval``, ``confidence``, ``generated_at``.
    """
    cursor = records.connection.cursor()
    cursor.execute(
        CREATE_INTERVENTION_CASES,
        _build_query_parameters(orchestrator) | {"latest_case": as_of.cutoff, "approved": approved},
    )
    recorded = fetch_columns(
        cursor,
        "SELECT intervention_id, recommended_action, requires_human_approval, confidence, generated_at FROM cases",
    )
    anchors = recorded["generated_at"].astype("datetime64[us]").astype(np.int64)
    rows = fetch_columns(cursor, CASE_ROWS) | {"anchor": anchors}
    reader = _ColumnReader(
        cursor, records, orchestrator, Visibility.for_interventions(), lambda sql: fetch_columns(cursor, sql)
    )
    return reader.read_cases(rows), recorded


def _build_query_parameters(orchestrator: Orchestrator) -> dict[str, Any]:
    table = orchestrator.policy_table
    return {
        "segments": list(table.segments[:-1]),
        "tiers": list(table.tiers),
        "unknown_segments": list(UNKNOWN_SEGMENTS),
        "refused": list(orchestrator.policy.contact.do_not_contact),
    }


@dataclass(frozen=True)
class _ColumnReader:
    """Reads the records of the cases.

    Attributes:
        cursor: A connection with the table ``cases``.
        records: The records.
        orchestrator: The orchestrator whose policy and journey are used.
        visibility: Which rows each case may use.
        fetch_rows: Runs a query and returns its columns, with the number of the case in column ``case_id``.
    """

    cursor: duckdb.DuckDBPyConnection
    records: Records
    orchestrator: Orchestrator
    visibility: Visibility
    fetch_rows: Callable[[str], dict[str, Any]]

    def read_cases(self, rows: dict[str, Any]) -> Cases:
        """Build the cases from the columns of their table."""
        anchors = rows["anchor"]
        with ThreadPoolExecutor(2) as executor:
            # Fetched rows are sorted while the database runs the next query.
            unknown, signal_rows = self._read_signals()
            signals = executor.submit(_arrange_signals, signal_rows, anchors)
            names, entries = self._read_entries()
            cases = executor.submit(_arrange_cases, rows, entries, names, self.orchestrator)
            past = _arrange_past(self._read_past(), anchors)
        arranged, signal_records = signals.result()
        stages, columns = cases.result()
        return Cases(
            columns=columns,
            signals=arranged,
            past=past,
            unknown_types=unknown,
            recorded_stage_names=names,
            stages=stages,
            signal_records=signal_records,
            cursor=self.cursor,
        )

    def _read_entries(self) -> tuple[tuple[str, ...], dict[str, Any]]:
        """Return the names of all recorded stages, and the stage entries."""
        stages = self.orchestrator.policy_table.stages
        recorded = self._find_distinct_values("journey_state_log", "journey_stage") | self._find_distinct_values(
            "journey_state_log", "previous_stage"
        )
        names = (*stages, *sorted(recorded - set(stages)))
        self._create_enum("stage_names", names)
        return names, self.fetch_rows(ENTRIES.format(**self.visibility._asdict()))

    def _read_signals(self) -> tuple[tuple[str, ...], dict[str, Any]]:
        """Return the signal types that are not in the policy, and the signals."""
        known = self.orchestrator.policy_table.signal_types
        unknown = tuple(sorted(self._find_distinct_values("signals", "signal_type") - set(known)))
        self._create_enum("signal_types", (*known, *unknown))
        return unknown, self.fetch_rows(
            SIGNALS.format(source=_build_source_code_sql("r.source"), **self.visibility._asdict())
        )

    def _read_past(self) -> dict[str, Any]:
        """Return the earlier interventions."""
        latest = self.records.latest_date()
        return self.fetch_rows(
            PAST_INTERVENTIONS.format(
                latest="NULL::TIMESTAMP" if latest is None else literal_moment(latest),
                statuses=f"[{', '.join(literal(status) for status in STATUS_CODES)}]",
                monitor=literal(MONITOR_ONLY),
                **self.visibility._asdict(),
            )
        )

    def _find_distinct_values(self, dataset: str, name: str) -> set[str]:
        """Return the distinct texts of a column with few different values."""
        source = distinct_values_relation(self.cursor, dataset, name)
        rows = self.cursor.execute(f"SELECT DISTINCT {name} FROM {source}").fetchall()
        return {value for (value,) in rows if value is not None}

    def _create_enum(self, kind: str, names: tuple[str, ...]) -> None:
        """Create an ENUM type that maps each name to its index; without names, it has one empty text."""
        listed = ", ".join(literal(name) for name in names or ("",))
        self.cursor.execute(f"CREATE TEMP TYPE {kind} AS ENUM ({listed})")


def _build_source_code_sql(column: str) -> str:
    """Build SQL for the code of a signal's source."""
    cases = " ".join(f"WHEN {literal(name)} THEN {code}" for name, code in SOURCE_CODES.items())
    return f"CASE {column} {cases} ELSE {OTHER_SOURCE} END"


def _arrange_cases(
    rows: dict[str, Any], entries: dict[str, Any], names: tuple[str, ...], orchestrator: Orchestrator
) -> tuple[Ints, CaseColumns]:
    """Return the index of each case's recorded stage (-1 where there is none), and the columns of the cases."""
    states = _arrange_states(entries, names, orchestrator, len(rows["anchor"]))
    return states[:, 0], _build_case_columns(rows, names, states, orchestrator)


def _arrange_states(
    rows: dict[str, Any], names: tuple[str, ...], orchestrator: Orchestrator, count: int
) -> npt.NDArray[np.int64]:
    """Return per case the index of its stage, the entry time, and the index of the previous stage; -1 for none."""
    starts, order = group_by_case(rows["case_id"], count)
    # Stages outside the journey rank before all of its stages; as a text, a missing name ranks before "".
    known = len(orchestrator.policy_table.stages)
    as_text = np.argsort(np.argsort(np.array(names, dtype=object)))
    as_stage = np.array([index - len(names) * (index >= known) for index in range(len(names))])
    ranks = np.array([*zip(as_stage, as_text, strict=True), (NO_INDEX, NO_INDEX)], dtype=np.int64)
    states = np.empty((count, 3), dtype=np.int64)
    left = np.zeros(len(names), dtype=np.bool_)
    get_kernels().find_states(starts, order, rows["moment"], rows["stage"], rows["previous"], ranks, left, states)
    return states


def _arrange_signals(rows: dict[str, Any], anchors: Ints) -> tuple[SignalColumns, npt.NDArray[np.int32]]:
    """Return the signals in canonical order, and the row of each in the table of signals."""
    starts, order = group_by_case(rows["case_id"], len(anchors))
    ages = _compute_days(anchors[rows["case_id"]], rows["moment"])
    types, sources, strengths = rows["type"], rows["source"], rows["strength"]
    get_kernels().sort_signals(starts, order, ages, types, sources, strengths)
    return SignalColumns(starts, ages[order], types[order], sources[order], strengths[order]), rows["record"][order]


def _arrange_past(rows: dict[str, Any], anchors: Ints) -> PastColumns:
    """Return the earlier interventions by case."""
    starts, order = group_by_case(rows["case_id"], len(anchors))
    # Maps the index in the list of names to a code; the last entry is for "not given" (index -1).
    statuses = np.array([*STATUS_CODES.values(), NOT_GIVEN], dtype=np.int64)
    return PastColumns(
        starts=starts,
        ages=_compute_days(anchors[rows["case_id"]], rows["moment"])[order],
        statuses=statuses[rows["status"]][order],
        monitors=rows["monitors"][order].astype(np.bool_),
        approvals=rows["approval"][order].astype(np.bool_),
        measured=rows["measured"][order].astype(np.bool_),
    )


def _build_case_columns(
    rows: dict[str, Any], names: tuple[str, ...], states: npt.NDArray[np.int64], orchestrator: Orchestrator
) -> CaseColumns:
    stage, previous = states[:, 0], states[:, 2]
    known = len(orchestrator.policy_table.stages)
    # The last entry is for "not recorded" (-1).
    codes = np.array([*(code if code < known else -1 for code in range(len(names))), -1], dtype=np.int64)
    before = np.array([*(code if code < known else -2 for code in range(len(names))), -1], dtype=np.int64)
    days = np.where(stage >= 0, _compute_days(rows["anchor"], states[:, 1]), 0.0)
    gaps = (
        _is_stage_doubtful(codes[stage], before[previous], orchestrator).astype(np.int64)
        + rows["no_segment"].astype(np.int64)
        + (rows["account_value"] <= 0.0).astype(np.int64)
    )
    return CaseColumns(
        stage=codes[stage],
        days=np.maximum(days, 0.0),
        segment=rows["segment"].astype(np.int64),
        tier=rows["tier"].astype(np.int64),
        gaps=gaps,
        account_value=rows["account_value"].astype(np.float64),
        refused=rows["refused"].astype(np.bool_),
    )


def _is_stage_doubtful(stage: Ints, previous: Ints, orchestrator: Orchestrator) -> Flags:
    """Return where the stage is missing or unknown, the last move illegal, or its origin unknown."""
    journey = orchestrator.journey.compile()
    initial = np.isin(stage, journey.initial)
    legal = (previous >= 0) & (stage >= 0)
    legal[legal] = journey.step_legal[previous[legal], stage[legal]]
    fine = np.where(previous == -1, initial, legal)
    doubtful: Flags = (stage < 0) | ~fine
    return doubtful


def group_by_case(case_ids: npt.NDArray[np.int32], count: int) -> tuple[Ints, Ints]:
    """Return where the rows of each case start, and the rows in order of case."""
    starts = np.zeros(count + 1, dtype=np.int64)
    order = np.empty(len(case_ids), dtype=np.int64)
    get_kernels().count_rows(case_ids, starts)
    get_kernels().place_rows(case_ids, starts, np.empty(count, dtype=np.int64), order)
    return starts, order


def fetch_columns(
    cursor: duckdb.DuckDBPyConnection, sql: str, parameters: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return the result of a query as arrays by name; null numbers become NaN, null texts None."""
    cursor.execute(sql, parameters or None)
    columns: dict[str, Any] = cursor.fetchnumpy()
    # Columns with nulls are masked arrays with arbitrary values under the mask, so they are filled.
    return {name: _fill_mask(column) for name, column in columns.items()}


def _fill_mask(column: Any) -> Any:
    if not isinstance(column, np.ma.MaskedArray):
        return column
    masked: Any = column
    if column.dtype == object:
        return np.where(np.ma.getmaskarray(masked), None, masked.data)
    return masked.astype(np.float64).filled(np.nan) if np.ma.is_masked(column) else masked.data


def _compute_days(later: Ints, earlier: Ints) -> Floats:
    days: Floats = (later - earlier) / DAY_IN_MICROSECONDS
    return days
