"""Run all checks on records and report their findings."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

import duckdb

from journey.checks import customers, dates, duplicates, interventions, references, signals, stages
from journey.checks.context import Context, build_in_list, create_check_tables
from journey.checks.execution import build_finding_queries
from journey.checks.registry import CHECKS, Check
from journey.core.findings import FOLLOW_ON_CODES, Finding, FindingCount, FindingSeverity
from journey.decision.as_of import format_moment, resolve_moment
from journey.decision.policy import Policy
from journey.machine import Journey, default_journey
from journey.records.database import one_value
from journey.records.store import Records
from journey.records.tables import LOAD_FINDINGS

CHECK_MODULES = (references, duplicates, customers, stages, dates, signals, interventions)
"""The modules whose checks are run; importing one registers its checks."""

_IS_FOLLOW_ON = f"code IN {build_in_list(sorted(FOLLOW_ON_CODES))}"
_RANK = f"CASE severity WHEN 'error' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END, {_IS_FOLLOW_ON}"
_REST_OF_ORDER = "dataset, coalesce(record, ''), coalesce(customer_id, ''), message"
_READING_ORDER = f"{_RANK}, code, {_REST_OF_ORDER}"
_ROW_COLUMNS = ("dataset", "record", "customer_id", "message")
_COLUMNS = f"code, severity, {', '.join(_ROW_COLUMNS)}"
CHUNK = 20_000
"""Findings that are converted to objects at a time."""


@dataclass(frozen=True)
class CheckReport:
    """The findings of all checks.

    Attributes:
        as_of: The time of the check (the end of the day for a bare date); None when no record has a date.
        customers: The number of customers.
        counts: The number of findings of each severity, zeros included.
        cursor: A database connection whose table ``found`` contains the findings.
    """

    as_of: datetime | None
    customers: int
    counts: dict[str, int]
    cursor: duckdb.DuckDBPyConnection

    @cached_property
    def findings(self) -> list[Finding]:
        """All findings, most serious first; created on first access."""
        return self.first(None)

    def first(self, limit: int | None) -> list[Finding]:
        """Return the `limit` most serious findings (None: all), in reading order."""
        limit_clause = "" if limit is None else f"LIMIT {limit:d}"
        rows = self.cursor.execute(f"SELECT {_COLUMNS} FROM found ORDER BY {_READING_ORDER} {limit_clause}").fetchall()
        return [_build_finding(row) for row in rows]

    def to_relation(self) -> duckdb.DuckDBPyRelation:
        """Return all findings in reading order as a DuckDB relation."""
        return self.cursor.sql(f"SELECT {_COLUMNS} FROM found ORDER BY {_READING_ORDER}")

    def stream(self) -> Iterator[Finding]:
        """Iterate over all findings in reading order, with `CHUNK` of them in memory at a time."""
        run = self.cursor.execute
        run(f"CREATE OR REPLACE TEMP TABLE in_order AS SELECT {_COLUMNS} FROM found ORDER BY {_READING_ORDER}")
        # Page by page, so that the cursor can run other queries in between.
        for start in range(0, sum(self.counts.values()), CHUNK):
            page = "SELECT * FROM in_order WHERE rowid >= ? AND rowid < ? ORDER BY rowid"
            yield from (_build_finding(row) for row in run(page, [start, start + CHUNK]).fetchall())

    def add(self, findings: Iterable[Finding]) -> None:
        """Add findings from other sources."""
        rows = [tuple(finding.as_dict().values()) for finding in findings]
        if rows:
            columns = [list(column) for column in zip(*rows, strict=True)]
            self.cursor.execute(f"INSERT INTO found SELECT {', '.join(['unnest(?::VARCHAR[])'] * 6)}", columns)
        for row in rows:
            self.counts[str(row[1])] += 1

    def by_code(self) -> list[FindingCount]:
        """Count the findings of each severity and code, most serious first, with the message of the first."""
        first = f"min(({_REST_OF_ORDER}))"
        rows = self.cursor.execute(
            f"SELECT severity, code, count(*), {first} AS first FROM found GROUP BY severity, code"
            f" ORDER BY {_RANK}, code"
        ).fetchall()
        return [FindingCount(row[0], row[1], row[2], row[3][-1]) for row in rows]

    def counts_by_code(self) -> dict[str, int]:
        """Count the findings of each code."""
        rows = self.cursor.execute("SELECT code, count(*) FROM found GROUP BY code ORDER BY code").fetchall()
        return {str(code): int(count) for code, count in rows}

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON-ready data: `as_of`, `customers`, `counts`, `findings`."""
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
    """Find data-quality problems in records. Bad records never raise an exception.

    Args:
        records: The records.
        as_of: Records dated later are ignored; a bare date includes its whole day. Default: the latest date in the
            records.
        journey: The journey that defines the legal moves. Default: the default journey.
        policy: Thresholds, known signal types and actions. Default: the default policy.
        checks: The checks to run. Default: all of `CHECKS`. Findings from loading the records are always included.
    """
    cursor = records.connection.cursor()
    moment = resolve_moment(as_of, records)
    context = Context(cursor, moment, journey or default_journey(), policy or Policy())
    create_check_tables(context)
    references.create_similar_ids(context)
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE found AS {LOAD_FINDINGS}")
    for finding in context.journey.findings():
        cursor.execute("INSERT INTO found VALUES (?, ?, ?, ?, ?, ?)", list(finding.as_dict().values()))
    for query in build_finding_queries(CHECKS if checks is None else checks, context, _ROW_COLUMNS):
        cursor.execute(f"INSERT INTO found {query}")
    severity_counts = dict(cursor.execute("SELECT severity, count(*) FROM found GROUP BY severity").fetchall())
    counts = {str(severity): int(severity_counts.get(str(severity), 0)) for severity in FindingSeverity}
    return CheckReport(moment, int(one_value(cursor, "SELECT count(*) FROM customers")), counts, cursor)
