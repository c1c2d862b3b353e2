"""Find the customer of each row with a hash table of customer IDs, while the database continues to read.

A join in the database would take twice as long: it copies the rows of a million customers into a temporary table for
each set that is joined.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt

from journey.batch.arrow_stream import NUMBER_FORMATS, QueryResult, RowBatch, TextColumn
from journey.batch.grouping import NO_INDEX, get_kernels

CASE_ID_COLUMN = "case_id"
"""The column that identifies the case of a row: a customer ID in the query, the number of the case in the result."""


class CustomerIdIndex(NamedTuple):
    """The IDs of all customers, in the order of the customers table. Other tables often have the same order.

    Attributes:
        texts: The IDs.
        rows: The ``rowid`` of each customer in the table.
        slots: The hash table of the IDs; see `journey.batch.grouping.fill_slots`.
    """

    texts: TextColumn
    rows: npt.NDArray[np.int64]
    slots: npt.NDArray[np.int64]

    @classmethod
    def from_customers(cls, cursor: duckdb.DuckDBPyConnection) -> "CustomerIdIndex":
        """Build the index from the database's customers table."""
        result = QueryResult(cursor.sql("SELECT customer_id, rowid AS place FROM customers"))
        parts = [_copy_columns(batch) for batch in result.batches()]
        texts = _concatenate_texts([part["customer_id"] for part in parts])
        # At most half of the slots are used, so that searches are short.
        slots = np.zeros(1 << (2 * len(texts.ends)).bit_length(), dtype=np.int64)
        get_kernels().fill_slots(*texts, slots)
        return cls(texts, _concatenate(np.int64, (part["place"] for part in parts)), slots)


class CaseLookup:
    """Finds the case of each row, where each customer has exactly one case.

    Args:
        cursor: Its table ``cases`` has a row for each customer: ``place`` is the customer's ``rowid``.
        known: The customers' IDs.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection, known: CustomerIdIndex) -> None:
        self._cursor = cursor
        self._known = known
        in_cases = cursor.execute("SELECT place FROM cases").fetchnumpy()["place"]
        cases = np.empty(int(known.rows.max(initial=NO_INDEX)) + 1, dtype=np.int32)
        cases[in_cases] = np.arange(len(in_cases), dtype=np.int32)
        # The extra last entry is for NO_INDEX.
        self._cases = np.append(cases[known.rows], np.int32(NO_INDEX))

    def fetch_rows(self, sql: str) -> dict[str, npt.NDArray[Any]]:
        """Return a query's columns, with the case of each row as `CASE_ID_COLUMN`.

        Rows of unknown customers are omitted.

        Args:
            sql: Returns numbers that are not null, and the customer's ID as `CASE_ID_COLUMN`.
        """
        result = QueryResult(self._cursor.sql(sql))
        with ThreadPoolExecutor(1) as executor:
            parts = list(executor.map(self._select_known_rows, result.batches()))
        return {
            name: _concatenate(NUMBER_FORMATS.get(kind, np.int32), (part[name] for part in parts))
            for name, kind in result.formats.items()
        }

    def _select_known_rows(self, batch: RowBatch) -> dict[str, npt.NDArray[Any]]:
        ids: TextColumn = batch.columns[CASE_ID_COLUMN]
        indices = np.empty(max(len(ids.ends) - 1, 0), dtype=np.int32)
        get_kernels().find_texts(*ids, *self._known.texts, self._known.slots, indices)
        cases = self._cases[indices]
        known = cases != NO_INDEX
        kept = slice(None) if known.all() else known
        return {
            name: cases[kept] if name == CASE_ID_COLUMN else column[kept].copy()
            for name, column in batch.columns.items()
        }


def _copy_columns(batch: RowBatch) -> dict[str, Any]:
    """Copy the columns of a batch, so that they outlive it."""
    return {
        name: TextColumn(column.data.copy(), column.ends.copy()) if isinstance(column, TextColumn) else column.copy()
        for name, column in batch.columns.items()
    }


def _concatenate_texts(parts: list[TextColumn]) -> TextColumn:
    """Concatenate several text columns."""
    sizes = np.cumsum([0, *(len(part.data) for part in parts)])
    ends = (part.ends[1:].astype(np.int64) + start for part, start in zip(parts, sizes[:-1], strict=True))
    data = _concatenate(np.uint8, (part.data for part in parts))
    return TextColumn(data, np.append(np.int64(0), _concatenate(np.int64, ends)))


def _concatenate(kind: Any, parts: Iterable[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Concatenate arrays; without arrays, return an empty one."""
    return np.concatenate([np.empty(0, dtype=kind), *parts])
