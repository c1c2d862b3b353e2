"""What `journey campaigns` prints for people."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.markup import escape

from scenarios.campaign_budget_words import (
    CHANNEL_COLUMNS,
    PROPOSAL_COLUMNS,
    RISK_COLUMNS,
    budget_lines,
    channel_cells,
    proposal_cells,
    risk_cells,
)
from scenarios.campaign_words import FINDING_COLUMNS, FUNNEL_COLUMNS, finding_cells, funnel_cells, moment_of
from scenarios.cli.output import table
from scenarios.evaluation_report import counted

if TYPE_CHECKING:
    from rich.console import Console

    from journey.marketing.evaluation import CampaignsEvaluation


def print_campaigns(out: "Console", found: "CampaignsEvaluation", *, latest: bool, limit: int) -> None:
    """Print an evaluation of campaigns.

    Args:
        out: Where.
        found: What.
        latest: Whether the moment was left out and is the latest date in the records.
        limit: Print at most so many rows of each table.
    """
    out.print(f"{found.source}, as of {moment_of(found, latest=latest)}", markup=False)
    out.print(", ".join(counted(n, severity) for severity, n in found.report.counts.items()) + "\n", markup=False)
    findings = [finding_cells(finding) for finding in found.report.findings]
    _print_rows(out, "Findings", FINDING_COLUMNS, findings, limit, right=("money",))
    steps = [funnel_cells(row) for row in found.funnel]
    right = ("count", "of the step before")
    _print_rows(out, "Funnel", FUNNEL_COLUMNS, steps, limit, right=right)
    for pattern in found.patterns:
        out.print(pattern.message, markup=False)
    if found.late.reason is not None:
        out.print(f"Late converters: {found.late.reason}\n", markup=False)
    _print_budget(out, found, limit)


def _print_budget(out: "Console", found: "CampaignsEvaluation", limit: int) -> None:
    made = [proposal_cells(row) for row in found.parts["proposals"]]
    _print_rows(out, "Proposals", PROPOSAL_COLUMNS, made, limit, right=("amount", "expected gain"))
    budget = found.parts["budget"]
    channels = [channel_cells(row) for row in budget["channels"]]
    _print_rows(out, "Channels", CHANNEL_COLUMNS, channels, limit, right=("to give", "return per dollar"))
    for line in budget_lines(budget):
        out.print(line, markup=False)
    out.print()
    inbox = [risk_cells(row) for row in found.parts["risks"]]
    _print_rows(out, "Risk inbox", RISK_COLUMNS, inbox, limit, right=("days", "at stake"))


def _print_rows(
    out: "Console",
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    limit: int,
    *,
    right: Sequence[str] = (),
) -> None:
    if not rows:
        out.print(f"{title}: none\n", markup=False)
        return
    made = table(title, *columns, right=right)
    for row in rows[:limit]:
        made.add_row(*(escape(cell) for cell in row))
    out.print(made)
    left = len(rows) - limit
    if left > 0:
        out.print(f"... and {counted(left, 'row')} more; --limit prints more, --json all\n", markup=False)
