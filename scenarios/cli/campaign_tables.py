"""An evaluation of campaigns as tables on the terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from journey.money.format import format_exact_dollars
from scenarios.cli.console import print_omitted_rows, table
from scenarios.cli.terminal_document import print_document
from scenarios.reports.campaigns.first_screen import build_first_screen, opening_blocks
from scenarios.reports.campaigns.format import (
    CHANNEL_COLUMNS,
    CREDIT_COLUMNS,
    EXPERIMENT_COLUMNS,
    FINDING_COLUMNS,
    FUNNEL_COLUMNS,
    JOURNEY_COLUMNS,
    KPI_COLUMNS,
    PROPOSAL_COLUMNS,
    RISK_COLUMNS,
    ROLLUP_COLUMNS,
    TARGET_COLUMNS,
    budget_lines,
    channel_cells,
    credit_cells,
    credit_reasons,
    difference_lines,
    experiment_cells,
    finding_cells,
    funnel_cells,
    journey_cells,
    kpi_cells,
    proposal_cells,
    proposal_lines,
    risk_cells,
    rollup_cells,
    target_cells,
)
from scenarios.reports.evaluation import KPI_GROUPS

if TYPE_CHECKING:
    from rich.console import Console

    from journey.marketing.evaluation import CampaignEvaluation


def print_campaigns(
    out: "Console", evaluation: "CampaignEvaluation", *, latest: bool, limit: int, full: bool = True
) -> None:
    """Print an evaluation of campaigns: its first screen, or everything, the most important first in both.

    Args:
        out: Console to print to.
        evaluation: The evaluation.
        latest: Whether the date is the default, the latest date in the records.
        limit: Largest number of rows of each table to print.
        full: Whether to print all tables.
    """
    if not full:
        print_document(out, build_first_screen(evaluation, latest=latest))
        return
    print_document(out, opening_blocks(evaluation, latest=latest))
    out.print()
    _print_budget(out, evaluation, limit)
    _print_results(out, evaluation, limit)
    _print_journeys(out, evaluation, limit)
    _print_credit(out, evaluation, limit)
    _print_money(out, evaluation, limit)
    _print_funnel(out, evaluation, limit)
    findings = [finding_cells(finding) for finding in evaluation.report.findings]
    _print_rows(out, "Findings", FINDING_COLUMNS, findings, limit, right=("amount",))


def _print_funnel(out: "Console", evaluation: "CampaignEvaluation", limit: int) -> None:
    steps = [funnel_cells(row) for row in evaluation.funnel]
    right = ("count", "of preceding step")
    _print_rows(out, "Funnel", FUNNEL_COLUMNS, steps, limit, right=right)
    for pattern in evaluation.patterns:
        out.print(pattern.message)
    if evaluation.late_converters.reason is not None:
        out.print(f"Late converters: {evaluation.late_converters.reason}\n")


def _print_journeys(out: "Console", evaluation: "CampaignEvaluation", limit: int) -> None:
    steps = [journey_cells(row) for row in evaluation.sections["journeys"]]
    right = ("entered", "continued", "conversion")
    _print_rows(out, "By stage and segment", JOURNEY_COLUMNS, steps, limit, right=right)


def _print_results(out: "Console", evaluation: "CampaignEvaluation", limit: int) -> None:
    for start, end in dict.fromkeys((row["window_start"], row["window_end"]) for row in evaluation.sections["rollups"]):
        rows = [
            rollup_cells(r)
            for r in evaluation.sections["rollups"]
            if (r["window_start"], r["window_end"]) == (start, end)
        ]
        right = ("impressions", "conversions", "spend", "KPI", "trend")
        _print_rows(out, f"Segments from {start} to {end}", ROLLUP_COLUMNS, rows, limit, right=right)
    for line in difference_lines(evaluation.sections["rollups"])[:limit]:
        out.print(f"{line} (computed from performance in brackets)")
    out.print()
    tested = [experiment_cells(row) for row in evaluation.sections["experiments"]]
    _print_rows(out, "Experiments", EXPERIMENT_COLUMNS, tested, limit, right=("lift", "p (Holm)"))


def _print_credit(out: "Console", evaluation: "CampaignEvaluation", limit: int) -> None:
    given = [credit_cells(row) for row in evaluation.sections["attribution"] if row["channel_id"]]
    right = ("conversions", "share", "value", "removal effect")
    _print_rows(out, "Attribution (do not add up methods)", CREDIT_COLUMNS, given, limit, right=right)
    for line in credit_reasons(evaluation.sections["attribution"]):
        out.print(line)
    out.print()


def _print_money(out: "Console", evaluation: "CampaignEvaluation", limit: int) -> None:
    from journey.kpis import Kpi

    kpis, roi = evaluation.sections["kpis"], evaluation.sections["roi"]
    goals = [target_cells(goal, name) for name, goal in kpis["targets"].items()]
    _print_rows(out, "Targets and actuals", TARGET_COLUMNS, goals, limit, right=("actual", "target"))
    for group, title in KPI_GROUPS.items():
        rows = [kpi_cells(name, Kpi(**kpi)) for name, kpi in kpis[group].items()]
        _print_rows(out, title, KPI_COLUMNS, rows, limit, right=("value", "n"))
    lines = [
        (line["name"], line["kind"], format_exact_dollars(line["amount"]), line["provenance"], line["note"])
        for line in roi["lines"]
    ]
    _print_rows(out, "ROI", ("line", "kind", "amount", "provenance", "note"), lines, limit, right=("amount",))
    totals = (
        f"value {format_exact_dollars(roi['value'])}, cost {format_exact_dollars(roi['cost'])}, net "
        f"{format_exact_dollars(roi['net'])} ({roi['label']})"
    )
    out.print(totals)
    for memo in roi["memos"]:
        out.print(f"{memo['name']}: {format_exact_dollars(memo['amount'])}; {memo['note']}")


def _print_budget(out: "Console", evaluation: "CampaignEvaluation", limit: int) -> None:
    result = [proposal_cells(row) for row in evaluation.sections["proposals"]]
    _print_rows(out, "Proposals", PROPOSAL_COLUMNS, result, limit, right=("amount", "expected gain"))
    for line in proposal_lines(evaluation):
        out.print(f"{line}\n")
    budget = evaluation.sections["budget"]
    channels = [channel_cells(row) for row in budget["channels"]]
    _print_rows(out, "Channels", CHANNEL_COLUMNS, channels, limit, right=("to give", "return per dollar"))
    for line in budget_lines(budget):
        out.print(line)
    out.print()
    inbox = [risk_cells(row) for row in evaluation.sections["risks"]]
    _print_rows(out, "Risk inbox", RISK_COLUMNS, inbox, limit, right=("days", "exposure"))


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
        out.print(f"{title}: none\n")
        return
    result = table(title, *columns, right=right)
    for row in rows[:limit]:
        result.add_row(*row)
    out.print(result)
    print_omitted_rows(out, len(rows), limit, "row")
