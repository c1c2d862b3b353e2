"""The first screen of an evaluation: actions to take, who waits, and the rest in short.

The same sections open the report and the full output.
"""

from typing import TYPE_CHECKING

from journey.decision.rules import BREAKS_RULE, REASONS
from journey.decision.steps import PENDING, STATES
from journey.money.format import format_dollars, format_exact_dollars
from journey.orchestrator.results import is_action
from scenarios.reports.document import Block, Grid, Heading, Items, Paragraph, omitted_rows_note
from scenarios.text.phrases import describe_unknown, format_name, pluralise

if TYPE_CHECKING:
    from journey.evaluation.evaluate import Evaluation
    from journey.kpis import Kpi, KpiGroups
    from journey.money.ledger import Ledger, Memo
    from journey.orchestrator.decision import Decision

SHOWN_KPIS = (
    ("operational", "human_escalation_rate"),
    ("operational", "override_rate"),
    ("operational", "decision_latency_ms"),
    ("operational", "decision_latency_p95_ms"),
    ("effectiveness", "intervention_success_rate"),
    ("effectiveness", "time_to_resolution_days"),
    ("business", "churn_rate"),
    ("business", "csat_delta"),
)
"""Group and name of the KPIs on the first screen."""

MAX_HELD_BACK = 10
"""Largest number of actions held back to list, the most severe customers first."""

MAX_WATCHED = 10
"""Largest number of customers of the watch list to print, those with the largest expected loss first."""

MORE = (
    "--full prints all decisions, KPIs and the ledger line by line; --report FILE.md or FILE.html writes everything "
    "with reasons and assumptions."
)


def build_first_screen(evaluation: "Evaluation", header: str, limit: int) -> list[Block]:
    """The first screen.

    Args:
        evaluation: The evaluation.
        header: Customers, date and policy in one sentence.
        limit: Largest number of actions and of open loops to list.
    """
    return [
        *opening_blocks(evaluation, header, limit),
        *_short_kpis(evaluation),
        Items((describe_records(evaluation), *describe_return(evaluation.ledger))),
        Paragraph(MORE),
    ]


def opening_blocks(evaluation: "Evaluation", header: str, limit: int) -> list[Block]:
    """Title, actions to take, open loops, actions held back, and the watch list."""
    return [
        Heading(1, "Customer journey evaluation"),
        Paragraph(header),
        *_actions(evaluation, limit),
        *_open_loops(evaluation, limit),
        *_held_back(evaluation),
        *_watch_list(evaluation),
    ]


def _actions(evaluation: "Evaluation", limit: int) -> list[Block]:
    totals = evaluation.decisions.count_totals()
    if not totals.with_action:
        return [Heading(2, "Actions to take"), Paragraph("None on this date.")]
    shown = [decision for decision in evaluation.decisions.top_priority(limit) if is_action(decision)]
    rows = tuple(
        (
            decision.customer_id,
            decision.recommended_action or "",
            "yes" if decision.requires_human_approval else "no",
            decision.stage or "unknown",
            format_dollars(decision.priority),
        )
        for decision in shown
    )
    return [
        Heading(2, f"Actions to take: {totals.with_action:,} ({totals.needing_approval:,} with approval)"),
        Grid(("customer", "action", "needs approval", "stage", "avertable loss"), rows, numbers_from=4),
        Items(tuple(f"{decision.customer_id}: {'; '.join(decision.reasons)}" for decision in shown)),
        *omitted_rows_note(totals.with_action, "action", shown=len(shown)),
    ]


def _open_loops(evaluation: "Evaluation", limit: int) -> list[Block]:
    # Approvals come first: a person can end them.
    loops = sorted(evaluation.open_loops, key=lambda loop: loop.state != STATES[PENDING])
    if not loops:
        return [Heading(2, "Open loops"), Paragraph("None: every intervention is closed.")]
    rows = tuple(
        (loop.intervention_id, loop.customer_id, f"{loop.age_days:.0f}", format_name(loop.state), loop.message)
        for loop in loops[:limit]
    )
    return [
        Heading(2, f"Open loops: {pluralise(len(loops), 'intervention')} waiting for a step"),
        Grid(("intervention", "customer", "days", "state", "pending step"), rows, numbers_from=2, numbers_to=3),
        *omitted_rows_note(len(loops), "open loop", shown=len(rows)),
    ]


def _held_back(evaluation: "Evaluation") -> list[Block]:
    number = evaluation.decisions.count_totals().held_back
    if not number:
        return []
    by = (
        "contact policy, governance or rules" if _has_held_back_by_rules(evaluation) else "contact policy or governance"
    )
    heading = Heading(2, f"Held back by {by}: {pluralise(number, 'action')}")
    if evaluation.table is not None:
        # A batch has no list of these decisions without creating all of them.
        return [heading, Paragraph("--decisions FILE.parquet or FILE.csv writes the reason of each.")]
    held = sorted((one for one in evaluation.decisions if one.held_back_action), key=lambda one: -one.severity)
    shown = held[:MAX_HELD_BACK]
    items = Items(tuple(map(_describe_held_back, shown)))
    return [heading, items, *omitted_rows_note(number, "action", shown=len(shown))]


