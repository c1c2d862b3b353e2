"""Everything about the campaigns of one set of records: findings, funnel, and what is built on them, part by part.

A part is a function from the context to JSON-ready data under one key of the contract. To add one, write its module and
enter its function in `PARTS`; the command shows it from then on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from journey.decision.as_of import in_iso
from journey.marketing.analysis.attribution import attribution
from journey.marketing.analysis.experiments import experiments
from journey.marketing.analysis.kpis import kpis
from journey.marketing.analysis.late_conversions import LateConverters, late_converters
from journey.marketing.analysis.roi import roi
from journey.marketing.analysis.rollups import rollups
from journey.marketing.analysis.stage_conversion import journeys
from journey.marketing.budget.overview import budget
from journey.marketing.budget.proposals import proposals
from journey.marketing.budget.recorded_actions import capital
from journey.marketing.checks.runner import MarketingReport, check, context_of
from journey.marketing.core.policy import MarketingPolicy
from journey.marketing.records.store import MarketingRecords
from journey.marketing.risks.inbox import risks
from journey.marketing.views.context import MarketingContext
from journey.marketing.views.funnel import FunnelRow, TopBottom, funnel_rows, strong_top_weak_bottom

Part = Callable[[MarketingContext], Any]

CONTRACT = (
    "as_of", "findings", "funnel", "proposals", "risks", "rollups", "experiments", "attribution", "kpis", "roi",
    "budget", "journeys", "capital",
)  # fmt: skip
"""The keys that `journey campaigns --json` promises."""

OWN = ("as_of", "findings", "funnel")
"""The keys that this module fills itself."""

PARTS: Mapping[str, Part] = {
    "proposals": proposals,
    "risks": risks,
    "budget": budget,
    "journeys": journeys,
    "capital": capital,
    "rollups": rollups,
    "experiments": experiments,
    "attribution": attribution,
    "kpis": kpis,
    "roi": roi,
}
"""Key of the contract -> the function that fills it, with JSON-ready data."""


def missing_parts() -> tuple[str, ...]:
    """Keys of the contract that nothing fills yet; the command is registered when there are none."""
    return tuple(key for key in CONTRACT if key not in OWN and key not in PARTS)


@dataclass(frozen=True)
class CampaignsEvaluation:
    """What there is to say about campaigns.

    Attributes:
        source: Where the records come from, in words.
        context: The moment, the policy and a cursor to ask more.
        report: The findings.
        funnel: The funnel, step by step.
        patterns: Cells with a strong top and a weak bottom.
        late: Late converters, or why they cannot be told.
        parts: What each function of `PARTS` said, by key.
    """

    source: str
    context: MarketingContext
    report: MarketingReport
    funnel: list[FunnelRow]
    patterns: list[TopBottom]
    late: LateConverters
    parts: Mapping[str, Any]

    @property
    def as_of(self) -> datetime | None:
        """The moment of the evaluation."""
        return self.context.as_of

    def as_dict(self) -> dict[str, Any]:
        """The evaluation as JSON-ready data, by key of the contract; ``counts`` and ``patterns`` are there besides."""
        return {
            "as_of": None if self.as_of is None else in_iso(self.as_of),
            "counts": self.report.counts,
            "findings": [finding.as_dict() for finding in self.report.findings],
            "funnel": [row.as_dict() for row in self.funnel],
            "patterns": [pattern.message for pattern in self.patterns],
            "late_converters": self.late.reason,
            **self.parts,
        }


def evaluate_campaigns(
    records: MarketingRecords, *, as_of: date | datetime | None = None, policy: MarketingPolicy | None = None
) -> CampaignsEvaluation:
    """Evaluate the campaigns of these records.

    Args:
        records: The records.
        as_of: Nothing dated later is used; a bare date includes its whole day. Default: the latest date in the records.
        policy: The policy (default: the default one).
    """
    context = context_of(records, as_of, policy)
    rows = funnel_rows(context)
    return CampaignsEvaluation(
        source=records.source,
        context=context,
        report=check(records, context=context),
        funnel=rows,
        patterns=strong_top_weak_bottom(context, rows),
        # None of the recorded sets holds the paths of single prospects.
        late=late_converters(None),
        parts={key: part(context) for key, part in PARTS.items()},
    )
