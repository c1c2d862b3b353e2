"""Decisions and findings as sequences that can also be counted and ranked.

Small results are lists. Large results stay in columns and are converted to objects on demand (the sequences of
`journey.batch`). Code that prints or writes an evaluation works with both.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple, Protocol, overload

from journey.core.findings import Finding, FindingCount, count_by_severity
from journey.orchestrator.decision import Decision
from journey.orchestrator.decision_table import build_decision_table, build_finding_table
from journey.tables.export import FrameExport

if TYPE_CHECKING:
    import duckdb


class DecisionTotals(NamedTuple):
    """Numbers of decisions.

    Attributes:
        with_action: Decisions that recommend an action other than monitoring.
        needing_approval: Decisions with an action that needs a person's approval.
        held_back: Actions that contact policy, governance or a rule held back.
    """

    with_action: int
    needing_approval: int
    held_back: int


class Decisions(FrameExport, Protocol):
    """Decisions, one per customer, in order of customer ID; as a table without the sentences."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Decision]: ...
    def top_priority(self, limit: int) -> list[Decision]:
        """Return the `limit` decisions of highest priority; ties by expected loss, then severity, then customer ID."""
        ...

    def count_totals(self) -> DecisionTotals:
        """Count the decisions that act, need approval and are held back."""
        ...


class Findings(FrameExport, Protocol):
    """Findings, most serious first."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Finding]: ...
    @overload
    def __getitem__(self, index: int, /) -> Finding: ...
    @overload
    def __getitem__(self, place: slice, /) -> "tuple[Finding, ...]": ...
    def severities(self) -> dict[str, int]:
        """Count the findings of each severity, zeros included."""
        ...

    def by_code(self) -> list[FindingCount]:
        """Count the findings of each code, most serious first."""
        ...


def is_action(decision: Decision) -> bool:
    """Return whether the decision recommends an action other than monitoring."""
    return decision.recommended_action is not None and decision.reason == "act"


class ListedDecisions(tuple[Decision, ...], FrameExport):
    """Decisions in memory."""

    __slots__ = ()

    def to_relation(self) -> "duckdb.DuckDBPyRelation":
        """Return the decisions as a DuckDB relation, without the sentences."""
        return build_decision_table(self).to_relation()

    def top_priority(self, limit: int) -> list[Decision]:
        """Return the first `limit` decisions by priority, then expected loss, then severity, then customer ID."""
        ranked = sorted(self, key=lambda d: (-d.priority, -(d.expected_loss or 0.0), -d.severity, d.customer_id))
        return ranked[:limit]

    def count_totals(self) -> DecisionTotals:
        """Count the decisions that act, need approval and are held back."""
        with_action = [decision for decision in self if is_action(decision)]
        needing_approval = sum(decision.requires_human_approval for decision in with_action)
        return DecisionTotals(
            len(with_action), needing_approval, sum(decision.held_back_action is not None for decision in self)
        )


class ListedFindings(tuple[Finding, ...], FrameExport):
    """Findings in memory, in reading order."""

    __slots__ = ()

    def to_relation(self) -> "duckdb.DuckDBPyRelation":
        """Return the findings as a DuckDB relation."""
        return build_finding_table(self).to_relation()

    def severities(self) -> dict[str, int]:
        """Count the findings of each severity, zeros included."""
        return count_by_severity(self)

    def by_code(self) -> list[FindingCount]:
        """Count the findings of each code, most serious first, with the message of the first."""
        groups: dict[tuple[str, str], list[Finding]] = {}
        for finding in self:
            groups.setdefault((str(finding.severity), finding.code), []).append(finding)
        return [FindingCount(*key, len(group), group[0].message) for key, group in groups.items()]
