"""The verdicts of rules about many recorded histories, in parts, so that the events of all are never in memory."""

from collections.abc import Collection, Iterator, Sequence
from math import inf
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from journey.batch.histories import RecordedHistories, count_longest, read_histories
from journey.batch.history_kernels import ABOUT_COUNT, NOTHING, get_history_kernels
from journey.decision.as_of import AsOf
from journey.decision.policy import Policy
from journey.histories.verdicts import HIDDEN, RuleJudge, list_pasts
from journey.machine import Journey
from journey.records.database import literal
from journey.records.folder import Records
from journey.rules import Rule, Where
from journey.rules.monitor import BROKEN, count_marks
from journey.rules.templates import Days

Verdicts = npt.NDArray[np.int8]

EXEMPT = -1
"""In place of a verdict: the rule does not apply to the customer."""

EVENTS_AT_A_TIME = 2_000_000
"""Largest number of events in memory, unless one customer has more."""


class RuleColumns(NamedTuple):
    """A rule as the kernels take it.

    Attributes:
        template: Code of its template.
        number: Its `count`.
        days: Its `within_days`; infinite without.
        mark_count: Number of its marks.
        hides_inferred: Whether inferred events do not count.
        needs_partner: Whether an event needs another one before or after it.
        counts_from_start: Whether `within_days` counts from the beginning of the history.
        symbols: What each event is to the rule, by code.
        past_starts: Where each past that can keep the rule starts.
        past_symbols: Their events.
    """

    template: int
    number: int
    days: float
    mark_count: int
    hides_inferred: bool
    needs_partner: bool
    counts_from_start: bool
    symbols: npt.NDArray[np.int8]
    past_starts: npt.NDArray[np.int64]
    past_symbols: npt.NDArray[np.int64]


class _EventColumns(NamedTuple):
    """Events of one customer while they are sorted."""

    moment: npt.NDArray[np.int64]
    rank: npt.NDArray[np.int8]
    key: npt.NDArray[np.int64]
    code: npt.NDArray[np.int32]
    record: npt.NDArray[np.int32]
    flags: npt.NDArray[np.int8]


class _HistoryColumns(NamedTuple):
    """Events of several customers, in order; those of customer `i` are at ``starts[i]:starts[i + 1]``."""

    starts: npt.NDArray[np.int64]
    moment: npt.NDArray[np.int64]
    code: npt.NDArray[np.int32]
    record: npt.NDArray[np.int32]
    flags: npt.NDArray[np.int8]


class _SeenColumns(NamedTuple):
    """The events of one customer that a rule sees."""

    symbol: npt.NDArray[np.int8]
    time: npt.NDArray[np.float64]
    place: npt.NDArray[np.int64]


class _ExplainedColumns(NamedTuple):
    """What broke a rule, by customer; indices of events, or NOTHING."""

    event: npt.NDArray[np.int64]
    partner: npt.NDArray[np.int64]
    due: npt.NDArray[np.float64]


_TYPES: dict[str, Any] = {
    "starts": np.int64, "moment": np.int64, "rank": np.int8, "key": np.int64, "code": np.int32, "record": np.int32,
    "flags": np.int8, "symbol": np.int8, "time": np.float64, "place": np.int64, "event": np.int64,
    "partner": np.int64, "due": np.float64,
}  # fmt: skip


class EventRows(NamedTuple):
    """An event for each of several customers; without one, the code is NOTHING.

    Attributes:
        code: Its code in `RecordedHistories.events`.
        moment: When it happened, in microseconds since 1970.
        record: The ``rowid`` of its signal or intervention.
        flags: As in `journey.batch.history_kernels`.
    """

    code: npt.NDArray[np.int32]
    moment: npt.NDArray[np.int64]
    record: npt.NDArray[np.int32]
    flags: npt.NDArray[np.int8]


class Breaches(NamedTuple):
    """What broke a rule, by customer.

    Attributes:
        customers: Rows of the customers' table.
        event: The event that broke the rule.
        partner: The earlier event to which it relates.
        due: Time up to which an open demand could be met, in days; infinite if something else broke the rule.
    """

    customers: npt.NDArray[np.int64]
    event: EventRows
    partner: EventRows
    due: npt.NDArray[np.float64]


class JudgedRule(NamedTuple):
    """A rule's verdicts about all customers.

    Attributes:
        verdicts: By row of the customers' table: the verdict, or EXEMPT.
        breaches: What broke it, in parts.
    """

    verdicts: Verdicts
    breaches: list[Breaches]

    def count(self) -> dict[int, int]:  # type: ignore[override]
        """The number of customers with each verdict; those to whom the rule does not apply are not among them."""
        found, numbers = np.unique(self.verdicts[self.verdicts != EXEMPT], return_counts=True)
        return dict(zip(found.tolist(), numbers.tolist(), strict=True))