def _has_held_back_by_rules(evaluation: "Evaluation") -> bool:
    if evaluation.table is not None:
        return bool((evaluation.table.columns.reason == BREAKS_RULE).any())
    return any(decision.reason == REASONS[BREAKS_RULE] for decision in evaluation.decisions)


def _describe_held_back(decision: "Decision") -> str:
    reasons = [reason for reason in decision.reasons if "held back" in reason]
    return f"{decision.customer_id}: {'; '.join(reasons or decision.reasons)}"


def _watch_list(evaluation: "Evaluation") -> list[Block]:
    number = len(evaluation.watch_list)
    if not number:
        return []
    shown = evaluation.watch_list.top(MAX_WATCHED)
    items = tuple(
        f"{one.customer_id} (expected loss {format_dollars(one.expected_loss)}): {'; '.join(one.reasons)}"
        for one in shown
    )
    return [
        Heading(2, f"Watch list: {pluralise(number, 'customer')} without an action"),
        Items(items),
        *omitted_rows_note(number, "customer", shown=len(shown)),
    ]


def _short_kpis(evaluation: "Evaluation") -> list[Block]:
    rows = tuple(
        (format_name(name), format_kpi(kpi), str(kpi.n), kpi.status)
        for group, name in SHOWN_KPIS
        if (kpi := evaluation.kpis.get(group, {}).get(name)) is not None and kpi.value is not None
    )
    unknown = describe_unknown_kpis(evaluation.kpis)
    return [
        Heading(2, "KPIs"),
        *([Grid(("KPI", "value", "n", "status"), rows, numbers_to=3)] if rows else []),
        *([Paragraph(unknown)] if unknown else []),
    ]


def describe_unknown_kpis(groups: "KpiGroups") -> str:
    """The KPIs that the records do not determine, by reason, in one line; empty if every KPI is known."""
    unknown = (
        (format_name(name), kpi.reason)
        for members in groups.values()
        for name, kpi in members.items()
        if kpi.value is None
    )
    return describe_unknown(unknown, "KPI", joint=", ")


def describe_records(evaluation: "Evaluation") -> str:
    """One sentence on the findings."""
    counts = evaluation.findings.severities()
    listed = ", ".join(pluralise(number, severity) for severity, number in counts.items())
    return f"Records: {listed} (`journey check` lists each)."


def describe_return(ledger: "Ledger") -> tuple[str, ...]:
    """Sentences on the ledger, its periods, and the other estimates of the value."""
    value, cost, net = (format_exact_dollars(amount) for amount in (ledger.value, ledger.cost, ledger.net))
    total = f"Past interventions: value {value}, cost {cost}, net {net}, {format_roi(ledger)}, without interval"
    sentences = [f"{total} ({ledger.label})."]
    if ledger.not_counted:
        sentences.append(f"Not counted, because the amount is unknown: {', '.join(ledger.not_counted)}.")
    if ledger.periods:
        sentences.append(describe_periods(ledger))
    estimates = [describe_memo(memo) for memo in ledger.memos if memo.amount is not None]
    if estimates:
        sentences.append(f"Other estimates of the same value: {'; '.join(estimates)}.")
    return tuple(sentences)


def describe_periods(ledger: "Ledger") -> str:
    """The periods that the amounts of a ledger are for, in one sentence."""
    return f"Periods: {'; '.join(f'{name}: {period}' for name, period in ledger.periods.items())}."


def describe_memo(memo: "Memo") -> str:
    """A memo with its amount, and the ROI that it gives."""
    roi = "" if memo.roi is None else f" (ROI {memo.roi:,.1f})"
    return f"{memo.name}: {format_exact_dollars(memo.amount)}{roi}"


def format_roi(ledger: "Ledger") -> str:
    """The ROI of a ledger with its definition."""
    if ledger.roi is not None:
        return f"ROI {ledger.roi:,.1f} (net divided by cost)"
    return "ROI unknown" if ledger.net is None else "ROI not defined (the cost is 0)"


def format_kpi(kpi: "Kpi") -> str:
    """The value of a KPI with its unit."""
    if kpi.value is None:
        return "unknown"
    if kpi.unit == "share":
        return f"{kpi.value:.1%}"
    if kpi.unit == "dollars":
        return format_exact_dollars(kpi.value)
    if kpi.unit == "ms":
        return format_milliseconds(kpi.value)
    return f"{kpi.value:,.2f} {kpi.unit}"


def format_milliseconds(duration: float) -> str:
    """A duration in milliseconds, such as ``240.00 ms`` or ``0.0213 ms``: three digits below 1 ms."""
    return f"{duration:,.2f} ms" if duration >= 1.0 else f"{duration:.3g} ms"
