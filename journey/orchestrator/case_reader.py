"""All customers of a folder of records, one case after another, each with the records that concern the customer."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from journey.core.errors import InputError
from journey.decision.as_of import AsOf
from journey.records.columns import get_columns
from journey.records.folder import Records
from journey.records.model import Customer, Intervention, Outcome, Record, Signal, StageEntry

CHUNK_ROWS = 20_000
"""Rows taken from the database at a time."""


class CustomerCase(NamedTuple):
    """A customer and the records that concern the customer, in the order of the database."""

    customer: Customer
    entries: tuple[StageEntry, ...]
    signals: tuple[Signal, ...]
    interventions: tuple[Intervention, ...]
    outcomes: tuple[Outcome, ...]


def default_as_of(records: Records) -> AsOf:
    """The whole day of the latest date in the records.

    Raises:
        InputError: No record carries a date.
    """
    latest = records.latest_date()
    if latest is None:
        raise InputError(
            f"{records.source}: no record carries a date; say at which moment to judge (as_of, or --as-of in a shell)"
        )
    return AsOf.of(latest.date())


def resolve_as_of(records: Records, as_of: AsOf | date | str | None) -> AsOf:
    """`as_of`, or the default for these records when it is None."""
    return default_as_of(records) if as_of is None else AsOf.of(as_of)


MATCHED_OUTCOMES = """
SELECT o.* REPLACE (coalesce(o.measured_at, ?) AS measured_at, i.customer_id AS customer_id)
FROM outcomes o JOIN interventions i USING (intervention_id)
WHERE o.customer_id IS NULL OR o.customer_id = i.customer_id
"""
"""Outcomes joined on intervention and customer. One without a date is dated at the end of the records: by then it was
there, and nothing says that it was there earlier."""


class CaseReader:
    """Reads whole customers out of the tables, all of them in one pass or one by name."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._latest = records.latest_date()

    def read_all(self) -> Iterator[CustomerCase]:
        """Every known customer, in order of the id."""
        return self._read_cases(None)

    def read_many(self, customer_ids: Sequence[str]) -> Iterator[CustomerCase]:
        """Those of these customers that are known, in order of the id, each set read once."""
        return self._read_cases(customer_ids)

    def read_one(self, customer_id: str) -> CustomerCase | None:
        """One customer, or None when the customer is unknown."""
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
        # A cursor of its own, so that several sets can be read side by side.
        cursor = self._records.connection.cursor()
        cursor.execute(f"SELECT {', '.join(names)} FROM {source} {where} ORDER BY customer_id", parameters)
        construct = kind.model_construct
        while rows := cursor.fetchmany(CHUNK_ROWS):
            for row in rows:
                values = dict(zip(names, row, strict=True))
                for name in lists:
                    values[name] = tuple(values[name] or ())
                # The rows were validated by column with the bounds of this very model: not again.
                yield construct(None, **values)


class _CustomerRows:
    """Rows in order of customer, handed out customer by customer; those of unknown customers are passed over."""

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
