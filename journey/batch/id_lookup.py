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

from journey.batch.arrow_stream import NUMBERS, Answer, Batch, Texts
from journey.batch.grouping import NOTHING, grouping

OWNER = "case_id"
"""The column of a query that says whose a row is: an id in the query, the number of a case in the answer."""


class KnownIds(NamedTuple):
    """The ids of all customers, in the order of their table, which is often that of the other tables.

    Attributes:
        texts: The ids.
        rows: Of each the ``rowid`` in the table.
        slots: Where each is found by its hash; see `journey.batch.grouping.fill_slots`.
    """

    texts: Texts
    rows: npt.NDArray[np.int64]
    slots: npt.NDArray[np.int64]

    @classmethod
    def of(cls, cursor: duckdb.DuckDBPyConnection) -> "KnownIds":
        """Those of the database's table of customers."""
        asked = Answer(cursor.sql("SELECT customer_id, rowid AS place FROM customers"))
        parts = [_copied(batch) for batch in asked.batches()]
        texts = _joined([part["customer_id"] for part in parts])
        # At most half of the slots are taken, so that a search is short.
        slots = np.zeros(1 << (2 * len(texts.ends)).bit_length(), dtype=np.int64)
        grouping().fill_slots(*texts, slots)
        return cls(texts, _one_behind_the_other(np.int64, (part["place"] for part in parts)), slots)


class Owners:
    """The cases of customers, each of which has one.

    Args:
        cursor: Its table ``cases`` has a row for each customer: ``place`` is the customer's ``rowid``.
        known: The customers' ids.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection, known: KnownIds) -> None:
        self._cursor = cursor
        self._known = known
        in_cases = cursor.execute("SELECT place FROM cases").fetchnumpy()["place"]
        cases = np.empty(int(known.rows.max(initial=NOTHING)) + 1, dtype=np.int32)
        cases[in_cases] = np.arange(len(in_cases), dtype=np.int32)
        # The entry behind the last answers for NOTHING.
        self._cases = np.append(cases[known.rows], np.int32(NOTHING))

    def rows(self, sql: str) -> dict[str, npt.NDArray[Any]]:
        """The answer to a query by column, with the number of the case as `OWNER`; rows of no known customer left out.

        Args:
            sql: Gives numbers that are not null, and the customer's id as `OWNER`.
        """
        answer = Answer(self._cursor.sql(sql))
        with ThreadPoolExecutor(1) as beside:
            parts = list(beside.map(self._taken, answer.batches()))
        return {
            name: _one_behind_the_other(NUMBERS.get(kind, np.int32), (part[name] for part in parts))
            for name, kind in answer.formats.items()
        }

    def _taken(self, batch: Batch) -> dict[str, npt.NDArray[Any]]:
        ids: Texts = batch.columns[OWNER]
        places = np.empty(max(len(ids.ends) - 1, 0), dtype=np.int32)
        grouping().find_texts(*ids, *self._known.texts, self._known.slots, places)
        cases = self._cases[places]
        known = cases != NOTHING
        kept = slice(None) if known.all() else known
        return {name: cases[kept] if name == OWNER else column[kept].copy() for name, column in batch.columns.items()}


def _copied(batch: Batch) -> dict[str, Any]:
    """The columns of a batch, to be kept when it is gone."""
    return {
        name: Texts(column.data.copy(), column.ends.copy()) if isinstance(column, Texts) else column.copy()
        for name, column in batch.columns.items()
    }


def _joined(parts: list[Texts]) -> Texts:
    """The texts of several columns as one column."""
    sizes = np.cumsum([0, *(len(part.data) for part in parts)])
    ends = (part.ends[1:].astype(np.int64) + start for part, start in zip(parts, sizes[:-1], strict=True))
    data = _one_behind_the_other(np.uint8, (part.data for part in parts))
    return Texts(data, np.append(np.int64(0), _one_behind_the_other(np.int64, ends)))


def _one_behind_the_other(kind: Any, parts: Iterable[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Several arrays as one; there may be none."""
    return np.concatenate([np.empty(0, dtype=kind), *parts])
