"""The section of a report on the reviewers over time: backlog, utilisation and wait."""

from typing import TYPE_CHECKING

from scenarios.metrics.definitions import format_metric
from scenarios.reports.document import Block, Grid, Heading, Paragraph

if TYPE_CHECKING:
    from scenarios.comparison.compare import Comparison
    from scenarios.comparison.review_queue import QueueDay


def queue_blocks(comparison: "Comparison") -> list[Block]:
    """The section on the reviewers over time; empty where no arm requests reviews."""
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
        Heading(2, "Reviewers over time"),
        Paragraph(
            f"{scope}Backlog is the number of requests waiting on that day. Since the previous row: utilisation is "
            "the share of "
            "the reviewers' working time spent on reviews; wait is the mean wait of the requests that they decided. "
            "Means over the replications with a value."
        ),
        Grid(("day", *columns), rows, numbers_from=0),
    ]


QUEUE_COLUMNS = ("backlog", "utilisation", "wait")


def has_requests(days: "tuple[QueueDay, ...]") -> bool:
    """Whether there was any review request."""
    return any(day.backlog or day.wait_days_mean is not None for day in days)


def format_queue_day(day: "QueueDay") -> tuple[str, str, str]:
    """Backlog, utilisation and wait of one day, for tables."""
    return (
        format_metric(day.backlog, "count"),
        format_metric(day.utilisation, "share"),
        format_metric(day.wait_days_mean, "days"),
    )
