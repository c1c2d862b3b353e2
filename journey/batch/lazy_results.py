"""Decisions and findings of a large company as sequences: counted and ranked by column, made into objects on demand."""

from collections.abc import Iterator
from typing import overload

from journey.batch.decisions import DecisionTable
from journey.checks.runner import CheckReport
from journey.core.findings import Finding, FindingCount
from journey.orchestrator.case_reader import CaseReader
from journey.orchestrator.decision import Decision
from journey.orchestrator.results import DecisionTotals


class LazyDecisions:
    """The decisions of a table; going through them judges customer after customer, with reasons.

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

    def top_priority(self, limit: int) -> list[Decision]:
        """Those that deserve attention first, at most so many."""
        return self.table.decisions(self.table.top_priority(limit).tolist())

    def count_totals(self) -> DecisionTotals:
        """How many act, ask and are held back."""
        return self.table.count_totals()


class LazyFindings:
    """The findings of a check of the records, and those made in Python, in one reading order.

    Args:
        report: The check, whose findings stay in the database until they are asked for.
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
    def __getitem__(self, place: slice) -> tuple[Finding, ...]: ...
    def __getitem__(self, place: int | slice) -> Finding | tuple[Finding, ...]:
        if isinstance(place, int):
            return self._report.first(None if place < 0 else place + 1)[place]
        return tuple(self._report.first(place.stop if (place.stop or 0) > 0 else None)[place])

    def severities(self) -> dict[str, int]:
        """How many of each severity, zeros included."""
        return self._report.counts

    def by_code(self) -> list[FindingCount]:
        """How many of each code, most serious first, each with the message of one."""
        return self._report.by_code()
