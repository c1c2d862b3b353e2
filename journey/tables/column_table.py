"""A table in memory: named columns of Python values."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from journey.runtime.duckdb import connect_in_memory
from journey.tables.export import FrameExport

if TYPE_CHECKING:
    import duckdb


class ColumnTable(FrameExport):
    """A table with named, typed columns.

    Attributes:
        types: The SQL type of each column by name, in the order of the columns: ``VARCHAR``, ``DOUBLE``, ``BIGINT``,
            ``BOOLEAN``, or a list type such as ``VARCHAR[]``.
        columns: The values of each column by name; None is a missing value.
    """

    __slots__ = ("columns", "types")

    def __init__(self, types: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> None:
        """Create a table from rows.

        Args:
            types: The SQL type of each column by name.
            rows: The rows, each with one value per column, in the order of `types`.
        """
        self.types = dict(types)
        by_column = list(zip(*rows, strict=True)) or [()] * len(self.types)
        self.columns = {name: list(values) for name, values in zip(self.types, by_column, strict=True)}

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Iterate over the rows as mappings from column to value."""
        for values in zip(*self.columns.values(), strict=True):
            yield dict(zip(self.columns, values, strict=True))

    def __repr__(self) -> str:
        return f"<table of {len(self):,} rows: {', '.join(self.columns)}>"

    def to_relation(self) -> "duckdb.DuckDBPyRelation":
        """Return the table as a DuckDB relation."""
        selected = ", ".join(f"unnest(?::{kind}[]) AS {quote_name(name)}" for name, kind in self.types.items())
        return connect_in_memory().sql(f"SELECT {selected}", params=list(self.columns.values()))


def quote_name(name: str) -> str:
    """A name as SQL."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'
