"""Who was in distress and got nothing, by the stage in which it began and by segment: what the funnel never sees.

An episode of which no signal came, or whose signals no rule let through, leaves no decision that says so. Only the
simulation knows of it.
"""

from collections.abc import Mapping, Sequence
from math import fsum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from simulation.metrics.run_results import Run


class UntreatedEpisodes(NamedTuple):
    """Episodes of distress that began in one stage, of customers of one segment; means per cohort.

    Attributes:
        stage: The stage.
        segment: The segment.
        episodes: How many there were.
        got_nothing: In how many of them no action was carried out.
    """

    stage: str
    segment: str
    episodes: float
    got_nothing: float

    @property
    def share(self) -> float | None:
        """Share of the episodes that got nothing; None where there were none."""
        return self.got_nothing / self.episodes if self.episodes else None

    def as_dict(self) -> dict[str, Any]:
        """The row as a JSON-ready mapping."""
        return {**self._asdict(), "share": self.share}


def summarise_untreated(runs: Sequence["Run"]) -> tuple[UntreatedEpisodes, ...]:
    """What is known of one arm, as means over its replications, at least one; in the order of stages and segments."""
    groups = dict.fromkeys((str(row["stage"]), str(row["segment"])) for run in runs for row in run.unhelped)
    counts = [{(row["stage"], row["segment"]): row for row in run.unhelped} for run in runs]

    def mean(place: tuple[str, str], what: str) -> float:
        return fsum(float(count[place][what]) for count in counts if place in count) / len(runs)

    order = list(runs[0].occupancy[0]) if runs[0].occupancy else []
    rank = {stage: code for code, stage in enumerate(order)}
    listed = sorted(groups, key=lambda place: (rank.get(place[0], len(rank)), list(groups).index(place)))
    return tuple(UntreatedEpisodes(*group, mean(group, "episodes"), mean(group, "got_nothing")) for group in listed)


def untreated_rows(arms: Mapping[str, Sequence[UntreatedEpisodes]]) -> list[tuple[str, str, list[UntreatedEpisodes]]]:
    """The arms side by side: stage, segment, and each arm's row; in every arm there is one, if need be of zeros."""
    groups = dict.fromkeys((row.stage, row.segment) for found in arms.values() for row in found)
    known = [{(row.stage, row.segment): row for row in found} for found in arms.values()]
    return [(*group, [of_arm.get(group, UntreatedEpisodes(*group, 0.0, 0.0)) for of_arm in known]) for group in groups]