class BatchJudge:
    """Judges all known customers of some records by rules.

    Attributes:
        histories: The histories.

    Args:
        records: The records.
        journey: The journey that names the moves.
        policy: The policy.
        as_of: Later records are ignored.
        kernels: The functions of `journey.batch.history_kernels`. Default: compiled.
    """

    def __init__(self, records: Records, journey: Journey, policy: Policy, as_of: AsOf, kernels: Any = None) -> None:
        self.histories = read_histories(records, journey, policy, as_of)
        self._records, self._policy = records, policy
        self._run = kernels or get_history_kernels()
        self._now = int(np.datetime64(as_of.cutoff, "us").astype(np.int64))
        self._complete = self._mark_stages(journey.initial)
        self._terminal = self._mark_stages(journey.terminal)
        self._about = np.empty((self.histories.customers, ABOUT_COUNT), dtype=np.int64)
        self._longest, self._counts = count_longest(self.histories)
        self._seen = _allocate(_SeenColumns, self._longest)

    def judge(self, rules: Sequence[Rule]) -> list[JudgedRule]:
        """The verdicts of rules."""
        columns = [build_rule_columns(rule, self.histories) for rule in rules]
        subjects = [_find_subjects(self._records, rule.where, self._policy, self.histories.customers) for rule in rules]
        judged = [JudgedRule(np.full(self.histories.customers, EXEMPT, dtype=np.int8), []) for _ in rules]
        for first, events in self._build_parts(columns):
            for rule, applies, result in zip(columns, subjects, judged, strict=True):
                self._judge_part(rule, applies, first, events, result)
        return judged

    def _build_parts(self, rules: Sequence[RuleColumns]) -> Iterator[tuple[int, _HistoryColumns]]:
        """The events of the customers in parts, each with its first customer."""
        histories = self.histories
        is_seen = np.zeros(len(histories.events), dtype=np.bool_)
        for rule in rules:
            is_seen |= rule.symbols != HIDDEN
        scratch, order = _allocate(_EventColumns, self._longest), np.empty(self._longest, dtype=np.int64)
        for first, stop, size in _split(self._counts):
            # One more, so that the index NOTHING is in it.
            out = _allocate(_HistoryColumns, size + 1)._replace(starts=np.zeros(stop - first + 1, dtype=np.int64))
            self._run.build_histories(
                histories.sources, histories.tables, is_seen, first, stop, scratch, order, self._about, out
            )
            yield first, out

    def _judge_part(
        self, rule: RuleColumns, applies: npt.NDArray[np.bool_], first: int, events: _HistoryColumns, out: JudgedRule
    ) -> None:
        marks = np.empty(rule.mark_count, dtype=np.float64)
        now, about, terminal = self._now, self._about, self._terminal
        self._run.judge_cases(rule, events, about, self._complete, terminal, applies, first, now, marks, out.verdicts)
        broken = first + np.flatnonzero(out.verdicts[first : first + len(events.starts) - 1] == BROKEN)
        if len(broken):
            found = _allocate(_ExplainedColumns, len(broken))
            self._run.explain_cases(rule, events, about, terminal, broken, first, now, marks, self._seen, found)
            event, partner = (_gather(events, index) for index in (found.event, found.partner))
            out.breaches.append(Breaches(broken, event, partner, found.due))

    def _mark_stages(self, stages: Collection[str]) -> npt.NDArray[np.bool_]:
        """By index of a recorded stage: whether it is among some stages."""
        return np.array([stage in stages for stage in self.histories.stages], dtype=np.bool_)


def _gather(events: _HistoryColumns, index: npt.NDArray[np.int64]) -> EventRows:
    """The events at some indices; code NOTHING for the index NOTHING."""
    code = events.code[index]
    code[index == NOTHING] = NOTHING
    return EventRows(code, events.moment[index], events.record[index], events.flags[index])


def build_rule_columns(rule: Rule, histories: RecordedHistories) -> RuleColumns:
    """A rule for the events of these histories."""
    judge = RuleJudge(rule)
    days = inf if rule.within_days is None else rule.within_days
    template = rule.definition.code
    pasts = list(list_pasts(rule))
    return RuleColumns(
        template=template,
        number=rule.count,
        days=days,
        mark_count=count_marks(template, rule.count, days),
        hides_inferred=judge.hides_inferred,
        needs_partner=judge.needs_partner,
        counts_from_start=rule.definition.days is Days.FROM_START,
        symbols=np.array([judge.find_symbol(kind, labels) for kind, labels in histories.events], dtype=np.int8),
        past_starts=np.cumsum([0, *map(len, pasts)], dtype=np.int64),
        past_symbols=np.array([symbol for past in pasts for symbol in past], dtype=np.int64),
    )


def _allocate(kind: Any, size: int) -> Any:
    """Columns of a type."""
    return kind(*(np.empty(size, dtype=_TYPES[name]) for name in kind._fields))


def _split(counts: npt.NDArray[np.int64]) -> Iterator[tuple[int, int, int]]:
    """Parts of the customers: the first, one past the last, and the number of events that they have at most."""
    ends = np.cumsum(counts)
    first = 0
    while first < len(counts):
        before = int(ends[first - 1]) if first else 0
        stop = max(first + 1, int(np.searchsorted(ends, before + EVENTS_AT_A_TIME, side="right")))
        yield first, stop, int(ends[stop - 1]) - before
        first = stop


def _find_subjects(records: Records, where: Where, policy: Policy, customers: int) -> npt.NDArray[np.bool_]:
    """By customer: whether a rule applies."""
    if where.is_empty:
        return np.ones(customers, dtype=np.bool_)
    conditions = ["TRUE"]
    for column, values in (("segment", where.segment), ("risk_tier", where.tier)):
        if values:
            conditions.append(f"{column} IN ({', '.join(map(literal, values))})")
    if where.min_value is not None:
        conditions.append(f"account_value >= {where.min_value!r}")
    if where.max_value is not None:
        conditions.append(f"account_value <= {where.max_value!r}")
    refused: list[Any] = []
    if where.consent is not None:
        conditions.append(f"list_contains(?::VARCHAR[], customer_id) = {not where.consent}")
        refused.append(list(policy.contact.do_not_contact))
    sql = f"SELECT {' AND '.join(conditions)} AS applies FROM customers ORDER BY rowid"
    (rows,) = records.connection.cursor().execute(sql, refused).fetchnumpy().values()
    applies: npt.NDArray[np.bool_] = np.ma.filled(rows, 0).astype(np.bool_)
    return applies
