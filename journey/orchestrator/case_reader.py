"""Read customers one after another, each with all records of the customer."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from journey.core.errors import InputError
from journey.decision.as_of import AsOf
from journey.records.columns import get_columns
from journey.records.folder import Records
from journey.records.model import Customer, Intervention, Outcome, Record, Signal, StageEntry

CHUNK_ROWS = 20_000
"""Rows that are fetched from the database at a time."""


class CustomerCase(NamedTuple):
    """A customer and the customer's records, in database order."""

    customer: Customer
    entries: tuple[StageEntry, ...]
    signals: tuple[Signal, ...]
    interventions: tuple[Intervention, ...]
    outcomes: tuple[Outcome, ...]


def default_as_of(records: Records) -> AsOf:
    """Return the whole day of the latest date in the records.

    Raises:
        InputError: No record has a date.
    """
    latest = records.latest_date()
    if latest is None:
        raise InputError(
            f"{records.source}: no record has a date; give the evaluation date (as_of, or --as-of on the command line)"
        )
    return AsOf.of(latest.date())


def resolve_as_of(records: Records, as_of: AsOf | date | str | None) -> AsOf:
    """Return `as_of`, or the default for these records when it is None."""
    return default_as_of(records) if as_of is None else AsOf.of(as_of)


MATCHED_OUTCOMES = """
SELECT o.* REPLACE (coalesce(o.measured_at, ?) AS measured_at, i.customer_id AS customer_id)
FROM outcomes o JOIN interventions i USING (intervention_id)
WHERE o.customer_id IS NULL OR o.customer_id = i.customer_id
"""
"""Outcomes joined on intervention and customer. An outcome without a date gets the latest date of the records, because
no earlier date is known for it."""


class CaseReader:
    """Reads customers with their records from the tables: all in one pass, or selected ones by ID."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._latest = records.latest_date()

    def read_all(self) -> Iterator[CustomerCase]:
        """Iterate over all known customers, in order of ID."""
        return self._read_cases(None)

    def read_many(self, customer_ids: Sequence[str]) -> Iterator[CustomerCase]:
        """Iterate over the known ones of these customers, in order of ID; each set is read once."""
        return self._read_cases(customer_ids)

    def read_one(self, customer_id: str) -> CustomerCase | None:
        """Return one customer, or None when the customer is unknown."""
        return next(self._read_cases([customer_id]), None)

    def _read_cases(self, customer_ids: Sequence[str] | None) -> Iterator[CustomerCase]:
        entries, signals, interventions, outcomes = (
            _CustomerRows(self._rows(kind, customer_ids)) for kind in (StageEntry, Signal, Intervention, Outcome)
        )
        for customer in self._rows(Customer, customer_ids):
            key = customer.customer_id
            yield CustomerCase(
                customer,
                entries.take_rows(key),
                signals.take_rows(key),
                interventions.take_rows(key),
                outcomes.take_rows(key),
            )

    def _rows(self, kind: type[Record], customer_ids: Sequence[str] | None) -> Iterator[Any]:
        names = [column.name for column in get_columns(kind.dataset)]
        lists = {column.name for column in get_columns(kind.dataset) if column.kind == "texts"}
        source = f"({MATCHED_OUTCOMES})" if kind is Outcome else kind.dataset
        parameters: list[Any] = [self._latest] if kind is Outcome else []
        where = ""
        if customer_ids is not None:
            where = "WHERE customer_id IN (SELECT unnest(?::VARCHAR[]))"
            parameters.append(list(customer_ids))
        # A separate cursor for each set, so that several sets can be read in parallel.
        cursor = self._records.connection.cursor()
        cursor.execute(f"SELECT {', '.join(names)} FROM {source} {where} ORDER BY customer_id", parameters)
        construct = kind.model_construct
        while rows := cursor.fetchmany(CHUNK_ROWS):
            for row in rows:
                values = dict(zip(names, row, strict=True))
                for name in lists:
                    values[name] = tuple(values[name] or ())
                # The columns were already validated against this model.
                yield construct(None, **values)


class _CustomerRows:
    """Rows sorted by customer, returned one customer at a time; rows of unknown customers are skipped."""

    def __init__(self, rows: Iterator[Any]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def take_rows(self, customer_id: str) -> tuple[Any, ...]:
        found = []
        while self._next is not None and self._next.customer_id <= customer_id:
            if self._next.customer_id == customer_id:
                found.append(self._next)
            self._next = next(self._rows, None)
        return tuple(found)
