"""Decisions and findings of large record sets as sequences: counted by column, converted to objects on demand."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, overload

from journey.batch.decisions import DecisionTable
from journey.checks.runner import CheckReport
from journey.core.findings import Finding, FindingCount
from journey.orchestrator.case_reader import CaseReader
from journey.orchestrator.decision import Decision
from journey.orchestrator.results import DecisionTotals
from journey.tables.export import FrameExport

if TYPE_CHECKING:
    import duckdb


class LazyDecisions(FrameExport):
    """The decisions of a table; iterating evaluates each customer again, with reasons.

    Attributes:
        table: The table.
    """

    def __init__(self, table: DecisionTable) -> None:
        self.table = table

    def __len__(self) -> int:
        return len(self.table)

    def __iter__(self) -> Iterator[Decision]:
        table = self.table
        for case in CaseReader(table.records).read_all():
            yield table.orchestrator.evaluate_customer(*case, as_of=table.as_of)

    def to_relation(self) -> "duckdb.DuckDBPyRelation":
        """Return the decisions as a DuckDB relation, without the sentences."""
        return self.table.to_relation()

    def top_priority(self, limit: int) -> list[Decision]:
        """Return the `limit` decisions of highest priority."""
        return self.table.decisions(self.table.top_priority(limit).tolist())

    def count_totals(self) -> DecisionTotals:
        """Count the decisions that act, need approval and are held back."""
        return self.table.count_totals()


class LazyFindings(FrameExport):
    """The findings of a check report, in reading order.

    Args:
        report: The report; its findings stay in the database until they are read.
    """

    def __init__(self, report: CheckReport) -> None:
        self._report = report

    def __len__(self) -> int:
        return sum(self._report.counts.values())

    def __iter__(self) -> Iterator[Finding]:
        return self._report.stream()

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Finding, ...]: ...
    def __getitem__(self, index: int | slice) -> Finding | tuple[Finding, ...]:
        if isinstance(index, int):
            return self._report.first(None if index < 0 else index + 1)[index]
        return tuple(self._report.first(index.stop if (index.stop or 0) > 0 else None)[index])

    def to_relation(self) -> "duckdb.DuckDBPyRelation":
        """Return the findings as a DuckDB relation."""
        return self._report.to_relation()

    def severities(self) -> dict[str, int]:
        """Count the findings of each severity, zeros included."""
        return self._report.counts

    def by_code(self) -> list[FindingCount]:
        """Count the findings of each code, most serious first, each with an example message."""
        return self._report.by_code()
