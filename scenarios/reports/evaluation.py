"""The report of an evaluation: summary, decisions, open loops, findings, KPIs, ROI and assumptions."""

from typing import TYPE_CHECKING

from journey.money.format import format_dollars, format_exact_dollars
from journey.orchestrator.replay import AGREEMENT_LABEL
from scenarios.reports.document import MAX_ROWS, Block, Grid, Heading, Items, Paragraph, omitted_rows_note
from scenarios.reports.evaluation_summary import (
    describe_memo,
    describe_periods,
    describe_records,
    describe_return,
    format_kpi,
    format_milliseconds,
    format_roi,
    opening_blocks,
)
from scenarios.text.phrases import pluralise

if TYPE_CHECKING:
    from journey.evaluation.evaluate import Evaluation
    from journey.kpis import Kpi
    from journey.money.ledger import Ledger
    from journey.orchestrator.decision import Decision
    from journey.orchestrator.replay import Agreement
    from journey.orchestrator.results import Decisions, Findings

KPI_GROUPS = {
    "operational": "Operational: is the system working correctly and safely?",
    "effectiveness": "Effectiveness: is the journey getting better?",
    "business": "Business: is it worth it?",
}


def build_report(evaluation: "Evaluation", policy: str) -> list[Block]:
    """The report of an evaluation.

    Args:
        evaluation: The evaluation.
        policy: The policy in force, in words.
    """
    header = (
        f"{pluralise(len(evaluation.decisions), 'customer')} ({evaluation.source}), evaluated as of "
        f"{evaluation.as_of.isoformat()} with the policy {policy}. Later records were not used."
    )
    return [
        *opening_blocks(evaluation, header, MAX_ROWS),
        Heading(2, "Summary"),
        Items((describe_records(evaluation), *describe_return(evaluation.ledger))),
        *_decisions(evaluation.decisions),
        *_findings(evaluation.findings),
        *_kpis(evaluation),
        *_roi(evaluation.ledger),
        *(_agreement(evaluation.agreement) if evaluation.agreement else []),
        *_assumptions(evaluation),
    ]


def format_quantity(amount: float | None, unit: str) -> str:
    """A quantity with its unit."""
    return f"unknown {unit}" if amount is None else f"{amount:,.2f}".rstrip("0").rstrip(".") + f" {unit}"


def format_latency(decision: "Decision") -> tuple[str, ...]:
    """The measured latency of a decision as the cells of a row: one, or none if it was not measured."""
    latency = decision.evaluation_latency_ms
    return () if latency is None else (format_milliseconds(latency),)


def _decisions(decisions: "Decisions") -> list[Block]:
    foremost = decisions.top_priority(MAX_ROWS)
    latency = ("latency",) if any(decision.evaluation_latency_ms is not None for decision in foremost) else ()
    rows = tuple(
        (
            decision.customer_id,
            decision.stage or "unknown",
            decision.recommended_action or "nothing",
            "yes" if decision.requires_human_approval else "no",
            f"{decision.severity:.2f}",
            f"{decision.confidence:.2f}",
            "" if decision.churn_probability is None else f"{decision.churn_probability:.0%}",
            format_exact_dollars(decision.priority),
            "" if decision.expected_loss is None else format_exact_dollars(decision.expected_loss),
            *format_latency(decision),
        )
        for decision in foremost
    )
    reasons = tuple(f"{d.customer_id}: {'; '.join(d.reasons)}." for d in foremost)
    return [
        Heading(2, "Decisions"),
        Paragraph(
            "Severity measures how serious the customer's situation is, confidence how strong the evidence is. No "
            "action is also a decision. Expected loss is churn probability x account value, and avertable loss the "
            "part that the action can avert. The order is by avertable loss, then by expected loss."
        ),
        Grid(
            (
                "customer",
                "stage",
                "action",
                "approval",
                "severity",
                "confidence",
                "churn",
                "avertable loss",
                "expected loss",
                *latency,
            ),
            rows,
            numbers_from=4,
        ),
        *omitted_rows_note(len(decisions), "decision"),
        Heading(2, "Reasons"),
        Items(reasons),
    ]


def _findings(findings: "Findings") -> list[Block]:
    if not len(findings):
        return [Heading(2, "Data-quality findings"), Paragraph("None.")]
    rows = tuple(
        (str(finding.severity), finding.code, finding.record or finding.dataset, finding.message)
        for finding in findings[:MAX_ROWS]
    )
    return [
        Heading(2, "Data-quality findings"),
        Grid(("severity", "code", "record", "finding"), rows, numbers_from=4),
        *omitted_rows_note(len(findings), "finding"),
    ]


