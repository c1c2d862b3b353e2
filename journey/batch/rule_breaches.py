"""What broke rules in many histories, as the events of `journey.histories`, with the keys of their records."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from journey.batch.history_kernels import IS_INFERRED, NOTHING
from journey.batch.rule_verdicts import EventRows, JudgedRule
from journey.histories.event import HistoryEvent
from journey.histories.verdicts import RuleVerdict, to_due_moment
from journey.records.columns import build_label_sql
from journey.records.folder import Records
from journey.rules.monitor import BROKEN

_Events = Sequence[tuple[str, tuple[str, ...]]]


class Breach(NamedTuple):
    """A customer for whom a rule is broken.

    Attributes:
        rule: Index of the rule.
        customer_id: The customer.
        verdict: What broke it.
    """

    rule: int
    customer_id: str
    verdict: RuleVerdict


def read_breaches(records: Records, events: _Events, judged: Sequence[JudgedRule]) -> Iterator[Breach]:
    """The customers for whom rules are broken, rule by rule, with the events.

    Args:
        records: The records.
        events: Kind and labels of every event, by code.
        judged: The verdicts of the rules.
    """
    names = _read_customers(records, judged)
    keys = _RecordKeys(records, events, judged)
    for rule, result in enumerate(judged):
        for part in result.breaches:
            rows = zip(
                part.customers.tolist(),
                _list_events(part.event),
                _list_events(part.partner),
                part.due.tolist(),
                strict=True,
            )
            for customer, event_row, partner_row, due in rows:
                name = names[customer]
                event, partner = keys.build_event(event_row, name), keys.build_event(partner_row, name)
                yield Breach(rule, name, RuleVerdict(BROKEN, event, partner, to_due_moment(due)))


_EventRow = tuple[int, datetime, int, int]


def _list_events(rows: EventRows) -> Iterator[_EventRow]:
    moments = rows.moment.astype("datetime64[us]").tolist()
    return zip(rows.code.tolist(), moments, rows.record.tolist(), rows.flags.tolist(), strict=True)


class _RecordKeys:
    """Names the records of events."""

    def __init__(self, records: Records, events: _Events, judged: Sequence[JudgedRule]) -> None:
        self._events = events
        self._is_signal = np.array([kind == "signal" for kind, _ in events], dtype=np.bool_)
        shown = [rows for result in judged for part in result.breaches for rows in (part.event, part.partner)]
        self._signals = _read_labels(records, "signals", (self._select(rows, signals=True) for rows in shown))
        self._interventions = _read_labels(
            records, "interventions", (self._select(rows, signals=False) for rows in shown)
        )

    def build_event(self, row: _EventRow, customer_id: str) -> HistoryEvent | None:
        """An event of a customer; None without one."""
        code, moment, record, flags = row
        if code == NOTHING:
            return None
        kind, labels = self._events[code]
        if kind in ("stage", "move"):
            dataset, key = "journey_state_log", f"{customer_id}@{moment.date().isoformat()}"
        elif kind == "signal":
            dataset, key = "signals", self._signals[record]
        else:
            dataset, key = "interventions", self._interventions[record]
        return HistoryEvent(kind, labels, moment, dataset, key, bool(flags & IS_INFERRED))

    def _select(self, rows: EventRows, *, signals: bool) -> npt.NDArray[np.int32]:
        """The records of these events that are signals, or else interventions."""
        there = (rows.code != NOTHING) & (rows.record != NOTHING)
        there[there] = self._is_signal[rows.code[there]] == signals
        selected: npt.NDArray[np.int32] = rows.record[there]
        return selected


def _read_customers(records: Records, judged: Sequence[JudgedRule]) -> dict[int, str]:
    """The IDs of the customers for whom a rule is broken, by row of the customers' table."""
    rows = _unite(part.customers for result in judged for part in result.breaches)
    ids = "SELECT row_number() OVER (ORDER BY rowid) - 1 AS place, customer_id FROM customers"
    return _read(records, f"SELECT place, customer_id FROM ({ids}) WHERE place IN (SELECT row FROM wanted)", rows)


def _read_labels(records: Records, dataset: str, numbers: Iterator[npt.NDArray[np.int32]]) -> dict[int, str]:
    """The keys of some records of a set, by ``rowid``."""
    sql = f"SELECT rowid, {build_label_sql(dataset)} FROM {dataset} WHERE rowid IN (SELECT row FROM wanted)"
    return _read(records, sql, _unite(numbers))


def _unite(parts: Iterator[npt.NDArray[np.int64]] | Iterator[npt.NDArray[np.int32]]) -> npt.NDArray[np.int64]:
    return np.unique(np.concatenate([np.empty(0, dtype=np.int64), *parts]))


def _read(records: Records, sql: str, rows: npt.NDArray[np.int64]) -> dict[int, str]:
    """The texts of a query about the rows in its table ``wanted``, by row."""
    cursor = records.connection.cursor()
    cursor.register("wanted", {"row": rows})
    return dict(cursor.execute(sql).fetchall())
