"""An evaluation and its findings as tables on the terminal, readable from 60 columns."""

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from journey.core.findings import count_by_severity
from journey.money.format import format_dollars, format_exact_dollars
from journey.orchestrator.replay import AGREEMENT_LABEL
from journey.orchestrator.results import is_action
from scenarios.cli.console import print_omitted_rows, styled, table
from scenarios.cli.terminal_document import print_document
from scenarios.reports.evaluation import KPI_GROUPS, format_latency, format_quantity
from scenarios.reports.evaluation_summary import (
    build_first_screen,
    describe_memo,
    describe_periods,
    describe_unknown_kpis,
    format_kpi,
    format_roi,
    opening_blocks,
)
from scenarios.text.phrases import pluralise

if TYPE_CHECKING:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    from journey.batch import DecisionTable
    from journey.core.findings import Finding
    from journey.evaluation.evaluate import Evaluation
    from journey.kpis import Kpi
    from journey.money.ledger import Ledger
    from journey.orchestrator.decision import Decision
    from journey.orchestrator.replay import Agreement
    from journey.orchestrator.results import Decisions, Findings
    from scenarios.cli.fitted_table import FittedTable

_WIDE = 100
_WIDE_DECISIONS = 120
"""Columns of a terminal in which a column of reasons is wide enough to read."""
_STYLES = {"error": "red", "warning": "yellow", "notice": "dim"}


def print_findings(out: "Console", findings: Sequence["Finding"], limit: int) -> None:
    """Print the counts and, by code, the number of findings and the first of them.

    Args:
        out: The console.
        findings: The findings, most serious first; those of one code follow each other.
        limit: How many findings of a code are listed.
    """
    counts = count_by_severity(findings)
    out.print(", ".join(pluralise(number, severity) for severity, number in counts.items()))
    if not findings:
        return
    out.print()
    groups = [list(group) for _, group in groupby(findings, key=lambda finding: (finding.severity, finding.code))]
    if limit and out.width >= _WIDE:
        out.print(_findings_table(groups, limit))
    elif limit:
        _list_findings(out, groups, limit)
    listed = sum(min(len(group), limit) for group in groups)
    print_omitted_rows(out, len(findings), listed, "finding")


def _findings_table(groups: Sequence[Sequence["Finding"]], limit: int) -> "FittedTable":
    result = table("Findings", "severity", "code", "count", "record", "customer", "finding", right=("count",))
    for group in groups:
        for place, finding in enumerate(group[:limit]):
            # The severity, code and count of a group are in its first row.
            severity = styled(finding.severity, _STYLES[str(finding.severity)]) if place == 0 else ""
            code, count = (finding.code, f"{len(group):,}") if place == 0 else ("", "")
            record = finding.record or finding.dataset
            result.add_row(severity, code, count, record, finding.customer_id or "", finding.message)
    return result


def _list_findings(out: "Console", groups: Sequence[Sequence["Finding"]], limit: int) -> None:
    """Findings for narrow terminals: the message under severity, code, count and record."""
    from rich.padding import Padding

    for group in groups:
        for place, finding in enumerate(group[:limit], start=1):
            of = "" if len(group) == 1 else f" {place} of {len(group):,}"
            rest = f" {finding.code}{of}, {finding.record or finding.dataset}"
            out.print(styled(finding.severity, _STYLES[str(finding.severity)], rest))
            out.print(Padding(finding.message, (0, 0, 0, 2)))
    out.print()


class EvaluationView(NamedTuple):
    """What to print of an evaluation.

    Attributes:
        policy: The policy in force, in words.
        is_latest: Whether the date is the default, the latest date in the records.
        limit: Largest number of decisions, open loops and replayed interventions to print.
        full: Whether to print all tables.
        alone: Whether only one customer was evaluated.
    """

    policy: str
    is_latest: bool
    limit: int
    full: bool
    alone: bool