def _kpis(evaluation: "Evaluation") -> list[Block]:
    blocks: list[Block] = [
        Heading(2, "KPIs"),
        Paragraph(
            "Measured: computed from the records. Directional: depends on an assumption or lacks a counterfactual. "
            "Unknown: the records do not determine the value, for the stated reason."
        ),
    ]
    for group, title in KPI_GROUPS.items():
        rows = tuple(
            (name, format_kpi(kpi), str(kpi.n), kpi.status, _define(kpi))
            for name, kpi in evaluation.kpis.get(group, {}).items()
        )
        blocks += [Heading(3, title), Grid(("KPI", "value", "n", "status", "definition"), rows, numbers_to=3)]
    return blocks


def _define(kpi: "Kpi") -> str:
    return f"{kpi.definition}. Unknown: {kpi.reason}." if kpi.reason else kpi.definition


def _roi(ledger: "Ledger") -> list[Block]:
    rows = [
        (
            line.name,
            line.kind,
            format_quantity(line.quantity, line.unit),
            format_dollars(line.unit_price),
            format_exact_dollars(line.amount),
            line.provenance,
            line.note,
        )
        for line in ledger.lines
    ]
    blank = ("", "", "", "")
    totals = [
        ("total value", *blank[:3], format_exact_dollars(ledger.value), "", ""),
        ("total cost", *blank[:3], format_exact_dollars(ledger.cost), "", ""),
        ("net", *blank[:3], format_exact_dollars(ledger.net), "", ""),
    ]
    return [
        Heading(2, "Return on investment"),
        Paragraph(
            f"{ledger.label[:1].upper()}{ledger.label[1:]}. The return indicates the direction of the effect, not "
            "its size: "
            "customers also recover without an intervention, and records contain no counterfactual. "
            f"{format_roi(ledger)}. {describe_periods(ledger) if ledger.periods else ''}"
        ),
        Grid(
            ("line", "kind", "quantity", "unit price", "amount", "provenance", "note"),
            (*rows, *totals),
            numbers_from=2,
            numbers_to=5,
        ),
        *[Paragraph(f"Not part of the ledger: {describe_memo(memo)}; {memo.note}.") for memo in ledger.memos],
    ]


def _agreement(agreement: "Agreement") -> list[Block]:
    count = len(agreement.rows)
    rank = "not defined" if agreement.rank_correlation is None else f"{agreement.rank_correlation:.2f}"
    rows = tuple(
        (
            row.intervention_id,
            row.recorded_action,
            row.action or "nothing",
            "yes" if row.recorded_approval else "no",
            "yes" if row.approval else "no",
            "" if row.recorded_confidence is None else f"{row.recorded_confidence:.2f}",
            f"{row.confidence:.2f}",
        )
        for row in agreement.differences_first[:MAX_ROWS]
    )
    return [
        Heading(2, "Replay"),
        Paragraph(
            "The decision of each recorded intervention repeated as of its own date, without later records: same "
            "action"
            f" {agreement.same_action} of {count}, same approval {agreement.same_approval} of {count}, rank "
            "correlation of"
            f" confidences {rank}. This is a {AGREEMENT_LABEL}: the records contain the decision, not whether it "
            "was correct. Differences come first."
        ),
        *([Paragraph(agreement.note)] if agreement.note else []),
        Grid(
            ("intervention", "recorded", "now", "approval recorded", "approval now", "confidence recorded", "now"),
            rows,
            numbers_from=5,
        ),
        *omitted_rows_note(count, "intervention"),
    ]


def _assumptions(evaluation: "Evaluation") -> list[Block]:
    policy, churn = evaluation.policy, evaluation.policy.churn
    evidence, thresholds, contact = policy.evidence, policy.thresholds, policy.contact
    hazards = ", ".join(f"{segment} {hazard:g}" for segment, hazard in churn.yearly_hazard.items())
    risk = (
        f"The churn probability covers {churn.horizon_days:g} days, from yearly hazards at severity 0 ({hazards}) and a"
        f" log hazard ratio of {churn.severity_log_ratio:g} at severity 1: assumed, not calibrated."
    )
    signals = (
        f"The half-life of evidence is {evidence.half_life_days:g} days. Source weights: automated "
        f"{evidence.trust_automated:g}, manual {evidence.trust_manual:g}, other {evidence.trust_other:g}."
    )
    gates = (
        f"Actions require severity of at least {thresholds.act_severity:g} and confidence of at least "
        f"{thresholds.act_confidence:g}. Contacts are at least {contact.cool_down_days:g} days apart, at most "
        f"{contact.max_contacts} in {contact.window_days:g} days."
    )
    prices = "Each unit price has a provenance. Replace defaults with your own figures in a policy file."
    return [Heading(2, "Assumptions"), Items((risk, signals, gates, prices))]
