"""Check a folder of records: data-quality findings, missing approvals and broken rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from journey.checks import check
from journey.core.findings import sort_findings
from journey.decision.as_of import AsOf, format_moment
from journey.decision.policy import Policy
from journey.evaluation.broken_rules import RuleTotals, find_broken_rules
from journey.evaluation.missing_approvals import find_missing_approvals
from journey.evaluation.used_rules import UsedRules
from journey.machine import Journey
from journey.orchestrator.results import ListedFindings
from journey.records.folder import Records
from journey.rules import Rule
from journey.tables.export import FrameExport

if TYPE_CHECKING:
    from datetime import date

    import duckdb


@dataclass(frozen=True, slots=True, repr=False)
class CheckResult(FrameExport):
    """The findings about recorded customers.

    As a data frame it has one row per finding, with the columns ``code``, ``severity``, ``dataset``, ``record``,
    ``customer_id`` and ``message``.

    Attributes:
        as_of: The time of the check (the end of the day for a bare date); later records were ignored. None when no
            record has a date.
        source: The source of the records.
        customers: Number of known customers.
        findings: The findings, most serious first.
        used: The journey and the policy.
        rules: How many customers each declared rule concerns, in the order of the rules.
    """

    as_of: datetime | None
    source: str
    customers: int
    findings: ListedFindings
    used: UsedRules
    rules: tuple[RuleTotals, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Number of findings by severity (``error``, ``warning``, ``notice``), zeros included."""
        return self.findings.severities()

    @property
    def as_of_text(self) -> str | None:
        """The time of the check in ISO 8601; the end of a day as the bare date."""
        return None if self.as_of is None else format_moment(self.as_of)

    def __repr__(self) -> str:
        """The number of findings by severity, and by code."""
        counts = ", ".join(f"{severity} {count:,}" for severity, count in self.counts.items())
        about = f"{len(self.findings):,} findings ({counts}) on {self.customers:,} customers"
        lines = [f"{row.severity} {row.code}: {row.number:,}" for row in self.findings.by_code()]
        return "\n".join([f"{about} ({self.source}) as of {self.as_of_text or 'no date'}", *lines])

    def to_relation(self) -> "duckdb.DuckDBPyRelation":
        """Return the findings as a DuckDB relation, one row per finding."""
        return self.findings.to_relation()

    def to_dict(self) -> dict[str, Any]:
        """Return the result as a JSON-ready mapping, the document of `journey check --json`."""
        rules = {"rules": [totals.as_dict() for totals in self.rules]} if self.rules else {}
        return {
            "as_of": self.as_of_text,
            "customers": self.customers,
            "counts": self.counts,
            "used": self.used.as_dict(),
            **rules,
            "findings": [finding.as_dict() for finding in self.findings],
        }


def check_records(
    records: Records,
    *,
    as_of: "AsOf | date | str | None" = None,
    policy: Policy | None = None,
    journey: Journey | None = None,
    used: UsedRules | None = None,
    declared_rules: Sequence[Rule] = (),
) -> CheckResult:
    """Find data-quality problems in records, missing approvals, and histories that break a declared rule.

    Args:
        records: The records.
        as_of: Records dated later are ignored. Default: the latest date in the records.
        policy: Default: the default policy.
        journey: Default: the default journey.
        used: The origin of the policy and the journey, for the result. Default: not from files.
        declared_rules: The rules by which histories are judged.

    Raises:
        InputError: `as_of` is not a valid date.
    """
    when = None if as_of is None else AsOf.of(as_of)
    report = check(records, as_of=None if when is None else when.cutoff, journey=journey, policy=policy)
    broken = find_broken_rules(records, declared_rules, when, policy, journey)
    findings = [*report.findings, *find_missing_approvals(records, when, policy, journey), *broken.findings]
    return CheckResult(
        report.as_of,
        records.source,
        report.customers,
        ListedFindings(sort_findings(findings)),
        used or UsedRules.of(journey, policy),
        broken.totals,
    )
