"""How proposals to move budget and the risk inbox are written, in tables on the terminal and in the report alike."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from journey.money.format import format_dollars, format_exact_dollars
from scenarios.reports.document import MAX_ROWS, Block, Grid, Heading, Items, Paragraph
from scenarios.text.phrases import format_interval, format_name, pluralise

if TYPE_CHECKING:
    from journey.marketing.evaluation import CampaignEvaluation

PROPOSAL_COLUMNS = ("campaign", "from", "to", "amount", "why", "approval", "expected gain", "95 % interval", "reasons")
CHANNEL_COLUMNS = ("campaign", "channel", "to give", "rests on", "return per dollar", "95 % interval", "note")
RISK_COLUMNS = ("risk", "campaign", "type", "severity", "status", "days", "at stake", "look", "do", "what was seen")

BASIS_LABELS = {"opening": "opening balance", "spend": "its spend so far", "unknown": "nothing recorded"}
"""What a balance rests on."""

Row = Mapping[str, Any]


def proposal_cells(row: Row) -> tuple[str, ...]:
    """One proposal, as `PROPOSAL_COLUMNS` asks."""
    return (
        row["campaign_id"],
        row["from_channel_id"],
        row["to_channel_id"],
        format_exact_dollars(row["amount"]),
        format_name(row["reason_code"]),
        "a person" if row["requires_human_approval"] else "by rule",
        format_dollars(row["expected_gain"]),
        format_interval(row["gain_low"], row["gain_high"], format_dollars),
        " ".join(row["reasons"]),
    )


def channel_cells(row: Row) -> tuple[str, ...]:
    """One channel, as `CHANNEL_COLUMNS` asks."""
    known = row["return_per_dollar"] is not None
    barred = (
        f"may receive nothing while {', '.join(row['risks'])} {'is' if len(row['risks']) == 1 else 'are'} not settled"
        if row["risks"]
        else ""
    )
    return (
        row["campaign_id"],
        row["channel_id"],
        format_exact_dollars(row["available"]),
        BASIS_LABELS[row["basis"]],
        f"{row['return_per_dollar']:.2f}" if known else "unknown",
        format_interval(row["return_low"], row["return_high"], "{:.2f}".format) if known else "",
        "; ".join(note for note in (row["left_out"], barred) if note),
    )


def risk_cells(row: Row) -> tuple[str, ...]:
    """One risk, as `RISK_COLUMNS` asks."""
    computed = row["computed_severity"]
    differs = f" ({computed} by the data)" if computed not in (None, row["severity"]) else ""
    return (
        row["risk_id"],
        row["campaign_id"],
        format_name(row["risk_type"]),
        row["severity"] + differs,
        format_name(row["status"]),
        "" if row["age_days"] is None else f"{row['age_days']}{' (overdue)' if row['overdue'] else ''}",
        format_dollars(row["exposure"]),
        "a person must" if row["requires_human_review"] else "",
        format_name(row["recommended_action"] or ""),
        row["message"],
    )


def budget_lines(budget: Row) -> list[str]:
    """What was decided by campaign, what waits, what moves did, and whether approvals are proved, a sentence each."""
    return [
        *(f"{row['campaign_id']}: {row['message']}" for row in budget["decisions"]),
        *(
            f"{row['transfer_id']} ({format_exact_dollars(row['amount'])} from {row['from_channel_id']} to "
            f"{row['to_channel_id']}) "
            f"is {row['status']}: {row['message']}"
            for row in budget["waiting"]
        ),
        *(f"After {row['budget_action_id']}: {row['message']}" for row in budget["before_after"]),
        f"Approval before spend ({format_name(budget['governance']['verdict'])}): {budget['governance']['message']}",
    ]


def budget_blocks(evaluation: "CampaignEvaluation") -> list[Block]:
    """The report's section on capital: proposals, channels, and the audit trail."""
    made, budget = evaluation.sections["proposals"], evaluation.sections["budget"]
    rows = tuple(proposal_cells(row) for row in made[:MAX_ROWS])
    channels = tuple(channel_cells(row) for row in budget["channels"][:MAX_ROWS])
    blocks: list[Block] = [
        Heading(2, "Where money should move"),
        Paragraph(
            f"{pluralise(len(made), 'move')} of money {'is' if len(made) == 1 else 'are'} proposed; nothing moves "
            "before "
            "it is approved. Returns are revenue per dollar, not margin; intervals hold what is not known about "
            "returns, not whether they diminish as assumed."
        ),
    ]
    if rows:
        blocks.append(Grid(PROPOSAL_COLUMNS, rows, numbers_from=3, numbers_to=4))
    blocks.append(Grid(CHANNEL_COLUMNS, channels, numbers_from=2, numbers_to=3))
    blocks.append(Items(tuple(budget_lines(budget))))
    blocks += [Items(tuple(proposal_lines(evaluation)))] if made else []
    entered = {row["budget_action_id"] for row in made}
    audit = tuple(
        f"{event['timestamp'].replace('T', ' ')}: {event['entity_id']} {format_name(event['to_status'])} by "
        f"{event['actor_id'] or event['actor_kind']}"
        + ("" if event["amount"] is None else f", {format_exact_dollars(event['amount'])}")
        for event in budget["audit"][-MAX_ROWS:]
        if event["entity_id"] not in entered
    )
    trail: Block = Items(audit) if audit else Paragraph("The marketing log holds nothing yet.")
    return [*blocks, Heading(3, "Audit trail"), trail]


def proposal_lines(evaluation: "CampaignEvaluation") -> list[str]:
    """How each proposal gets into the log: it stands in none until somebody enters it."""
    return [
        f"{row['budget_action_id']} is entered in the log by: journey budget propose {row['budget_action_id']} FOLDER"
        for row in evaluation.sections["proposals"]
    ]


def risk_blocks(evaluation: "CampaignEvaluation") -> list[Block]:
    """The report's section on risks: those that are not settled, the most serious first."""
    risks = evaluation.sections["risks"]
    open_risks = [row for row in risks if row["status"] in ("open", "in_review")]
    needs_review = sum(row["requires_human_review"] for row in open_risks)
    blocks: list[Block] = [
        Heading(2, "Top risks this week"),
        Paragraph(
            f"{pluralise(len(open_risks), 'risk')} of {len(risks):,} {'is' if len(open_risks) == 1 else 'are'} not "
            "settled; a person "
            f"must look at {needs_review:,}. At stake is a share of the spend by severity, times confidence."
        ),
    ]
    rows = tuple(risk_cells(row) for row in open_risks[:MAX_ROWS])
    return [*blocks, Grid(RISK_COLUMNS, rows, numbers_from=6, numbers_to=7)] if rows else blocks
