"""The report of an evaluation, for people who decide: what was judged, what to do, what it brought, what is assumed."""

from typing import TYPE_CHECKING

from journey.orchestrator.replay import AGREEMENT_LABEL
from scenarios.reports.document import Block, Grid, Heading, Items, Paragraph

if TYPE_CHECKING:
    from journey.evaluation.evaluate import Evaluation
    from journey.kpis import Kpi
    from journey.money.ledger import Ledger
    from journey.orchestrator.replay import Agreement
    from journey.orchestrator.results import Decisions, Findings

MOST_ROWS = 200
"""A report lists this many findings or decisions, the most important ones, and says how many it left out."""

KPI_GROUPS = {
    "operational": "Operational: is the system working correctly and safely?",
    "effectiveness": "Effectiveness: is the journey getting better?",
    "business": "Business: is it worth it?",
}


def report_on(found: "Evaluation") -> list[Block]:
    """The report of an evaluation."""
    return [
        Heading(1, "Customer journey evaluation"),
        Paragraph(
            f"{counted(len(found.decisions), 'customer')} ({found.source}), judged as of {found.as_of.isoformat()}"
            f" by the policy {found.policy.name!r}. Nothing dated later was used."
        ),
        *_summary(found),
        *_decisions(found.decisions),
        *_loops(found),
        *_findings(found.findings),
        *_kpis(found),
        *_roi(found.ledger),
        *(_agreement(found.agreement) if found.agreement else []),
        *_assumptions(found),
    ]


def counted(number: int, noun: str) -> str:
    """A number with its noun: ``1 customer``, ``2 customers``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def money(amount: float | None) -> str:
    """Dollars and cents."""
    if amount is None:
        return "unknown"
    return f"-${-amount:,.2f}" if amount < 0 else f"${amount:,.2f}"


def kpi_value(kpi: "Kpi") -> str:
    """A KPI's value with its unit."""
    if kpi.value is None:
        return "unknown"
    if kpi.unit == "share":
        return f"{kpi.value:.1%}"
    if kpi.unit == "dollars":
        return money(kpi.value)
    return f"{kpi.value:,.2f} {kpi.unit}"


def quantity(amount: float | None, unit: str) -> str:
    """A quantity with its unit."""
    return f"unknown {unit}" if amount is None else f"{amount:,.2f}".rstrip("0").rstrip(".") + f" {unit}"


def _summary(found: "Evaluation") -> list[Block]:
    totals = found.decisions.count_totals()
    counts = found.findings.severities()
    actions = (
        f"{counted(totals.with_action, 'action')} recommended, of which {totals.needing_approval:,} need a "
        "person's approval;"
        f" {counted(totals.held_back, 'action')} held back by contact policy or governance."
    )
    return [
        Heading(2, "In short"),
        Items(
            (
                actions,
                f"{counted(len(found.open_loops), 'open loop')} to be closed.",
                f"Records: {', '.join(counted(number, severity) for severity, number in counts.items())}.",
                f"Net value of past interventions {money(found.ledger.net)} ({found.ledger.label}).",
            )
        ),
    ]


def _decisions(decisions: "Decisions") -> list[Block]:
    foremost = decisions.top_priority(MOST_ROWS)
    rows = tuple(
        (
            decision.customer_id,
            decision.stage or "unknown",
            decision.recommended_action or "nothing",
            "yes" if decision.requires_human_approval else "no",
            f"{decision.severity:.2f}",
            f"{decision.confidence:.2f}",
            "" if decision.churn_probability is None else f"{decision.churn_probability:.0%}",
            money(decision.priority),
        )
        for decision in foremost
    )
    reasons = tuple(f"{d.customer_id}: {'; '.join(d.reasons)}." for d in foremost)
    return [
        Heading(2, "Decisions"),
        Paragraph("Severity says how bad it looks, confidence how good the evidence is. Doing nothing is a decision."),
        Grid(
            ("customer", "stage", "action", "approval", "severity", "confidence", "churn", "can avert"),
            rows,
            numbers_from=4,
        ),
        *_left_out(len(decisions), "decision"),
        Heading(2, "Reasons"),
        Items(reasons),
    ]


def _left_out(count: int, noun: str) -> list[Block]:
    left = count - MOST_ROWS
    return [Paragraph(f"{counted(left, noun)} more left out here; --json has them all.")] if left > 0 else []


def _loops(found: "Evaluation") -> list[Block]:
    if not found.open_loops:
        return [Heading(2, "Open loops"), Paragraph("None: every intervention has come to an end.")]
    rows = tuple(
        (loop.intervention_id, loop.customer_id, loop.state, loop.message, f"{loop.age_days:.0f}")
        for loop in found.open_loops[:MOST_ROWS]
    )
    return [
        Heading(2, "Open loops"),
        Grid(("intervention", "customer", "state", "what it waits for", "days"), rows, numbers_from=4),
        *_left_out(len(found.open_loops), "open loop"),
    ]