def print_evaluation(out: "Console", evaluation: "Evaluation", view: EvaluationView) -> None:
    """Print an evaluation: its first screen, or everything, the actions to take first in both."""
    header = _describe_evaluation(evaluation, view)
    if view.full or view.alone:
        print_document(out, opening_blocks(evaluation, header, view.limit))
        out.print()
        _print_tables(out, evaluation, view)
    else:
        print_document(out, build_first_screen(evaluation, header, view.limit))
    if evaluation.agreement is not None:
        out.print()
        _print_agreement(out, evaluation.agreement, view.limit)


def _describe_evaluation(evaluation: "Evaluation", view: EvaluationView) -> str:
    latest = " (the latest date in the records)" if view.is_latest else ""
    return (
        f"{pluralise(len(evaluation.decisions), 'customer')} ({evaluation.source}) as of "
        f"{evaluation.as_of.isoformat()}{latest}, policy {view.policy}."
    )


def _print_tables(out: "Console", evaluation: "Evaluation", view: EvaluationView) -> None:
    if evaluation.table is not None:
        _print_breakdown(out, evaluation.table)
    _print_decisions(out, evaluation.decisions, view.limit)
    if not view.alone:
        for group, title in KPI_GROUPS.items():
            out.print(_kpi_table(title, evaluation.kpis.get(group, {})))
        out.print("The definition of each KPI is in --report and --json.\n")
    out.print(_ledger_table(evaluation.ledger, wide=out.width >= _WIDE))
    _print_finding_counts(out, evaluation.findings)


def _print_finding_counts(out: "Console", findings: "Findings") -> None:
    example = ["example"] if out.width >= _WIDE else []
    result = table("Findings (`journey check` lists each)", "severity", "code", "count", *example, right=("count",))
    for group in findings.by_code():
        style = _STYLES[group.severity]
        result.add_row(
            styled(group.severity, style), group.code, f"{group.number:,}", *([group.example] if example else [])
        )
    if result.row_count:
        out.print(result)
    else:
        out.print("No data-quality findings.\n")


def _print_decisions(out: "Console", decisions: "Decisions", limit: int) -> None:
    title = f"Decisions: {pluralise(decisions.count_totals().with_action, 'action')} recommended"
    foremost = decisions.top_priority(limit)
    if out.width >= _WIDE_DECISIONS:
        out.print(_decision_table(title, foremost))
    else:
        out.print(styled(title, "bold"))
        for decision in foremost:
            out.print(_decision_block(decision))
    print_omitted_rows(out, len(decisions), limit, "decision")


def _print_breakdown(out: "Console", decided: "DecisionTable") -> None:
    """Numbers of decisions by stage, tier and action, as a summary of large record sets."""
    numbers = ("customers", "need approval", "avertable loss")
    result = table("Decisions by stage, risk tier and action", "stage", "tier", "action", *numbers, right=numbers)
    for share in decided.breakdown():
        result.add_row(
            share.stage or "unknown",
            share.tier,
            share.action or "nothing",
            f"{share.customers:,}",
            f"{share.needing_approval:,}" if share.needing_approval else "",
            format_dollars(share.priority) if share.priority else "",
        )
    out.print(result)


def _decision_table(title: str, decisions: Sequence["Decision"]) -> "FittedTable":
    numbers = ("days", "severity", "conf.", "churn", "avertable loss")
    result = table(title, "customer", "stage", *numbers, "decision", right=numbers)
    for decision in decisions:
        stage = decision.stage or "unknown"
        result.add_row(decision.customer_id, stage, *_decision_numbers(decision), _decision_text(decision))
    return result


def _decision_block(decision: "Decision") -> "Padding":
    """A decision for narrow terminals, where a column of reasons would be one word wide."""
    from rich.padding import Padding

    heading = (
        f"{decision.customer_id} in {decision.stage or 'an unknown stage'}: severity {decision.severity:.2f}, "
        f"confidence {decision.confidence:.2f}\n"
    )
    return Padding(styled(heading, "").append_text(_decision_text(decision)), (0, 0, 1, 0))


