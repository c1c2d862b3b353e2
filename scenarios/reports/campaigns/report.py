"""The report on campaigns: the order of its sections, the funnel, and data-quality findings."""

from typing import TYPE_CHECKING

from scenarios.reports.campaigns.format import (
    FINDING_COLUMNS,
    FUNNEL_COLUMNS,
    finding_cells,
    format_as_of,
    funnel_cells,
)
from scenarios.reports.campaigns.sections import (
    attribution_blocks,
    budget_blocks,
    capital_blocks,
    experiment_blocks,
    health_blocks,
    journey_blocks,
    kpi_blocks,
    risk_blocks,
    roi_blocks,
    rollup_blocks,
    summary_blocks,
)
from scenarios.reports.document import MAX_ROWS, Block, Grid, Heading, Items, Paragraph, omitted_rows_note
from scenarios.text.phrases import pluralise

if TYPE_CHECKING:
    from journey.marketing.evaluation import CampaignEvaluation


def build_report(evaluation: "CampaignEvaluation") -> list[Block]:
    """The report of an evaluation of campaigns."""
    return [
        Heading(1, "Campaigns"),
        Paragraph(f"{evaluation.source}, as of {format_as_of(evaluation, latest=False)}. Later records were not used."),
        *summary_blocks(evaluation),
        *health_blocks(evaluation),
        *_funnel(evaluation),
        *capital_blocks(evaluation),
        *budget_blocks(evaluation),
        *risk_blocks(evaluation),
        *rollup_blocks(evaluation),
        *experiment_blocks(evaluation),
        *attribution_blocks(evaluation),
        *roi_blocks(evaluation),
        *kpi_blocks(evaluation),
        *_findings(evaluation),
    ]


def _funnel(evaluation: "CampaignEvaluation") -> list[Block]:
    stuck = [row for row in evaluation.funnel if row.flag == "drop_off"]
    asked = [row for row in evaluation.funnel if row.conversion is not None]
    blocks: list[Block] = [
        Heading(2, "Funnel drop-off"),
        Paragraph(
            f"{len(stuck):,} of {pluralise(len(asked), 'step')} on a day {'has' if len(stuck) == 1 else 'have'} a "
            "significant drop-off. Intervals are 95 % Wilson intervals. They assume that people convert independently, "
            "and that people counted at a step were counted at the preceding step. Rows with counts from two sources "
            "are marked, because this is an assumption there."
        ),
    ]
    if evaluation.patterns:
        blocks.append(Items(tuple(pattern.message for pattern in evaluation.patterns)))
    blocks += journey_blocks(evaluation)
    rows = tuple(funnel_cells(row) for row in evaluation.funnel[:MAX_ROWS])
    if rows:
        blocks += [Heading(3, "Day by day"), Grid(FUNNEL_COLUMNS, rows, numbers_from=5, numbers_to=8)]
    blocks.extend(omitted_rows_note(len(evaluation.funnel), "step"))
    if evaluation.late_converters.reason is not None:
        blocks.append(Paragraph(f"Late conversions are unknown: {evaluation.late_converters.reason}"))
    return blocks


def _findings(evaluation: "CampaignEvaluation") -> list[Block]:
    findings = evaluation.report.findings
    counts = ", ".join(pluralise(number, severity) for severity, number in evaluation.report.counts.items())
    blocks: list[Block] = [Heading(2, "Data-quality findings"), Paragraph(f"{counts}.")]
    if findings:
        rows = tuple(finding_cells(finding) for finding in findings[:MAX_ROWS])
        blocks.append(Grid(FINDING_COLUMNS, rows, numbers_from=4, numbers_to=5))
    return [*blocks, *omitted_rows_note(len(findings), "finding")]
