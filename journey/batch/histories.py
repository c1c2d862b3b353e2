"""The records of many customers as columns from which `journey.batch.history_kernels` builds their histories."""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from journey.batch.case_columns import group_by_case
from journey.batch.history_kernels import NOTHING, get_history_kernels
from journey.batch.id_lookup import CaseLookup, CustomerIdIndex
from journey.decision.as_of import AsOf
from journey.decision.policy import Policy
from journey.histories.history import get_expiry, list_monitoring_actions
from journey.histories.interventions import ACTION, STATUSES, LifecycleEvent, list_lifecycle_events
from journey.histories.stages import StageEvents
from journey.machine import Journey
from journey.records.database import find_repeated, literal, literal_moment
from journey.records.distinct_values import distinct_values_relation
from journey.records.entry_places import create_entry_places
from journey.records.folder import Records

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]

NEVER_MEASURED = -(2**62)
"""The moment of an outcome that is not known; before any other."""

_ENTRIES = """
SELECT r.customer_id AS case_id, epoch_us(r.state_entered_at) AS moment, {place} AS place,
    enum_code(r.journey_stage::stage_names)::INTEGER AS stage,
    coalesce(enum_code(r.previous_stage::stage_names)::INTEGER, -1) AS previous
FROM journey_state_log AS r {places} WHERE r.state_entered_at <= {cutoff}
"""

_KNOWN_AT = "greatest(r.detected_at, coalesce(r.recorded_at, r.detected_at))"

_SIGNALS = f"""
SELECT r.customer_id AS case_id, epoch_us({_KNOWN_AT}) AS moment,
    enum_code(r.signal_type::signal_names)::INTEGER AS type, epoch_us(r.detected_at) AS detected,
    coalesce(enum_code(r.source::source_names)::INTEGER, -1) AS source, r.rowid::INTEGER AS record
FROM signals AS r WHERE {_KNOWN_AT} <= {{cutoff}} {{repetitions}}
"""

_IDENTITY = "customer_id, signal_type, detected_at, source"

_REPETITIONS = f"""
AND r.row_number NOT IN (
    SELECT r.row_number FROM signals AS r
    WHERE hash({_IDENTITY}) IN (SELECT identity FROM repeated_identities) AND {_KNOWN_AT} <= {{cutoff}}
    QUALIFY row_number() OVER (PARTITION BY {_IDENTITY} ORDER BY {_KNOWN_AT}, coalesce(signal_id, '')) > 1
)
"""

_INTERVENTIONS = """
WITH own AS (
    SELECT i.intervention_id, min(coalesce(o.measured_at, {latest})) AS measured_at,
        bool_or(coalesce(o.human_override, FALSE)) AS overridden
    FROM interventions i JOIN outcomes o ON o.intervention_id = i.intervention_id
        AND coalesce(o.customer_id, i.customer_id) = i.customer_id
    WHERE coalesce(o.measured_at, {latest}) <= {cutoff} GROUP BY i.intervention_id
)
SELECT r.customer_id AS case_id, epoch_us(r.generated_at) AS moment,
    (coalesce(nullif(list_position({statuses}, r.status), 0), 1) - 1)::TINYINT AS status,
    r.requires_human_approval::TINYINT AS approval, (own.measured_at IS NOT NULL)::TINYINT AS is_measured,
    coalesce(own.overridden, FALSE)::TINYINT AS overridden,
    coalesce(epoch_us(own.measured_at), {never}) AS measured,
    enum_code(r.recommended_action::action_names)::INTEGER AS action, r.rowid::INTEGER AS record
FROM interventions AS r LEFT JOIN own ON own.intervention_id = r.intervention_id
WHERE r.generated_at <= {cutoff} AND r.recommended_action NOT IN ({monitoring}) ORDER BY r.intervention_id
"""


class EntryColumns(NamedTuple):
    """Stage entries; those of customer `i` are the rows ``order[starts[i]:starts[i + 1]]``, earliest first."""

    starts: Ints
    order: Ints
    moment: Ints
    stage: Codes
    previous: Codes


class RecordedSignals(NamedTuple):
    """Signals by customer, as in `EntryColumns`, by detection and source; `record` is the ``rowid`` in the table."""

    starts: Ints
    order: Ints
    moment: Ints
    code: Codes
    record: Codes


class RecordedInterventions(NamedTuple):
    """Interventions by customer, as in `EntryColumns`, in order of their IDs.

    Attributes:
        pattern: Index of what determines the events; see `HistoryTables`.
        action: Code of the event that the action is carried out.
        measured: Moment of the outcome, or NEVER_MEASURED.
        expires: Moment at which a request for approval expires.
        record: The ``rowid`` in the table.
    """

    starts: Ints
    order: Ints
    moment: Ints
    pattern: Codes
    action: Codes
    measured: Ints
    expires: Ints
    record: Codes


