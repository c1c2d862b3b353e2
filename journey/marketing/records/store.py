"""Marketing records of one company, as database tables and as typed objects."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import duckdb

from journey.core.errors import InputError
from journey.core.suggestions import did_you_mean
from journey.decision.policy import Policy
from journey.marketing.records.model import MARKETING_FAMILY, LogEvent
from journey.records.assemble import load_tables
from journey.records.deduplication import resolve_duplicates
from journey.records.tables import RecordTables
from journey.records.value_normalisation import normalise_values


class MarketingRecords(RecordTables):
    """All marketing records of one company.

    Attributes:
        connection: An in-memory DuckDB connection with one table for each record set of `MARKETING_FAMILY`, under the
            name of the set; see `journey.records.tables.RecordTables` for the columns.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, source: str) -> None:
        normalise_values(connection, MARKETING_FAMILY.datasets, {})
        # The policy ranks conflicting customer signals. This family has no such signals, so any policy will do.
        resolve_duplicates(connection, MARKETING_FAMILY.datasets, Policy())
        super().__init__(connection, source, MARKETING_FAMILY)

    def latest_date(self) -> datetime | None:
        """The latest date of an event in any record but the log, or in the log if nothing else has a date.

        The log has the time of the clock at each step, which may be long after the records end.
        """
        datasets = [name for name in self.family.datasets if name != LogEvent.dataset]
        return self._find_latest_date(datasets) or self.latest_log_date()

    def latest_log_date(self) -> datetime | None:
        """The latest date in the log; None if it is empty."""
        return self._find_latest_date([LogEvent.dataset])

    @classmethod
    def from_tables(cls, tables: Mapping[str, Any], *, source: str = "tables") -> "MarketingRecords":
        """Build records from data frames or rows in memory.

        Args:
            tables: Tables by name of the record set: objects with the Arrow stream interface, or lists of mappings or
                record objects. Omitted sets are empty.
            source: Name of the origin, for messages.

        Raises:
            InputError: A name is not a record set, or a table does not fit its set.
        """
        for name in tables:
            if name not in MARKETING_FAMILY.datasets:
                raise InputError(f"{name!r} is not a record set{did_you_mean(name, MARKETING_FAMILY.datasets)}")
        return cls(load_tables(MARKETING_FAMILY, tables), source)
