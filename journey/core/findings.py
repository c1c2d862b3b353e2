"""Findings: the results of checks, in a form that can be listed, counted and exported.

A finding has a stable code (scripts may match on it), a severity, the record it concerns and one readable sentence. A
check never raises an error because of the content of records.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import NamedTuple, TypeVar


class FindingSeverity(StrEnum):
    """Severity of a finding, most serious first."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


_RANK = {severity: rank for rank, severity in enumerate(FindingSeverity)}

FOLLOW_ON_CODES = frozenset(
    {
        "missing-value",
        "no-stage",
        "outcome-without-intervention",
        "unknown-customer",
        "unknown-reference",
        "unknown-signal-cited",
    }
)
"""Findings that often result from another one: from a row that was set aside, or from a column that is missing.

Among findings of one severity they are last, so that a reader meets the cause first.
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a check.

    Attributes:
        code: Stable identifier in kebab-case, for instance ``illegal-move``.
        severity: Error, warning or notice.
        dataset: The record set it concerns (``signals``), or ``journey`` for the state machine.
        record: Key of the record (``S009``), or None when it concerns the whole set.
        customer_id: The customer it concerns, or None.
        message: One sentence: what was found, and its consequence.
    """

    code: str
    severity: FindingSeverity
    dataset: str
    record: str | None
    customer_id: str | None
    message: str

    def as_dict(self) -> dict[str, str | None]:
        """The finding as a JSON-ready mapping."""
        return {**asdict(self), "severity": str(self.severity)}


class FindingCount(NamedTuple):
    """The findings of one code and severity.

    Attributes:
        severity: Their severity.
        code: Their code.
        number: Their number.
        example: The message of one of them.
    """

    severity: str
    code: str
    number: int
    example: str


F = TypeVar("F", bound=Finding)


def sort_findings(findings: Iterable[F]) -> list[F]:
    """Findings, most serious first and those that follow from others last, then by code, dataset and record.

    The order is the same in every run.
    """
    return sorted(
        findings,
        key=lambda f: (
            _RANK[f.severity],
            f.code in FOLLOW_ON_CODES,
            f.code,
            f.dataset,
            f.record or "",
            f.customer_id or "",
            f.message,
        ),
    )


def count_by_severity(findings: Iterable[Finding]) -> dict[str, int]:
    """Number of findings by severity, zeros included."""
    counts = {str(severity): 0 for severity in FindingSeverity}
    for finding in findings:
        counts[str(finding.severity)] += 1
    return counts
