"""The evaluation of recorded campaigns: findings, funnel and the sections that are built on them.

A section is a function from the context to JSON-ready data, stored under one key of the contract. To add a section,
write its module and add its function to `SECTIONS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from journey.decision.as_of import format_moment
from journey.marketing.analysis.attribution import report_attribution
from journey.marketing.analysis.experiments import report_experiments
from journey.marketing.analysis.kpis import report_kpis
from journey.marketing.analysis.late_conversions import LateConverters, compute_late_converters
from journey.marketing.analysis.roi import report_roi
from journey.marketing.analysis.rollups import report_rollups
from journey.marketing.analysis.stage_conversion import report_stage_conversions
from journey.marketing.budget.overview import report_budget
from journey.marketing.budget.proposals import report_proposals
from journey.marketing.budget.recorded_actions import report_budget_actions
from journey.marketing.checks.runner import MarketingReport, check
from journey.marketing.core.policy import MarketingPolicy
from journey.marketing.records.store import MarketingRecords
from journey.marketing.risks.inbox import report_risks
from journey.marketing.views.context import MarketingContext, build_context
from journey.marketing.views.funnel import FunnelRow, LeakyCell, build_funnel_rows, find_leaky_cells

SectionBuilder = Callable[[MarketingContext], Any]

CONTRACT = (
    "as_of", "findings", "funnel", "proposals", "risks", "rollups", "experiments", "attribution", "kpis", "roi",
    "budget", "journeys", "capital",
)  # fmt: skip
"""The keys of the output of `journey campaigns --json`."""

OWN_KEYS = ("as_of", "findings", "funnel")
"""The keys that `CampaignEvaluation` fills itself."""

SECTIONS: Mapping[str, SectionBuilder] = {
    "proposals": report_proposals,
    "risks": report_risks,
    "budget": report_budget,
    "journeys": report_stage_conversions,
    "capital": report_budget_actions,
    "rollups": report_rollups,
    "experiments": report_experiments,
    "attribution": report_attribution,
    "kpis": report_kpis,
    "roi": report_roi,
}
"""Function that builds each section, by key of the contract."""


def find_missing_sections() -> tuple[str, ...]:
    """Keys of the contract without a section; the command is registered only if there are none."""
    return tuple(key for key in CONTRACT if key not in OWN_KEYS and key not in SECTIONS)


@dataclass(frozen=True)
class CampaignEvaluation:
    """Result of the evaluation of campaigns.

    Attributes:
        source: Description of the source of the records.
        context: The moment, the policy and a database cursor for further queries.
        report: The findings.
        funnel: The rows of the funnel, one per step.
        patterns: Cells whose early steps are strong and whose late steps are weak.
        late_converters: Late converters, or the reason why they are unknown.
        sections: Result of each function of `SECTIONS`, by key.
    """

    source: str
    context: MarketingContext
    report: MarketingReport
    funnel: list[FunnelRow]
    patterns: list[LeakyCell]
    late_converters: LateConverters
    sections: Mapping[str, Any]

    @property
    def as_of(self) -> datetime | None:
        """The moment of the evaluation."""
        return self.context.as_of

    def as_dict(self) -> dict[str, Any]:
        """The evaluation as JSON-ready data: the keys of the contract, plus ``counts`` and ``patterns``."""
        return {
            "as_of": None if self.as_of is None else format_moment(self.as_of),
            "counts": self.report.counts,
            "findings": [finding.as_dict() for finding in self.report.findings],
            "funnel": [row.as_dict() for row in self.funnel],
            "patterns": [pattern.message for pattern in self.patterns],
            "late_converters": self.late_converters.reason,
            **self.sections,
        }


def evaluate_campaigns(
    records: MarketingRecords, *, as_of: date | datetime | None = None, policy: MarketingPolicy | None = None
) -> CampaignEvaluation:
    """Evaluate the campaigns of these records.

    Args:
        records: The records.
        as_of: Moment of the evaluation; later records are ignored, and a bare date includes its whole day. Default: the
            latest date in the records.
        policy: The policy. Default: the built-in policy.
    """
    context = build_context(records, as_of, policy)
    rows = build_funnel_rows(context)
    return CampaignEvaluation(
        source=records.source,
        context=context,
        report=check(records, context=context),
        funnel=rows,
        patterns=find_leaky_cells(context, rows),
        # No recorded dataset contains the paths of individual prospects.
        late_converters=compute_late_converters(None),
        sections={key: build_section(context) for key, build_section in SECTIONS.items()},
    )
