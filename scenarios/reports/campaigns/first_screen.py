"""The first screen of an evaluation of campaigns: summary, what waits for a decision, and targets."""

from typing import TYPE_CHECKING

from journey.money.format import format_dollars, format_exact_dollars
from scenarios.reports.campaigns.format import format_as_of, proposal_lines, target_cells
from scenarios.reports.campaigns.sections import OPEN_STATUSES, summary_blocks
from scenarios.reports.document import Block, Grid, Heading, Items, Paragraph, omitted_rows_note
from scenarios.text.phrases import format_interval, format_name, pluralise

if TYPE_CHECKING:
    from journey.marketing.evaluation import CampaignEvaluation
    from scenarios.reports.campaigns.format import Row

MORE = (
    "--full prints all tables: findings, funnel, segments, experiments, attribution, KPIs and ROI. --report FILE.md or "
    "FILE.html writes everything."
)
MAX_SHOWN = 10
"""Largest number of transfers, and of risks, on the first screen."""

_SEVERITIES = ("critical", "high", "medium", "low")


def build_first_screen(evaluation: "CampaignEvaluation", *, latest: bool) -> list[Block]:
    """The first screen.

    Args:
        evaluation: The evaluation.
        latest: Whether the date is the default, the latest date in the records.
    """
    return [*opening_blocks(evaluation, latest=latest), Paragraph(MORE)]


def opening_blocks(evaluation: "CampaignEvaluation", *, latest: bool) -> list[Block]:
    """Title, summary, transfers and risks that wait for a decision, and targets."""
    return [
        Heading(1, "Campaigns"),
        Paragraph(f"{evaluation.source}, as of {format_as_of(evaluation, latest=latest)}."),
        *summary_blocks(evaluation),
        *_transfers(evaluation),
        *_risks(evaluation),
        *_targets(evaluation),
    ]


def _transfers(evaluation: "CampaignEvaluation") -> list[Block]:
    every = evaluation.sections["proposals"]
    if not every:
        return []
    rows = tuple(_transfer_cells(row) for row in every[:MAX_SHOWN])
    columns = ("campaign", "from", "to", "approval", "amount", "expected gain", "95 % interval")
    return [
        Heading(2, f"Proposed budget transfers: {len(every):,}"),
        Grid(columns, rows, numbers_from=4),
        *_omitted(len(every), "transfer"),
        Items((*(" ".join(row["reasons"]) for row in every[:MAX_SHOWN]), *proposal_lines(evaluation)[:MAX_SHOWN])),
    ]


def _transfer_cells(row: "Row") -> tuple[str, ...]:
    return (
        row["campaign_id"],
        row["from_channel_id"],
        row["to_channel_id"],
        "human" if row["requires_human_approval"] else "automatic",
        format_exact_dollars(row["amount"]),
        format_dollars(row["expected_gain"]),
        format_interval(row["gain_low"], row["gain_high"], format_dollars, missing="none"),
    )


def _risks(evaluation: "CampaignEvaluation") -> list[Block]:
    opened = [row for row in evaluation.sections["risks"] if row["status"] in OPEN_STATUSES]
    if not opened:
        return []
    ranked = sorted(opened, key=_rank_risk)
    return [
        Heading(2, f"Open risks: {len(opened):,}"),
        Items(tuple(map(_describe_risk, ranked[:MAX_SHOWN]))),
        *_omitted(len(opened), "risk"),
    ]


def _rank_risk(row: "Row") -> tuple[int, bool, int]:
    """The most severe risks first; among them those that need a person, then the oldest."""
    severity = row["severity"]
    place = _SEVERITIES.index(severity) if severity in _SEVERITIES else len(_SEVERITIES)
    return place, not row["requires_human_review"], -(row["age_days"] or 0)


def _describe_risk(row: "Row") -> str:
    age = "" if row["age_days"] is None else f", open for {pluralise(row['age_days'], 'day')}"
    review = ", needs human review" if row["requires_human_review"] else ""
    action = f": {format_name(row['recommended_action'])}" if row["recommended_action"] else ""
    return f"{row['severity']}: {row['risk_id']} in {row['campaign_id']}{age}{review}{action}"


def _targets(evaluation: "CampaignEvaluation") -> list[Block]:
    goals = evaluation.sections["kpis"]["targets"]
    if not goals:
        return []
    rows = tuple(_target_cells(goal, name) for name, goal in goals.items())
    columns = ("campaign", "metric", "actual", "target", "95 % interval", "verdict")
    return [
        Heading(2, f"Targets and actuals: {pluralise(len(goals), 'target')}"),
        Grid(columns, rows[:MAX_SHOWN], numbers_from=2, numbers_to=5),
        *_omitted(len(goals), "target"),
    ]


def _target_cells(goal: "Row", name: str) -> tuple[str, ...]:
    campaign, metric, actual, target, interval, verdict, _ = target_cells(goal, name)
    return campaign, format_name(metric), actual, target, interval or "none", verdict


def _omitted(total: int, noun: str) -> list[Block]:
    return omitted_rows_note(total, noun, shown=MAX_SHOWN, remedy="--full prints them.")