def _decision_numbers(decision: "Decision") -> tuple[str, ...]:
    return (
        "" if decision.days_in_stage is None else f"{decision.days_in_stage:.0f}",
        f"{decision.severity:.2f}",
        f"{decision.confidence:.2f}",
        "" if decision.churn_probability is None else f"{decision.churn_probability:.0%}",
        format_dollars(decision.priority),
    )


def _decision_text(decision: "Decision") -> "Text":
    approval = " (needs approval)" if decision.requires_human_approval else ""
    # A column of its own would leave too little width for the reasons.
    latency = "".join(f", evaluated in {cell}" for cell in format_latency(decision))
    rest = f"{approval}{latency}\n{'; '.join(decision.reasons)}"
    return styled(decision.recommended_action or "nothing", "bold" if is_action(decision) else "", rest)


def _kpi_table(title: str, members: "dict[str, Kpi]") -> "FittedTable":
    result = table(title, "KPI", "value", "n", "status", right=("value", "n"))
    for name, kpi in members.items():
        result.add_row(
            name, format_kpi(kpi), str(kpi.n), styled(kpi.status, "dim") if kpi.value is None else kpi.status
        )
    result.note = describe_unknown_kpis({title: members})
    return result


def _ledger_table(ledger: "Ledger", *, wide: bool) -> "FittedTable":
    middle = ["quantity", "unit price"] if wide else []
    result = table(f"ROI ({ledger.label})", "line", *middle, "amount", "provenance", right=("unit price", "amount"))
    for kind, total in (("value", ledger.value), ("cost", ledger.cost)):
        for line in ledger.lines:
            if line.kind == kind:
                detail = [format_quantity(line.quantity, line.unit), format_dollars(line.unit_price)] if wide else []
                result.add_row(line.name, *detail, format_exact_dollars(line.amount), line.provenance)
        result.add_row(
            styled(f"total {kind}", "bold"), *([""] * len(middle)), format_exact_dollars(total), "", end_section=True
        )
    result.add_row(styled("net", "bold"), *([""] * len(middle)), format_exact_dollars(ledger.net), "")
    notes = [f"{format_roi(ledger)}; an indication of the direction, not of the size"]
    notes += [f"not included, because the amount is unknown: {', '.join(ledger.not_counted)}"] * bool(
        ledger.not_counted
    )
    notes += [describe_periods(ledger)] * bool(ledger.periods)
    notes += [f"not part of the ledger: {describe_memo(memo)}" for memo in ledger.memos]
    result.note = "\n".join(notes)
    return result


def _print_agreement(out: "Console", agreement: "Agreement", limit: int) -> None:
    count = len(agreement.rows)
    result = table(
        f"Replay: same action {agreement.same_action} of {count}, same approval {agreement.same_approval} of {count} "
        f"({AGREEMENT_LABEL})",
        "intervention",
        "recorded",
        "now",
        "approval",
        "confidence",
        right=("confidence",),
    )
    for row in agreement.differences_first[:limit]:
        recorded = "?" if row.recorded_confidence is None else f"{row.recorded_confidence:.2f}"
        result.add_row(
            row.intervention_id,
            row.recorded_action,
            row.action or "nothing",
            f"{'yes' if row.recorded_approval else 'no'} / {'yes' if row.approval else 'no'}",
            f"{recorded} / {row.confidence:.2f}",
        )
    rank = "not defined" if agreement.rank_correlation is None else f"{agreement.rank_correlation:.2f}"
    caption = f"differences first; approval and confidence: recorded / now; rank correlation of confidences {rank}"
    result.note = "\n".join(filter(None, (caption, agreement.note)))
    out.print(result)
    print_omitted_rows(out, count, limit, "intervention")
