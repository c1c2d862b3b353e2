"""The report on campaigns, for people who decide: its sections in order, the funnel, and the records' flaws."""

from typing import TYPE_CHECKING

from scenarios.reports.campaign_budget_format import budget_blocks, risk_blocks
from scenarios.reports.campaign_format import FINDING_COLUMNS, FUNNEL_COLUMNS, finding_cells, funnel_cells, moment_of
from scenarios.reports.campaign_sections import (
    attribution_blocks,
    capital_blocks,
    experiment_blocks,
    health_blocks,
    journey_blocks,
    kpi_blocks,
    roi_blocks,
    rollup_blocks,
    summary_blocks,
)
from scenarios.reports.document import Block, Grid, Heading, Items, Paragraph
from scenarios.reports.evaluation import MOST_ROWS, counted

if TYPE_CHECKING:
    from journey.marketing.evaluation import CampaignEvaluation


def report_on(found: "CampaignEvaluation") -> list[Block]:
    """The report of an evaluation of campaigns."""
    return [
        Heading(1, "Campaigns"),
        Paragraph(f"{found.source}, as of {moment_of(found, latest=False)}. Nothing dated later was used."),
        *summary_blocks(found),
        *health_blocks(found),
        *_funnel(found),
        *capital_blocks(found),
        *budget_blocks(found),
        *risk_blocks(found),
        *rollup_blocks(found),
        *experiment_blocks(found),
        *attribution_blocks(found),
        *roi_blocks(found),
        *kpi_blocks(found),
        *_findings(found),
    ]


def _funnel(found: "CampaignEvaluation") -> list[Block]:
    stuck = [row for row in found.funnel if row.flag == "drop_off"]
    asked = [row for row in found.funnel if row.conversion is not None]
    blocks: list[Block] = [
        Heading(2, "Where people get stuck"),
        Paragraph(
            f"{len(stuck):,} of {counted(len(asked), 'step')} on a day {'loses' if len(stuck) == 1 else 'lose'} more "
            "than chance explains. Intervals are Wilson's, 95 %: they assume that each person goes on alone, and that "
            "who is counted at a step is among "
            "those counted at the step before. Where two sources counted, that is an assumption and the row says so."
        ),
    ]
    if found.patterns:
        blocks.append(Items(tuple(pattern.message for pattern in found.patterns)))
    blocks += journey_blocks(found)
    rows = tuple(funnel_cells(row) for row in found.funnel[:MOST_ROWS])
    if rows:
        blocks += [Heading(3, "Day by day"), Grid(FUNNEL_COLUMNS, rows, numbers_from=5, numbers_to=8)]
    blocks.extend(_left_out(len(found.funnel), "step"))
    if found.late_converters.reason is not None:
        blocks.append(Paragraph(f"Late converters are not told: {found.late_converters.reason}"))
    return blocks


def _findings(found: "CampaignEvaluation") -> list[Block]:
    findings = found.report.findings
    counts = ", ".join(counted(number, severity) for severity, number in found.report.counts.items())
    blocks: list[Block] = [Heading(2, "What is odd about the records"), Paragraph(f"{counts}.")]
    if findings:
        rows = tuple(finding_cells(finding) for finding in findings[:MOST_ROWS])
        blocks.append(Grid(FINDING_COLUMNS, rows, numbers_from=4, numbers_to=5))
    return [*blocks, *_left_out(len(findings), "finding")]


def _left_out(number: int, noun: str) -> list[Block]:
    left = number - MOST_ROWS
    return [Paragraph(f"{counted(left, noun)} more are left out here; --json has them all.")] if left > 0 else []
