"""How parts of a campaign evaluation are written, in tables on the terminal and in the report alike."""

from typing import TYPE_CHECKING

from journey.money.format import format_exact_dollars
from scenarios.text.phrases import format_interval

if TYPE_CHECKING:
    from journey.marketing.core.findings import MarketingFinding
    from journey.marketing.evaluation import CampaignEvaluation
    from journey.marketing.views.funnel import FunnelRow

FLAG_LABELS = {
    "not_recorded": "not counted: unknown, not 0",
    "counted_twice": "counted twice: unknown",
    "over_one": "more than the step before: not nested",
    "not_trusted": "trusted too little",
    "drop_off": "people get stuck here",
    "mixed_sources": "two sources: interval assumes nested counts",
}
"""What each flag of a funnel row means."""

FUNNEL_COLUMNS = (
    "campaign",
    "segment",
    "channel",
    "day",
    "step",
    "count",
    "of the step before",
    "95 % interval",
    "note",
)
FINDING_COLUMNS = ("severity", "code", "record", "campaign", "money", "what was noticed")


def format_as_of(evaluation: "CampaignEvaluation", *, latest: bool) -> str:
    """The moment of the evaluation in words."""
    from journey.decision.as_of import format_moment

    if evaluation.as_of is None:
        return "no date in the records"
    return format_moment(evaluation.as_of) + (" (the latest date in the records)" if latest else "")


def funnel_cells(row: "FunnelRow") -> tuple[str, ...]:
    """One step of the funnel, as `FUNNEL_COLUMNS` asks."""
    return (
        row.campaign_id,
        row.segment_id,
        row.channel_id,
        row.date.isoformat(),
        row.stage,
        "unknown" if row.count is None else f"{row.count:,}",
        "" if row.conversion is None else f"{row.conversion:.1%}",
        format_interval(row.ci_low, row.ci_high, "{:.1%}".format),
        FLAG_LABELS.get(row.flag or "", ""),
    )


def finding_cells(finding: "MarketingFinding") -> tuple[str, ...]:
    """One finding, as `FINDING_COLUMNS` asks."""
    return (
        str(finding.severity),
        finding.code,
        finding.record or finding.dataset,
        finding.campaign_id or "",
        "" if finding.amount is None else format_exact_dollars(finding.amount),
        finding.message,
    )