class HistorySources(NamedTuple):
    """The records of all customers."""

    entries: EntryColumns
    signals: RecordedSignals
    interventions: RecordedInterventions


class HistoryTables(NamedTuple):
    """What records are as events.

    Attributes:
        stage_count: Number of stages of the journey; their indices are below it.
        stage_codes: Code of an entry by index of the stage.
        move_codes: Code of the move by the indices of two stages of the journey; NOTHING without a legal move.
        pattern_starts: Where the events of each pattern of an intervention start.
        step_codes: Codes of these events; NOTHING for the action.
        step_dated: When they happen, as in `journey.histories.interventions`.
    """

    stage_count: int
    stage_codes: Codes
    move_codes: Codes
    pattern_starts: Ints
    step_codes: Codes
    step_dated: Codes


class RecordedHistories(NamedTuple):
    """The records of many customers, and the events that they show.

    Attributes:
        customers: Number of customers; a customer is a row of the customers' table.
        stages: The recorded stages by index, those of the journey first.
        events: Kind and labels of every event, by code.
        sources: The records.
        tables: What records are as events.
    """

    customers: int
    stages: tuple[str, ...]
    events: tuple[tuple[str, tuple[str, ...]], ...]
    sources: HistorySources
    tables: HistoryTables


class _EventCodes:
    """Gives each event a code."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, tuple[str, ...]], int] = {}

    def get(self, kind: str, *labels: str) -> int:
        """The code of an event; a new one for a new event."""
        return self._codes.setdefault((kind, labels), len(self._codes))

    def list_events(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The events by code."""
        return tuple(self._codes)


def read_histories(records: Records, journey: Journey, policy: Policy, as_of: AsOf) -> RecordedHistories:
    """Read the records of all known customers up to a time.

    Args:
        records: The records.
        journey: The journey that names the moves.
        policy: The policy: how long approvals wait, and which actions only monitor.
        as_of: Later records are ignored.
    """
    return _Reader(records, journey, policy, as_of).read()


