"""Decisions and findings as sequences that can also be counted and ranked.

What is small is listed; what is large stays in columns and is made into objects when someone asks for them (the
sequences of `journey.batch`). Whoever prints or writes an evaluation need not know which of the two it is.
"""

from collections.abc import Iterator
from typing import NamedTuple, Protocol, overload

from journey.core.findings import Finding, FindingCount, count_by_severity
from journey.orchestrator.decision import Decision


class DecisionTotals(NamedTuple):
    """Decisions, counted.

    Attributes:
        with_action: How many recommend an action, which is more than watching.
        needing_approval: How many of these need a person's approval.
        held_back: How many actions contact policy or governance held back.
    """

    with_action: int
    needing_approval: int
    held_back: int


class Decisions(Protocol):
    """Decisions, one per customer, in order of the id."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Decision]: ...
    def top_priority(self, limit: int) -> list[Decision]:
        """Those that deserve attention first, at most so many: money at stake, then severity."""
        ...

    def count_totals(self) -> DecisionTotals:
        """How many act, ask and are held back."""
        ...


class Findings(Protocol):
    """Findings, most serious first."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Finding]: ...
    @overload
    def __getitem__(self, index: int, /) -> Finding: ...
    @overload
    def __getitem__(self, place: slice, /) -> "tuple[Finding, ...]": ...
    def severities(self) -> dict[str, int]:
        """How many of each severity, zeros included."""
        ...

    def by_code(self) -> list[FindingCount]:
        """How many of each code, most serious first."""
        ...


def is_action(decision: Decision) -> bool:
    """Whether something is to be done that is more than watching."""
    return decision.recommended_action is not None and decision.reason == "act"


class ListedDecisions(tuple[Decision, ...]):
    """Decisions at hand."""

    __slots__ = ()

    def top_priority(self, limit: int) -> list[Decision]:
        """Those that deserve attention first: money at stake, then anything recommended, then severity."""
        ranked = sorted(self, key=lambda d: (-d.priority, d.recommended_action is None, -d.severity, d.customer_id))
        return ranked[:limit]

    def count_totals(self) -> DecisionTotals:
        """How many act, ask and are held back."""
        with_action = [decision for decision in self if is_action(decision)]
        needing_approval = sum(decision.requires_human_approval for decision in with_action)
        return DecisionTotals(
            len(with_action), needing_approval, sum(decision.held_back_action is not None for decision in self)
        )


class ListedFindings(tuple[Finding, ...]):
    """Findings at hand, in reading order."""

    __slots__ = ()

    def severities(self) -> dict[str, int]:
        """How many of each severity, zeros included."""
        return count_by_severity(self)

    def by_code(self) -> list[FindingCount]:
        """How many of each code, most serious first, with the message of the first."""
        groups: dict[tuple[str, str], list[Finding]] = {}
        for finding in self:
            groups.setdefault((str(finding.severity), finding.code), []).append(finding)
        return [FindingCount(*key, len(group), group[0].message) for key, group in groups.items()]
