"""Two sections of the report: who was in distress and got nothing, and the reviewers over time."""

from typing import TYPE_CHECKING

from scenarios.comparison import untreated_distress
from scenarios.metrics.definitions import shown
from scenarios.reports.document import Block, Grid, Heading, Paragraph

if TYPE_CHECKING:
    from scenarios.comparison.compare import Comparison
    from scenarios.comparison.review_queue import GateDay
    from scenarios.comparison.untreated_distress import Unhelped


def unhelped_blocks(found: "Comparison", scale: str) -> list[Block]:
    """Who was in distress and got nothing; nothing where nobody was in distress.

    Args:
        found: The comparison.
        scale: What the counts are counts of.
    """
    rows = [
        (stage, segment, *(got_nothing(each) for each in arms))
        for stage, segment, arms in untreated_distress.rows(found.unhelped)
    ]
    if not rows:
        return []
    return [
        Heading(2, "In distress and got nothing"),
        Paragraph(
            "Episodes of distress in which no action was carried out, of all episodes, by the stage in which they "
            f"began and by segment; {scale}. Nobody in the company sees these: only the simulation knows the truth."
        ),
        Grid(("stage", "segment", *found.unhelped), tuple(rows), numbers_from=2),
    ]


def got_nothing(row: "Unhelped") -> str:
    """``12 of 40 (30 %)``."""
    if row.share is None:
        return "no episode"
    return f"{shown(row.got_nothing, 'count')} of {shown(row.episodes, 'count')} ({100 * row.share:.0f} %)"


def gate_blocks(found: "Comparison") -> list[Block]:
    """The reviewers over time; nothing where no arm asks them anything."""
    arms = {name: days for name, days in found.gate.items() if is_used(days)}
    if not arms:
        return []
    shared = found.experiment is not None
    if shared:
        arms = {"all arms": next(iter(arms.values()))}
    columns = [f"{name}: {what}" for name in arms for what in GATE_COLUMNS]
    days = next(iter(arms.values()))
    rows = tuple(
        (f"{day.day:.0f}", *(text for of_arm in arms.values() for text in gate_texts(of_arm[place])))
        for place, day in enumerate(days)
    )
    whose = "All arms share the reviewers. " if shared else ""
    return [
        Heading(2, "The reviewers over time"),
        Paragraph(
            f"{whose}Requests that wait on the day; and since the day above, the share of the reviewers' time that "
            "went into reviews, and the mean wait of the requests closed, expired ones included. Means over "
            "replications."
        ),
        Grid(("day", *columns), rows, numbers_from=0),
    ]


GATE_COLUMNS = ("backlog", "utilisation", "wait")


def is_used(days: "tuple[GateDay, ...]") -> bool:
    """Whether anything was ever asked of the reviewers."""
    return any(day.backlog or day.wait_days_mean is not None for day in days)


def gate_texts(day: "GateDay") -> tuple[str, str, str]:
    """Backlog, utilisation and wait of one day, for tables."""
    return shown(day.backlog, "count"), shown(day.utilisation, "share"), shown(day.wait_days_mean, "days")
