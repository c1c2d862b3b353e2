"""The records of the campaigns of one company: tables to query, and typed objects."""

from collections.abc import Mapping
from typing import Any

import duckdb

from journey.core.errors import InputError
from journey.core.suggestions import did_you_mean
from journey.decision.policy import Policy
from journey.marketing.records.model import MARKETING_FAMILY
from journey.records.assemble import load_tables
from journey.records.deduplication import resolve_duplicates
from journey.records.tables import RecordTables
from journey.records.value_normalisation import normalise_values


class MarketingRecords(RecordTables):
    """All records of the marketing side.

    Attributes:
        connection: An in-memory DuckDB connection with a table for each set of `MARKETING_FAMILY`, named like it; see
            `journey.records.tables.RecordTables` for their columns.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, source: str) -> None:
        normalise_values(connection, MARKETING_FAMILY.datasets, {})
        # The policy says which of two customer signals looks worse; no set of this family holds such signals.
        resolve_duplicates(connection, MARKETING_FAMILY.datasets, Policy())
        super().__init__(connection, source, MARKETING_FAMILY)

    @classmethod
    def from_tables(cls, tables: Mapping[str, Any], *, source: str = "tables") -> "MarketingRecords":
        """Records out of frames or rows at hand.

        Args:
            tables: By name of the set, anything that offers the Arrow stream interface, or a list of mappings or
                record objects. Sets that are left out are empty.
            source: What to call the origin in messages.

        Raises:
            InputError: A name is not a set, or a table cannot be read as its set.
        """
        for name in tables:
            if name not in MARKETING_FAMILY.datasets:
                raise InputError(f"{name!r} is not a record set{did_you_mean(name, MARKETING_FAMILY.datasets)}")
        return cls(load_tables(MARKETING_FAMILY, tables), source)
