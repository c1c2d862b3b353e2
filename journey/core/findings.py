"""Findings: what a check noticed, in a form that can be listed, counted and exported.

A finding has a stable code (scripts may match on it), a severity, the place it concerns and one sentence that a
person understands. Noticing is not failing: a check never raises because of what the records say.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import NamedTuple, TypeVar


class FindingSeverity(StrEnum):
    """How much a finding matters, most serious first."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


_RANK = {severity: rank for rank, severity in enumerate(FindingSeverity)}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing noticed.

    Attributes:
        code: Stable identifier in kebab-case, for instance ``illegal-move``.
        severity: Error, warning or notice.
        dataset: The record set it concerns (``signals``), or ``journey`` for the machine itself.
        record: Key of the record (``S009``), or None when it concerns the set as a whole.
        customer_id: The customer it concerns, when there is one.
        message: One sentence: what was noticed, and what follows from it.
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
        severity: How much they matter.
        code: Their code.
        number: How many there are.
        example: The message of one of them.
    """

    severity: str
    code: str
    number: int
    example: str


F = TypeVar("F", bound=Finding)


def sort_findings(findings: Iterable[F]) -> list[F]:
    """Findings sorted most serious first, then by code, dataset and record: the same order on every run."""
    return sorted(
        findings,
        key=lambda f: (
            _RANK[f.severity],
            f.code,
            f.dataset,
            f.record or "",
            f.customer_id or "",
            f.message,
        ),
    )


def count_by_severity(findings: Iterable[Finding]) -> dict[str, int]:
    """How many findings of each severity, zeros included."""
    counts = {str(severity): 0 for severity in FindingSeverity}
    for finding in findings:
        counts[str(finding.severity)] += 1
    return counts
