"""Run the checks on marketing records."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from journey.checks.execution import build_finding_queries
from journey.checks.registry import Rule
from journey.core.findings import FindingSeverity, count_by_severity, sort_findings
from journey.decision.as_of import format_moment
from journey.marketing.checks import (
    attribution,
    budget,
    dates,
    experiments,
    funnel,
    performance,
    references,
    risks,
    roi,
    rollups,
    status_histories,
)
from journey.marketing.core.findings import MarketingFinding
from journey.marketing.core.policy import MarketingPolicy
from journey.marketing.records.store import MarketingRecords
from journey.marketing.views.context import MarketingContext, build_context
from journey.marketing.views.registry import CHECKS

CHECK_MODULES = (
    references, dates, performance, experiments, funnel, budget, status_histories, risks, rollups, attribution, roi,
)  # fmt: skip
"""Modules with checks; importing a module registers its checks."""

_ROW_COLUMNS = ("dataset", "record", "campaign_id", "message")


@dataclass(frozen=True)
class MarketingReport:
    """Results of the checks.

    Attributes:
        as_of: Time up to which records were checked; None if no record has a date.
        findings: All findings, most serious first, including those from reading the records.
    """

    as_of: datetime | None
    findings: list[MarketingFinding]

    @property
    def counts(self) -> dict[str, int]:
        """Number of findings of each severity, including zeros."""
        return count_by_severity(self.findings)

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON-ready data: `as_of`, `counts`, `findings`."""
        return {
            "as_of": None if self.as_of is None else format_moment(self.as_of),
            "counts": self.counts,
            "findings": [finding.as_dict() for finding in self.findings],
        }


def check(
    records: MarketingRecords,
    *,
    as_of: date | datetime | None = None,
    policy: MarketingPolicy | None = None,
    context: MarketingContext | None = None,
    checks: Iterable[Rule[MarketingContext]] | None = None,
) -> MarketingReport:
    """Report data-quality findings on marketing records. Bad records never raise an exception.

    Args:
        records: The records.
        as_of: See `build_context`.
        policy: See `build_context`.
        context: An existing context; its `as_of` and `policy` are then used.
        checks: Checks to run. Default: all of `CHECKS`. Findings from reading the records are always included.
    """
    context = context or build_context(records, as_of, policy)
    findings = [
        MarketingFinding(f.code, f.severity, f.dataset, f.record, f.customer_id, f.message) for f in records.findings
    ]
    for query in build_finding_queries(CHECKS if checks is None else checks, context, _ROW_COLUMNS, ("amount",)):
        for code, severity, dataset, record, campaign, message, amount in context.cursor.execute(query).fetchall():
            rounded_amount = None if amount is None else round(float(amount), 2)
            findings.append(
                MarketingFinding(
                    code, FindingSeverity(severity), dataset, record, None, message, campaign, rounded_amount
                )
            )
    return MarketingReport(context.as_of, sort_findings(findings))