class _Reader:
    """Reads the records."""

    def __init__(self, records: Records, journey: Journey, policy: Policy, as_of: AsOf) -> None:
        self._cursor = records.connection.cursor()
        self._latest = records.latest_date()
        self._journey, self._policy, self._as_of = journey, policy, as_of
        self._cutoff = literal_moment(as_of.cutoff)
        self._codes = _EventCodes()

    def read(self) -> RecordedHistories:
        """Read all sets."""
        known = CustomerIdIndex.from_customers(self._cursor)
        self._cursor.execute("CREATE TEMP TABLE cases AS SELECT rowid AS place FROM customers ORDER BY rowid")
        lookup = CaseLookup(self._cursor, known)
        customers = len(known.rows)
        entries, stages = self._read_entries(lookup, customers)
        signals = self._read_signals(lookup, customers)
        interventions = self._read_interventions(lookup, customers)
        tables = self._build_tables(stages)
        sources = HistorySources(entries, signals, interventions)
        return RecordedHistories(customers, stages, self._codes.list_events(), sources, tables)

    def _read_entries(self, lookup: CaseLookup, customers: int) -> tuple[EntryColumns, tuple[str, ...]]:
        known = self._journey.stages
        recorded = self._find_names("journey_state_log", "journey_stage")
        recorded |= self._find_names("journey_state_log", "previous_stage")
        stages = (*known, *sorted(recorded - set(known)))
        self._create_enum("stage_names", stages)
        is_tied = create_entry_places(self._cursor, known)
        rows = lookup.fetch_rows(
            _ENTRIES.format(
                place="coalesce(places.place, 0)::INTEGER" if is_tied else "0::INTEGER",
                places="LEFT JOIN entry_places AS places USING (row_number)" if is_tied else "",
                cutoff=self._cutoff,
            )
        )
        starts, order = group_by_case(rows["case_id"], customers)
        get_history_kernels().sort_rows(starts, order, rows["moment"], rows["place"])
        return EntryColumns(starts, order, rows["moment"], rows["stage"], rows["previous"]), stages

    def _read_signals(self, lookup: CaseLookup, customers: int) -> RecordedSignals:
        types = tuple(sorted(self._find_names("signals", "signal_type")))
        self._create_enum("signal_names", types)
        self._create_enum("source_names", tuple(sorted(self._find_names("signals", "source"))))
        codes = np.array([self._codes.get("signal", name) for name in types], dtype=np.int32)
        repeated = find_repeated(self._cursor, f"SELECT hash({_IDENTITY}) FROM signals")
        self._cursor.register("repeated_identities", {"identity": repeated})
        repetitions = _REPETITIONS.format(cutoff=self._cutoff) if len(repeated) else ""
        rows = lookup.fetch_rows(_SIGNALS.format(cutoff=self._cutoff, repetitions=repetitions))
        self._cursor.unregister("repeated_identities")
        starts, order = group_by_case(rows["case_id"], customers)
        get_history_kernels().sort_rows(starts, order, rows["detected"], rows["source"])
        return RecordedSignals(starts, order, rows["moment"], codes[rows["type"]], rows["record"])

    def _read_interventions(self, lookup: CaseLookup, customers: int) -> RecordedInterventions:
        actions = tuple(sorted(self._find_names("interventions", "recommended_action")))
        self._create_enum("action_names", actions)
        codes = np.array([self._codes.get("action", name) for name in actions], dtype=np.int32)
        rows = lookup.fetch_rows(
            _INTERVENTIONS.format(
                cutoff=self._cutoff,
                latest="NULL::TIMESTAMP" if self._latest is None else literal_moment(self._latest),
                statuses=f"[{', '.join(map(literal, STATUSES))}]",
                never=NEVER_MEASURED,
                monitoring=", ".join(map(literal, sorted(list_monitoring_actions(self._policy)))),
            )
        )
        decided = rows["moment"]
        expiry = round(get_expiry(self._policy).total_seconds() * 1_000_000)
        anchor = int(np.datetime64(self._as_of.anchor, "us").astype(np.int64))
        is_overdue = anchor - decided > expiry
        flags = (rows["status"], rows["approval"], rows["is_measured"], rows["overridden"], is_overdue)
        return RecordedInterventions(
            *group_by_case(rows["case_id"], customers),
            decided,
            pattern=_number_pattern(flags),
            action=codes[rows["action"]],
            measured=rows["measured"],
            expires=np.minimum(decided + expiry, np.maximum(decided, anchor)),
            record=rows["record"],
        )

    def _build_tables(self, stages: tuple[str, ...]) -> HistoryTables:
        known = self._journey.stages
        moves = StageEvents(self._journey).moves
        move_codes = np.full((len(known), len(known)), NOTHING, dtype=np.int32)
        for (source, destination), names in moves.items():
            move_codes[known.index(source), known.index(destination)] = self._codes.get("move", *names)
        starts, codes, dated = [0], list[int](), list[int]()
        for events in _list_patterns():
            codes += [NOTHING if each.kind == ACTION else self._codes.get(each.kind, each.label) for each in events]
            dated += [each.dated for each in events]
            starts.append(len(codes))
        return HistoryTables(
            stage_count=len(known),
            stage_codes=np.array([self._codes.get("stage", name) for name in stages], dtype=np.int32),
            move_codes=move_codes,
            pattern_starts=np.array(starts, dtype=np.int64),
            step_codes=np.array(codes, dtype=np.int32),
            step_dated=np.array(dated, dtype=np.int32),
        )

    def _find_names(self, dataset: str, name: str) -> set[str]:
        source = distinct_values_relation(self._cursor, dataset, name)
        rows = self._cursor.execute(f"SELECT DISTINCT {name} FROM {source}").fetchall()
        return {value for (value,) in rows if value is not None}

    def _create_enum(self, kind: str, names: tuple[str, ...]) -> None:
        listed = ", ".join(literal(name) for name in names or ("",))
        self._cursor.execute(f"CREATE TEMP TYPE {kind} AS ENUM ({listed})")


def _number_pattern(parts: Iterable[npt.NDArray[Any]]) -> Codes:
    """Index in `_list_patterns` of each intervention, from its status and its flags."""
    number: Codes = np.zeros((), dtype=np.int32)
    for part in parts:
        number = number * 2 + part.astype(np.int32)
    return number


def _list_patterns() -> Iterator[tuple[LifecycleEvent, ...]]:
    """The events of an intervention, by the index of `_number_pattern`."""
    for status in STATUSES:
        for needs_approval, is_measured, is_overridden, is_overdue in product((False, True), repeat=4):
            yield list_lifecycle_events(
                status,
                needs_approval=needs_approval,
                is_measured=is_measured,
                is_overridden=is_overridden,
                is_overdue=is_overdue,
            )


def count_longest(histories: RecordedHistories) -> tuple[int, Ints]:
    """The most events that a customer can have, and by customer the number of them that may happen at most."""
    sources, tables = histories.sources, histories.tables
    longest = int(np.diff(tables.pattern_starts).max(initial=0))
    counts = (
        3 * np.diff(sources.entries.starts)
        + np.diff(sources.signals.starts)
        + longest * np.diff(sources.interventions.starts)
    )
    return int(counts.max(initial=0)), counts
