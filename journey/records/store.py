"""The records of one company: clean typed tables, what was set aside, and typed objects of single customers."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from tempfile import mkstemp
from typing import Any, TypeVar, cast

import duckdb

from journey.errors import InputError
from journey.findings import Finding, FindingSeverity, in_reading_order
from journey.machine import Journey
from journey.policy import Policy
from journey.records import assembling
from journey.records.columns import columns_of, date_columns, record_type
from journey.records.database import one_value, quoted
from journey.records.model import DATASETS, Customer, Event, Intervention, Outcome, Record, Signal, StageEntry
from journey.validation import did_you_mean

R = TypeVar("R", bound=Record)

INDEX_AT_MOST = 200_000
"""Up to so many rows, the objects of a set are kept by customer; beyond, each question is one query."""

_ORDER: dict[type[Record], str] = {
    Customer: "customer_id",
    StageEntry: "customer_id, state_entered_at, row_number",
    Signal: (
        "customer_id, detected_at, signal_type, source NULLS FIRST, signal_strength, signal_id NULLS FIRST, row_number"
    ),
    Intervention: "customer_id, generated_at, intervention_id",
    Outcome: "customer_id NULLS LAST, measured_at NULLS LAST, intervention_id, outcome_id NULLS LAST, row_number",
    Event: "customer_id, timestamp, event_type, event_id NULLS LAST, row_number",
}
"""Canonical order of each set: it depends on what the records say, not on where they stood in a file."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row that is not used, and why.

    Attributes:
        dataset: The set it was meant for.
        row_number: Its 1-based position in the file.
        code: Stable code of the reason, for instance ``out-of-range``.
        reason: The reason in words.
        content: The row as it was given, as text.
    """

    dataset: str
    row_number: int
    code: str
    reason: str
    content: str


class Records:
    """All records of one company.

    Attributes:
        connection: An in-memory DuckDB connection with a table for each set: ``customers``, ``journey_state_log``,
            ``signals``, ``interventions``, ``outcomes``, ``events``. Columns are the fields of the models, dates are
            TIMESTAMP, and two more follow: ``row_number`` (1-based position in the file) and ``gaps`` (how many
            fields were absent and got their default).
        source: Where the records come from, in words.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, source: str) -> None:
        self.connection = connection
        self.source = source

    @classmethod
    def from_tables(
        cls,
        tables: Mapping[str, Any],
        *,
        journey: Journey | None = None,
        policy: Policy | None = None,
        source: str = "tables",
    ) -> "Records":
        """Records out of frames or rows at hand.

        Args:
            tables: By name of the set, anything that offers the Arrow stream interface (pandas, polars, pyarrow and
                others) or a list of mappings or record objects. Sets that are left out are empty.
            journey: The journey whose stages are meant (default: the default journey).
            policy: Says which signal types are negative, for duplicates that conflict (default: the default policy).
            source: What to call the origin in messages.

        Raises:
            InputError: A name is not a set, or a table cannot be read as its set.
        """
        for name in tables:
            if name not in DATASETS:
                raise InputError(f"{name!r} is not a record set{did_you_mean(name, list(DATASETS))}")
        return cls(assembling.from_tables(tables, journey, policy), source)

    @cached_property
    def set_aside(self) -> tuple[SetAside, ...]:
        """The rows that are not used, by set and position."""
        rows = self.connection.execute(
            "SELECT dataset, row_number, code, reason, content FROM set_aside ORDER BY dataset, row_number"
        ).fetchall()
        return tuple(SetAside(*row) for row in rows)

    @cached_property
    def findings(self) -> list[Finding]:
        """What was noticed while reading, most serious first."""
        rows = self.connection.execute(LOAD_FINDINGS).fetchall()
        return in_reading_order(Finding(row[0], FindingSeverity(row[1]), *row[2:]) for row in rows)

    def counts(self) -> dict[str, int]:
        """How many clean rows each set has."""
        return {name: int(one_value(self.connection, f"SELECT count(*) FROM {name}")) for name in DATASETS}

    def latest_date(self) -> datetime | None:
        """The latest date in any record, or None when no record has one."""
        parts = [f"(SELECT max({quoted(column)}) FROM {name})" for name in DATASETS for column in date_columns(name)]
        return cast("datetime | None", one_value(self.connection, f"SELECT greatest({', '.join(parts)})"))

    def customer_ids(self) -> tuple[str, ...]:
        """All known customers, in order."""
        rows = self.connection.execute("SELECT customer_id FROM customers ORDER BY customer_id").fetchall()
        return tuple(row[0] for row in rows)

    def customer(self, customer_id: str) -> Customer | None:
        """A customer, or None when the customer is unknown (records never invent one)."""
        found = self._of(Customer, customer_id)
        return found[0] if found else None

    def stage_entries(self, customer_id: str) -> tuple[StageEntry, ...]:
        """A customer's entries into stages, earliest first."""
        return self._of(StageEntry, customer_id)

    def signals_of(self, customer_id: str) -> tuple[Signal, ...]:
        """A customer's signals, oldest first."""
        return self._of(Signal, customer_id)

    def interventions_of(self, customer_id: str) -> tuple[Intervention, ...]:
        """A customer's interventions, earliest first."""
        return self._of(Intervention, customer_id)

    def outcomes_of(self, customer_id: str) -> tuple[Outcome, ...]:
        """The outcomes that name this customer, earliest first."""
        return self._of(Outcome, customer_id)

    def events_of(self, customer_id: str) -> tuple[Event, ...]:
        """A customer's raw events, earliest first."""
        return self._of(Event, customer_id)

    def objects(self, dataset: str) -> tuple[Record, ...]:
        """All records of a set as objects, in canonical order.

        Raises:
            InputError: There is no such set.
        """
        if dataset not in DATASETS:
            raise InputError(f"{dataset!r} is not a record set{did_you_mean(dataset, list(DATASETS))}")
        return self._fetch(record_type(dataset))

    def add_signals(self, signals: Iterable[Signal]) -> int:
        """Add signals, for instance those that detectors made of events, and return how many were new.

        A signal is not new when its key is taken, or when the same customer has one of the same type on the same day:
        what is recorded already is not counted twice.
        """
        columns = ", ".join(quoted(column.name) for column in columns_of(Signal.dataset))
        added = 0
        for signal in signals:
            values = [getattr(signal, column.name) for column in columns_of(Signal.dataset)]
            row = self.connection.execute(
                f"""
                INSERT INTO signals ({columns}, row_number, gaps)
                SELECT {", ".join("?" for _ in values)}, (SELECT coalesce(max(row_number), 0) + 1 FROM signals), 0
                WHERE NOT EXISTS (
                    FROM signals WHERE signal_id = ? OR (customer_id = ? AND signal_type = ? AND detected_at::DATE = ?)
                )
                """,
                [*values, signal.signal_id, signal.customer_id, signal.signal_type, signal.detected_at.date()],
            ).fetchone()
            added += int(row[0]) if row else 0
        self._indices.pop(Signal, None)
        return added

    def write_quarantine(self, folder: Path, *, overwrite: bool = False) -> list[Path]:
        """Write the rows that were set aside, one JSON Lines file for each set, and return the files.

        Each line holds set, row number, code, reason and the row as it was given. A file appears whole or not at all.

        Args:
            folder: Where to; it is made when it is not there.
            overwrite: Whether files of an earlier quarantine may be replaced.

        Raises:
            InputError: A file is already there, or the folder cannot be written to.
        """
        by_set: dict[str, list[SetAside]] = {}
        for row in self.set_aside:
            by_set.setdefault(row.dataset, []).append(row)
        targets = {folder / f"{dataset}.jsonl": rows for dataset, rows in by_set.items()}
        taken = [path.name for path in targets if path.exists()]
        if taken and not overwrite:
            raise InputError(f"{folder}: {', '.join(taken)} is already there; give another folder, or remove it first")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for path, rows in targets.items():
                _write_whole(path, rows)
        except OSError as error:
            raise InputError(f"{folder}: cannot be written to: {error}") from None
        return list(targets)

    def _of(self, kind: type[R], customer_id: str) -> tuple[R, ...]:
        index = self._indices.get(kind)
        if index is None:
            rows = one_value(self.connection, f"SELECT count(*) FROM {kind.dataset}")
            if rows > INDEX_AT_MOST:
                return self._fetch(kind, customer_id)
            index = {}
            for record in self._fetch(kind):
                index.setdefault(getattr(record, "customer_id", None), []).append(record)
            self._indices[kind] = index
        return cast("tuple[R, ...]", tuple(index.get(customer_id, ())))

    @cached_property
    def _indices(self) -> dict[type[Record], dict[str | None, list[Record]]]:
        return {}

    def _fetch(self, kind: type[R], customer_id: str | None = None) -> tuple[R, ...]:
        columns = columns_of(kind.dataset)
        names = [column.name for column in columns]
        fields = ", ".join(quoted(name) for name in names)
        where = "" if customer_id is None else "WHERE customer_id = ?"
        parameters = [] if customer_id is None else [customer_id]
        rows = self.connection.execute(
            f"SELECT {fields} FROM {kind.dataset} {where} ORDER BY {_ORDER[kind]}", parameters
        ).fetchall()
        lists = [place for place, column in enumerate(columns) if column.kind == "texts"]
        mappings = [place for place, column in enumerate(columns) if column.kind == "mapping"]
        if lists or mappings:
            rows = [_with_containers(row, lists, mappings) for row in rows]
        # The rows were validated by column with the bounds of this very model, so they are not validated again.
        objects = (kind.model_construct(None, **dict(zip(names, row, strict=True))) for row in rows)
        return cast("tuple[R, ...]", tuple(objects))


