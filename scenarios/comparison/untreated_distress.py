"""Untreated distress episodes, by the stage in which they began and by segment.

The decision funnel does not contain them: an episode without a signal, or whose signals no rule passed, leaves no
decision. Only the simulation knows of it.
"""

from collections.abc import Mapping, Sequence
from math import fsum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from simulation.metrics.run_results import Run


class UntreatedEpisodes(NamedTuple):
    """Distress episodes that began in one stage, of customers in one segment; means per cohort.

    Attributes:
        stage: The stage.
        segment: The segment.
        episodes: Number of episodes.
        got_nothing: Number of untreated episodes, in which no action was executed.
    """

    stage: str
    segment: str
    episodes: float
    got_nothing: float

    @property
    def share(self) -> float | None:
        """Share of the episodes that were untreated; None without episodes."""
        return self.got_nothing / self.episodes if self.episodes else None

    def as_dict(self) -> dict[str, Any]:
        """The row as a JSON-ready mapping."""
        return {**self._asdict(), "share": self.share}


def summarise_untreated(runs: Sequence["Run"]) -> tuple[UntreatedEpisodes, ...]:
    """The episodes of one arm, as means over its replications (at least one), ordered by stage and segment."""
    groups = dict.fromkeys((str(row["stage"]), str(row["segment"])) for run in runs for row in run.unhelped)
    counts = [{(row["stage"], row["segment"]): row for row in run.unhelped} for run in runs]

    def mean(group: tuple[str, str], key: str) -> float:
        return fsum(float(count[group][key]) for count in counts if group in count) / len(runs)

    order = list(runs[0].occupancy[0]) if runs[0].occupancy else []
    rank = {stage: code for code, stage in enumerate(order)}
    listed = sorted(groups, key=lambda group: (rank.get(group[0], len(rank)), list(groups).index(group)))
    return tuple(UntreatedEpisodes(*group, mean(group, "episodes"), mean(group, "got_nothing")) for group in listed)


def untreated_rows(arms: Mapping[str, Sequence[UntreatedEpisodes]]) -> list[tuple[str, str, list[UntreatedEpisodes]]]:
    """The arms side by side: stage, segment, and one row per arm; a missing row is filled with zeros."""
    groups = dict.fromkeys((row.stage, row.segment) for rows in arms.values() for row in rows)
    rows_by_arm = [{(row.stage, row.segment): row for row in rows} for rows in arms.values()]
    return [
        (*group, [rows.get(group, UntreatedEpisodes(*group, 0.0, 0.0)) for rows in rows_by_arm]) for group in groups
    ]
