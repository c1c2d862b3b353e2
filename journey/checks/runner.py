"""Running all checks over records and reporting what they noticed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

import duckdb

from journey.checks import customers, dates, duplicates, interventions, references, signals, stages
from journey.checks.context import Context, create_check_tables
from journey.checks.execution import build_finding_queries
from journey.checks.registry import CHECKS, Check
from journey.core.findings import Finding, FindingCount, FindingSeverity
from journey.decision.as_of import format_moment, resolve_moment
from journey.decision.policy import Policy
from journey.machine import Journey, default_journey
from journey.records.database import one_value
from journey.records.store import Records
from journey.records.tables import LOAD_FINDINGS

CHECK_MODULES = (references, duplicates, customers, stages, dates, signals, interventions)
"""The modules whose checks are run; importing one registers its checks."""

_RANK = "CASE severity WHEN 'error' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END"
_REST_OF_ORDER = "dataset, coalesce(record, ''), coalesce(customer_id, ''), message"
_READING_ORDER = f"{_RANK}, code, {_REST_OF_ORDER}"
_ROW_COLUMNS = ("dataset", "record", "customer_id", "message")
_COLUMNS = f"code, severity, {', '.join(_ROW_COLUMNS)}"
CHUNK = 20_000
"""Findings that are made into objects at a time."""


@dataclass(frozen=True)
class CheckReport:
    """What the checks noticed.

    Attributes:
        as_of: The moment of the check (the end of the day where only a day was given), None when nothing is dated.
        customers: How many customers there are.
        counts: How many findings of each severity, zeros included.
        cursor: Holds the findings until they are asked for.
    """

    as_of: datetime | None
    customers: int
    counts: dict[str, int]
    cursor: duckdb.DuckDBPyConnection

    @cached_property
    def findings(self) -> list[Finding]:
        """All findings, most serious first; made when first asked for."""
        return self.first(None)

    def first(self, limit: int | None) -> list[Finding]:
        """The most serious findings, at most so many (None: all), in reading order."""
        limit_clause = "" if limit is None else f"LIMIT {limit:d}"
        rows = self.cursor.execute(f"SELECT {_COLUMNS} FROM found ORDER BY {_READING_ORDER} {limit_clause}").fetchall()
        return [_build_finding(row) for row in rows]

    def stream(self) -> Iterator[Finding]:
        """All findings in reading order, a few thousand of them in memory at a time."""
        run = self.cursor.execute
        run(f"CREATE OR REPLACE TEMP TABLE in_order AS SELECT {_COLUMNS} FROM found ORDER BY {_READING_ORDER}")
        # Page by page, so that other questions may be asked in between.
        for start in range(0, sum(self.counts.values()), CHUNK):
            page = "SELECT * FROM in_order WHERE rowid >= ? AND rowid < ? ORDER BY rowid"
            yield from (_build_finding(row) for row in run(page, [start, start + CHUNK]).fetchall())

    def add(self, findings: Iterable[Finding]) -> None:
        """Take in findings that were made elsewhere."""
        rows = [tuple(finding.as_dict().values()) for finding in findings]
        if rows:
            columns = [list(column) for column in zip(*rows, strict=True)]
            self.cursor.execute(f"INSERT INTO found SELECT {', '.join(['unnest(?::VARCHAR[])'] * 6)}", columns)
        for row in rows:
            self.counts[str(row[1])] += 1

    def by_code(self) -> list[FindingCount]:
        """How many findings each severity and code has, most serious first, with the message of the first."""
        first = f"min(({_REST_OF_ORDER}))"
        rows = self.cursor.execute(
            f"SELECT severity, code, count(*), {first} AS first FROM found GROUP BY severity, code"
            f" ORDER BY {_RANK}, code"
        ).fetchall()
        return [FindingCount(row[0], row[1], row[2], row[3][-1]) for row in rows]

    def counts_by_code(self) -> dict[str, int]:
        """How many findings each code has."""
        rows = self.cursor.execute("SELECT code, count(*) FROM found GROUP BY code ORDER BY code").fetchall()
        return {str(code): int(count) for code, count in rows}

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON-ready data: `as_of`, `customers`, `counts`, `findings`."""
        return {
            "as_of": None if self.as_of is None else format_moment(self.as_of),
            "customers": self.customers,
            "counts": self.counts,
            "findings": [finding.as_dict() for finding in self.findings],
        }


_SEVERITIES = {str(severity): severity for severity in FindingSeverity}


def _build_finding(row: tuple[Any, ...]) -> Finding:
    return Finding(row[0], _SEVERITIES[row[1]], *row[2:])


def check(
    records: Records,
    *,
    as_of: date | datetime | None = None,
    journey: Journey | None = None,
    policy: Policy | None = None,
    checks: Iterable[Check] | None = None,
) -> CheckReport:
    """Notice what is odd about records; never raises because of what they say.

    Args:
        records: The records.
        as_of: Nothing dated later is looked at; a bare date includes its whole day. Default: the latest date in the
            records.
        journey: The rules that moves are held against (default: the default journey).
        policy: Thresholds, known signal types and actions (default: the default policy).
        checks: Which to run (default: all of `CHECKS`); what was noticed while reading is always there.
    """
    cursor = records.connection.cursor()
    moment = resolve_moment(as_of, records)
    context = Context(cursor, moment, journey or default_journey(), policy or Policy())
    create_check_tables(context)
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE found AS {LOAD_FINDINGS}")
    for finding in context.journey.findings():
        cursor.execute("INSERT INTO found VALUES (?, ?, ?, ?, ?, ?)", list(finding.as_dict().values()))
    for query in build_finding_queries(CHECKS if checks is None else checks, context, _ROW_COLUMNS):
        cursor.execute(f"INSERT INTO found {query}")
    severity_counts = dict(cursor.execute("SELECT severity, count(*) FROM found GROUP BY severity").fetchall())
    counts = {str(severity): int(severity_counts.get(str(severity), 0)) for severity in FindingSeverity}
    return CheckReport(moment, int(one_value(cursor, "SELECT count(*) FROM customers")), counts, cursor)
