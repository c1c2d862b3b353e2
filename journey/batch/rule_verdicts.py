"""The verdicts of rules about many recorded histories, in parts, so that the events of all are never in memory."""

from collections.abc import Iterator, Sequence
from math import inf
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from journey.batch.histories import RecordedHistories, count_longest, read_histories
from journey.batch.history_kernels import get_history_kernels
from journey.decision.as_of import AsOf
from journey.decision.policy import Policy
from journey.histories.verdicts import HIDDEN, RuleJudge, list_pasts
from journey.machine import Journey
from journey.records.database import literal
from journey.records.folder import Records
from journey.rules import Rule, Where
from journey.rules.monitor import count_marks
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
    flags: npt.NDArray[np.int8]


class _HistoryColumns(NamedTuple):
    """Events of several customers, in order; those of customer `i` are at ``starts[i]:starts[i + 1]``."""

    starts: npt.NDArray[np.int64]
    moment: npt.NDArray[np.int64]
    code: npt.NDArray[np.int32]
    flags: npt.NDArray[np.int8]


def judge_batch(
    records: Records,
    rules: Sequence[Rule],
    journey: Journey,
    policy: Policy,
    as_of: AsOf,
    kernels: Any = None,
) -> list[Verdicts]:
    """The verdicts of each rule about all known customers up to a time.

    Args:
        records: The records.
        rules: The rules.
        journey: The journey that names the moves.
        policy: The policy.
        as_of: Later records are ignored.
        kernels: The functions of `journey.batch.history_kernels`. Default: compiled.

    Returns:
        By rule: the verdict by row of the customers' table, or EXEMPT.
    """
    run = kernels or get_history_kernels()
    histories = read_histories(records, journey, policy, as_of)
    columns = [build_rule_columns(rule, histories) for rule in rules]
    applies = [_find_subjects(records, rule.where, policy, histories.customers) for rule in rules]
    verdicts = [np.full(histories.customers, EXEMPT, dtype=np.int8) for _ in rules]
    seen = np.zeros(len(histories.events), dtype=np.bool_)
    for rule in columns:
        seen |= rule.symbols != HIDDEN
    complete = np.array([stage in journey.initial for stage in histories.stages], dtype=np.bool_)
    terminal = np.array([stage in journey.terminal for stage in histories.stages], dtype=np.bool_)
    now = int(np.datetime64(as_of.cutoff, "us").astype(np.int64))
    about = np.empty((histories.customers, 3), dtype=np.int64)
    longest, counts = count_longest(histories)
    scratch, order = _allocate(_EventColumns, longest), np.empty(longest, dtype=np.int64)
    for first, stop, size in _split(counts):
        out = _HistoryColumns(
            np.zeros(stop - first + 1, dtype=np.int64),
            np.empty(size, dtype=np.int64),
            np.empty(size, dtype=np.int32),
            np.empty(size, dtype=np.int8),
        )
        run.build_histories(histories.sources, histories.tables, seen, first, stop, scratch, order, about, out)
        for rule, subjects, of_rule in zip(columns, applies, verdicts, strict=True):
            marks = np.empty(rule.mark_count, dtype=np.float64)
            run.judge_cases(rule, out, about, complete, terminal, subjects, first, now, marks, of_rule)
    return verdicts


def count_verdicts(verdicts: Verdicts) -> dict[int, int]:
    """The number of customers with each verdict; those to whom the rule does not apply are not among them."""
    found, numbers = np.unique(verdicts[verdicts != EXEMPT], return_counts=True)
    return dict(zip(found.tolist(), numbers.tolist(), strict=True))


def find_customers(records: Records, verdicts: Sequence[Verdicts], verdict: int) -> list[str]:
    """The IDs of the customers about whom any rule has this verdict."""
    rows = np.flatnonzero(np.logical_or.reduce([found == verdict for found in verdicts]))
    ids = "SELECT customer_id, row_number() OVER (ORDER BY rowid) - 1 AS place FROM customers"
    sql = f"SELECT customer_id FROM ({ids}) WHERE place IN (SELECT unnest(?::BIGINT[])) ORDER BY customer_id"
    return [name for (name,) in records.connection.cursor().execute(sql, [rows.tolist()]).fetchall()]


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
        counts_from_start=rule.definition.days is Days.FROM_START,
        symbols=np.array([judge.find_symbol(kind, labels) for kind, labels in histories.events], dtype=np.int8),
        past_starts=np.cumsum([0, *map(len, pasts)], dtype=np.int64),
        past_symbols=np.array([symbol for past in pasts for symbol in past], dtype=np.int64),
    )


def _allocate(kind: Any, size: int) -> Any:
    """Columns of a type for a number of events."""
    types = {"moment": np.int64, "rank": np.int8, "key": np.int64, "code": np.int32, "flags": np.int8}
    return kind(*(np.empty(size, dtype=types[name]) for name in kind._fields))


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