def _findings(findings: "Findings") -> list[Block]:
    if not len(findings):
        return [Heading(2, "Findings about the records"), Paragraph("None.")]
    rows = tuple(
        (str(finding.severity), finding.code, finding.record or finding.dataset, finding.message)
        for finding in findings[:MOST_ROWS]
    )
    return [
        Heading(2, "Findings about the records"),
        Grid(("severity", "code", "record", "what was noticed"), rows, numbers_from=4),
        *_left_out(len(findings), "finding"),
    ]


def _kpis(found: "Evaluation") -> list[Block]:
    blocks: list[Block] = [
        Heading(2, "KPIs"),
        Paragraph(
            "Measured: read off the records. Directional: rests on an assumption or lacks a counterfactual. Unknown:"
            " the records hold no ground truth for it, so no number is made up."
        ),
    ]
    for group, title in KPI_GROUPS.items():
        rows = tuple(
            (name, kpi_value(kpi), str(kpi.n), kpi.status, kpi.definition)
            for name, kpi in found.kpis.get(group, {}).items()
        )
        blocks += [Heading(3, title), Grid(("KPI", "value", "n", "status", "what it is"), rows, numbers_to=3)]
    return blocks


def _roi(ledger: "Ledger") -> list[Block]:
    rows = [
        (line.name, line.kind, quantity(line.quantity, line.unit), money(line.unit_price), money(line.amount),
         line.provenance, line.note)
        for line in ledger.lines
    ]  # fmt: skip
    blank = ("", "", "", "")
    totals = [
        ("total value", *blank[:3], money(ledger.value), "", ""),
        ("total cost", *blank[:3], money(ledger.cost), "", ""),
        ("net", *blank[:3], money(ledger.net), "", ""),
    ]
    per_dollar = "not defined: nothing was spent" if ledger.roi is None else f"{ledger.roi:,.2f} per dollar of cost"
    return [
        Heading(2, "Return on investment"),
        Paragraph(
            f"{ledger.label[:1].upper()}{ledger.label[1:]}. It says which way, not how much: customers also recover by"
            f" themselves, and no one knows from records what would have happened. Return {per_dollar}."
        ),
        Grid(
            ("line", "kind", "quantity", "unit price", "amount", "provenance", "note"),
            (*rows, *totals),
            numbers_from=2,
            numbers_to=5,
        ),
        *[Paragraph(f"Beside the ledger: {memo.name} {money(memo.amount)}; {memo.note}.") for memo in ledger.memos],
    ]


def _agreement(found: "Agreement") -> list[Block]:
    count = len(found.rows)
    rank = "not defined" if found.rank_correlation is None else f"{found.rank_correlation:.2f}"
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
        for row in found.rows[:MOST_ROWS]
    )
    return [
        Heading(2, "Replay"),
        Paragraph(
            f"Each recorded intervention re-decided at its own date, with nothing later in sight: same action"
            f" {found.same_action} of {count}, same approval {found.same_approval} of {count}, rank correlation of"
            f" confidences {rank}. This is a {AGREEMENT_LABEL}: the record says what was decided, not whether it "
            "was right."
        ),
        Grid(
            ("intervention", "recorded", "now", "approval recorded", "approval now", "confidence recorded", "now"),
            rows,
            numbers_from=5,
        ),
        *_left_out(count, "intervention"),
    ]


def _assumptions(found: "Evaluation") -> list[Block]:
    policy, churn = found.policy, found.policy.churn
    evidence, thresholds, contact = policy.evidence, policy.thresholds, policy.contact
    hazards = ", ".join(f"{segment} {hazard:g}" for segment, hazard in churn.yearly_hazard.items())
    risk = (
        f"Churn probability is over {churn.horizon_days:g} days, from yearly hazards at severity 0 ({hazards}) and a"
        f" log hazard ratio of {churn.severity_log_ratio:g} at severity 1: assumed, not calibrated."
    )
    signals = (
        f"Evidence halves every {evidence.half_life_days:g} days; trust {evidence.trust_automated:g} in automated,"
        f" {evidence.trust_manual:g} in manual, {evidence.trust_other:g} in other sources."
    )
    gates = (
        f"Action from severity {thresholds.act_severity:g} and confidence {thresholds.act_confidence:g} on; at least"
        f" {contact.cool_down_days:g} days between two contacts, at most {contact.max_contacts} in"
        f" {contact.window_days:g} days."
    )
    prices = "Each unit price carries its provenance; replace defaults by your own figures in a policy file."
    return [Heading(2, "Assumptions"), Items((risk, signals, gates, prices))]
