"""Two sections of the report: who was in distress and got nothing, and the reviewers over time."""

from typing import TYPE_CHECKING

from scenarios.comparison import untreated_distress
from scenarios.metrics.definitions import format_metric
from scenarios.reports.document import Block, Grid, Heading, Paragraph

if TYPE_CHECKING:
    from scenarios.comparison.compare import Comparison
    from scenarios.comparison.review_queue import QueueDay
    from scenarios.comparison.untreated_distress import UntreatedEpisodes


def untreated_blocks(comparison: "Comparison", scale: str) -> list[Block]:
    """Who was in distress and got nothing; nothing where nobody was in distress.

    Args:
        comparison: The comparison.
        scale: What the counts are counts of.
    """
    rows = [
        (stage, segment, *(format_untreated(each) for each in arms))
        for stage, segment, arms in untreated_distress.untreated_rows(comparison.untreated)
    ]
    if not rows:
        return []
    return [
        Heading(2, "In distress and got nothing"),
        Paragraph(
            "Episodes of distress in which no action was carried out, of all episodes, by the stage in which they "
            f"began and by segment; {scale}. Nobody in the company sees these: only the simulation knows the truth."
        ),
        Grid(("stage", "segment", *comparison.untreated), tuple(rows), numbers_from=2),
    ]


def format_untreated(row: "UntreatedEpisodes") -> str:
    """``12 of 40 (30 %)``."""
    if row.share is None:
        return "no episode"
    return (
        f"{format_metric(row.got_nothing, 'count')} of {format_metric(row.episodes, 'count')} ({100 * row.share:.0f} %)"
    )


def queue_blocks(comparison: "Comparison") -> list[Block]:
    """The reviewers over time; nothing where no arm asks them anything."""
    arms = {name: days for name, days in comparison.gate.items() if has_requests(days)}
    if not arms:
        return []
    shared = comparison.experiment is not None
    if shared:
        arms = {"all arms": next(iter(arms.values()))}
    columns = [f"{name}: {what}" for name in arms for what in QUEUE_COLUMNS]
    days = next(iter(arms.values()))
    rows = tuple(
        (f"{day.day:.0f}", *(text for of_arm in arms.values() for text in format_queue_day(of_arm[index])))
        for index, day in enumerate(days)
    )
    scope = "All arms share the reviewers. " if shared else ""
    return [
        Heading(2, "The reviewers over time"),
        Paragraph(
            f"{scope}Requests that wait on the day; and since the day above, the share of the reviewers' time that "
            "went into reviews, and the mean wait of the requests closed, expired ones included. Means over "
            "replications."
        ),
        Grid(("day", *columns), rows, numbers_from=0),
    ]


QUEUE_COLUMNS = ("backlog", "utilisation", "wait")


def has_requests(days: "tuple[QueueDay, ...]") -> bool:
    """Whether anything was ever asked of the reviewers."""
    return any(day.backlog or day.wait_days_mean is not None for day in days)


def format_queue_day(day: "QueueDay") -> tuple[str, str, str]:
    """Backlog, utilisation and wait of one day, for tables."""
    return (
        format_metric(day.backlog, "count"),
        format_metric(day.utilisation, "share"),
        format_metric(day.wait_days_mean, "days"),
    )
