"""The records of one company: clean typed tables, rows set aside, and typed objects of single customers."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, cast

import duckdb

from journey.core.errors import InputError
from journey.core.suggestions import did_you_mean
from journey.decision.policy import Policy
from journey.machine import Journey
from journey.records import assemble
from journey.records.columns import get_columns
from journey.records.database import one_value, quoted
from journey.records.distinct_values import discard_distinct_values
from journey.records.model import (
    CUSTOMER_FAMILY,
    DATASETS,
    Customer,
    Event,
    Intervention,
    Outcome,
    Record,
    Signal,
    StageEntry,
)
from journey.records.tables import R, RecordTables

MAX_INDEXED_ROWS = 200_000
"""Maximum number of rows for which a set's objects are kept by customer; for more rows, each request is one query."""

_ORDER: dict[type[Record], str] = {
    Customer: "customer_id",
    StageEntry: "customer_id, state_entered_at, journey_stage, previous_stage NULLS FIRST, days_in_state NULLS FIRST",
    Signal: (
        "customer_id, detected_at, signal_type, source NULLS FIRST, signal_strength, signal_id NULLS FIRST, row_number"
    ),
    Intervention: "customer_id, generated_at, intervention_id",
    Outcome: "customer_id NULLS LAST, measured_at NULLS LAST, intervention_id, outcome_id NULLS LAST, row_number",
    Event: "customer_id, timestamp, event_type, event_id NULLS LAST, row_number",
}
"""Canonical order of each set; it depends on the content of records, not on their position in a file."""


class Records(RecordTables):
    """All records of one company.

    Attributes:
        connection: An in-memory DuckDB connection with a table for each set: ``customers``, ``journey_state_log``,
            ``signals``, ``interventions``, ``outcomes``, ``events``. Columns are the fields of the models, dates are
            TIMESTAMP. Two more columns follow: ``row_number`` (1-based position in the file) and ``gaps`` (number of
            missing fields that got their default).
        source: Origin of the records, as text.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, source: str) -> None:
        super().__init__(connection, source, CUSTOMER_FAMILY)

    @classmethod
    def from_tables(
        cls,
        tables: Mapping[str, Any],
        *,
        journey: Journey | None = None,
        policy: Policy | None = None,
        source: str = "tables",
    ) -> "Records":
        """Records from frames or rows in memory.

        Args:
            tables: For each set name, an object with the Arrow stream interface (pandas, polars, pyarrow and others)
                or a list of mappings or record objects. Omitted sets are empty.
            journey: The journey of the stages. Default: the default journey.
            policy: Its signal types resolve conflicting duplicates. Default: the default policy.
            source: Name of the origin in messages.

        Raises:
            InputError: A name is not a known set, or a table cannot be read as its set.
        """
        for name in tables:
            if name not in DATASETS:
                raise InputError(f"{name!r} is not a record set{did_you_mean(name, list(DATASETS))}")
        return cls(assemble.assemble_tables(tables, journey, policy), source)

    def customer_ids(self) -> tuple[str, ...]:
        """The ids of all customers, sorted."""
        rows = self.connection.execute("SELECT customer_id FROM customers ORDER BY customer_id").fetchall()
        return tuple(row[0] for row in rows)

    def customer(self, customer_id: str) -> Customer | None:
        """A customer, or None if unknown."""
        found = self._fetch_for_customer(Customer, customer_id)
        return found[0] if found else None

    def stage_entries(self, customer_id: str) -> tuple[StageEntry, ...]:
        """A customer's entries into stages, earliest first."""
        return self._fetch_for_customer(StageEntry, customer_id)

    def signals_for(self, customer_id: str) -> tuple[Signal, ...]:
        """A customer's signals, oldest first."""
        return self._fetch_for_customer(Signal, customer_id)

    def interventions_for(self, customer_id: str) -> tuple[Intervention, ...]:
        """A customer's interventions, earliest first."""
        return self._fetch_for_customer(Intervention, customer_id)

    def outcomes_for(self, customer_id: str) -> tuple[Outcome, ...]:
        """The outcomes that name this customer, earliest first."""
        return self._fetch_for_customer(Outcome, customer_id)

    def events_for(self, customer_id: str) -> tuple[Event, ...]:
        """A customer's raw events, earliest first."""
        return self._fetch_for_customer(Event, customer_id)

    def add_signals(self, signals: Iterable[Signal]) -> int:
        """Add signals, for instance from detectors, and return the number of new signals.

        A signal is not new if its key exists, or if the same customer has a signal of the same type on the same day.
        """
        columns = ", ".join(quoted(column.name) for column in get_columns(Signal.dataset))
        added = 0
        for signal in signals:
            values = [getattr(signal, column.name) for column in get_columns(Signal.dataset)]
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
        discard_distinct_values(self.connection, Signal.dataset)
        self._indices.pop(Signal, None)
        return added

    def _fetch_for_customer(self, kind: type[R], customer_id: str) -> tuple[R, ...]:
        index = self._indices.get(kind)
        if index is None:
            rows = one_value(self.connection, f"SELECT count(*) FROM {kind.dataset}")
            if rows > MAX_INDEXED_ROWS:
                return self._fetch(kind, customer_id)
            index = {}
            for record in self._fetch(kind):
                index.setdefault(getattr(record, "customer_id", None), []).append(record)
            self._indices[kind] = index
        return cast("tuple[R, ...]", tuple(index.get(customer_id, ())))

    def _order(self, kind: type[Record]) -> str:
        return _ORDER[kind]

    @cached_property
    def _indices(self) -> dict[type[Record], dict[str | None, list[Record]]]:
        return {}
