"""The lives that one customer leads in several arms, merged by time into lines with a cell for each arm."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING

from scenarios.explain.event_text import described, described_run, is_quiet

if TYPE_CHECKING:
    from simulation.trace.events import Row


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """What happens at one time.

    Attributes:
        time: In days.
        cells: Per arm, what happens in it; empty where nothing does.
    """

    time: float
    cells: tuple[str, ...]

    @property
    def is_shared(self) -> bool:
        """Whether the same happens in every arm."""
        return len(set(self.cells)) == 1


def merged(lives: Sequence[Sequence["Row"]]) -> list[TimelineLine]:
    """The lives side by side, in order of time; looks from which nothing follows are gathered into one line a run."""
    told = [_by_time(rows) for rows in lives]
    lines: list[TimelineLine] = []
    for time in sorted({time for life in told for time in life}):
        at_once = zip_longest(*(life.get(time, []) for life in told), fillvalue="")
        lines.extend(TimelineLine(time, cells) for cells in at_once)
    return lines


def _by_time(rows: Sequence["Row"]) -> dict[float, list[str]]:
    told: dict[float, list[str]] = {}
    for time, text in _told(rows):
        told.setdefault(time, []).append(text)
    return told


def _told(rows: Sequence["Row"]) -> Iterator[tuple[float, str]]:
    for quiet, run in groupby(rows, key=is_quiet):
        if quiet:
            looks = list(run)
            yield looks[0].time, described_run(looks)
        else:
            yield from ((row.time, described(row)) for row in run)
