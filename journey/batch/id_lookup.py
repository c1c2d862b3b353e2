"""Whose rows are whose: customers' ids found in a table of hashes, while the database goes on reading.

A join on ids in the database would find them as well, and take twice as long: it copies every row of a million
customers into a table of its own, once for each set that is joined.
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
"""The column of a query that says whose a row is: an id in the query, the number of a case in the answer."""


class CustomerIdIndex(NamedTuple):
    """The ids of all customers, in the order of their table, which is often that of the other tables.

    Attributes:
        texts: The ids.
        rows: Of each the ``rowid`` in the table.
        slots: Where each is found by its hash; see `journey.batch.grouping.fill_slots`.
    """

    texts: TextColumn
    rows: npt.NDArray[np.int64]
    slots: npt.NDArray[np.int64]

    @classmethod
    def from_customers(cls, cursor: duckdb.DuckDBPyConnection) -> "CustomerIdIndex":
        """Those of the database's table of customers."""
        result = QueryResult(cursor.sql("SELECT customer_id, rowid AS place FROM customers"))
        parts = [_copy_columns(batch) for batch in result.batches()]
        texts = _concatenate_texts([part["customer_id"] for part in parts])
        # At most half of the slots are taken, so that a search is short.
        slots = np.zeros(1 << (2 * len(texts.ends)).bit_length(), dtype=np.int64)
        get_kernels().fill_slots(*texts, slots)
        return cls(texts, _concatenate(np.int64, (part["place"] for part in parts)), slots)


class CaseLookup:
    """The cases of customers, each of which has one.

    Args:
        cursor: Its table ``cases`` has a row for each customer: ``place`` is the customer's ``rowid``.
        known: The customers' ids.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection, known: CustomerIdIndex) -> None:
        self._cursor = cursor
        self._known = known
        in_cases = cursor.execute("SELECT place FROM cases").fetchnumpy()["place"]
        cases = np.empty(int(known.rows.max(initial=NO_INDEX)) + 1, dtype=np.int32)
        cases[in_cases] = np.arange(len(in_cases), dtype=np.int32)
        # The entry behind the last answers for NOTHING.
        self._cases = np.append(cases[known.rows], np.int32(NO_INDEX))

    def fetch_rows(self, sql: str) -> dict[str, npt.NDArray[Any]]:
        """A query's columns, and the case of each row as `CASE_ID_COLUMN`; rows of unknown customers are left out.

        Args:
            sql: Gives numbers that are not null, and the customer's id as `CASE_ID_COLUMN`.
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
        places = np.empty(max(len(ids.ends) - 1, 0), dtype=np.int32)
        get_kernels().find_texts(*ids, *self._known.texts, self._known.slots, places)
        cases = self._cases[places]
        known = cases != NO_INDEX
        kept = slice(None) if known.all() else known
        return {
            name: cases[kept] if name == CASE_ID_COLUMN else column[kept].copy()
            for name, column in batch.columns.items()
        }


def _copy_columns(batch: RowBatch) -> dict[str, Any]:
    """The columns of a batch, to be kept when it is gone."""
    return {
        name: TextColumn(column.data.copy(), column.ends.copy()) if isinstance(column, TextColumn) else column.copy()
        for name, column in batch.columns.items()
    }


def _concatenate_texts(parts: list[TextColumn]) -> TextColumn:
    """The texts of several columns as one column."""
    sizes = np.cumsum([0, *(len(part.data) for part in parts)])
    ends = (part.ends[1:].astype(np.int64) + start for part, start in zip(parts, sizes[:-1], strict=True))
    data = _concatenate(np.uint8, (part.data for part in parts))
    return TextColumn(data, np.append(np.int64(0), _concatenate(np.int64, ends)))


def _concatenate(kind: Any, parts: Iterable[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Several arrays as one; there may be none."""
    return np.concatenate([np.empty(0, dtype=kind), *parts])
