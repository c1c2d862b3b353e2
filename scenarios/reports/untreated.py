"""The section of a report on untreated distress episodes."""

from typing import TYPE_CHECKING

from scenarios.comparison import untreated_distress
from scenarios.metrics.definitions import format_metric
from scenarios.reports.document import Block, Grid, Heading, Paragraph

if TYPE_CHECKING:
    from scenarios.comparison.compare import Comparison
    from scenarios.comparison.untreated_distress import UntreatedEpisodes


def untreated_blocks(comparison: "Comparison", scale: str) -> list[Block]:
    """The section on untreated distress episodes; empty where there was no distress.

    Args:
        comparison: The comparison.
        scale: The cohort that the counts refer to.
    """
    rows = [
        (stage, segment, *(format_untreated(each) for each in arms))
        for stage, segment, arms in untreated_distress.untreated_rows(comparison.untreated)
    ]
    if not rows:
        return []
    return [
        Heading(2, "Untreated distress episodes"),
        Paragraph(
            "Distress episodes without any action, of all episodes, by the stage in which they began and by segment; "
            f"{scale}. Records do not contain distress: only the simulation knows it."
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