LOAD_FINDINGS = """
SELECT code, severity, dataset, record, customer_id, message FROM load_findings
UNION ALL
SELECT code, severity, dataset, record, customer_id,
    'Row ' || row_number || ' of ' || dataset || ' is set aside: it ' || reason || '.'
FROM set_aside WHERE code IN ('duplicate-record', 'duplicate-key', 'conflicting-duplicate')
UNION ALL
SELECT code, severity, dataset, record, customer_id,
    'Row ' || row_number || ' of ' || dataset || ' is set aside: ' || reason || '.'
FROM set_aside WHERE code NOT IN ('duplicate-record', 'duplicate-key', 'conflicting-duplicate')
"""
"""Everything noticed while reading, as rows of findings."""


def _with_containers(row: tuple[Any, ...], lists: list[int], mappings: list[int]) -> tuple[Any, ...]:
    values = list(row)
    for place in lists:
        values[place] = tuple(values[place] or ())
    for place in mappings:
        values[place] = json.loads(values[place]) if values[place] else {}
    return tuple(values)


def _write_whole(path: Path, rows: list[SetAside]) -> None:
    handle, temporary = mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            for row in rows:
                file.write(json.dumps({name: getattr(row, name) for name in row.__slots__}, ensure_ascii=False) + "\n")
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
