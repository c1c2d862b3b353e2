"""The histories of one customer in several arms, merged by time into lines with one cell per arm."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING

from scenarios.explain.event_text import describe_event, describe_idle_evaluations, is_idle_evaluation

if TYPE_CHECKING:
    from simulation.trace.events import Row


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """The events of one time.

    Attributes:
        time: In days.
        cells: The event of each arm; empty where there is none.
    """

    time: float
    cells: tuple[str, ...]

    @property
    def is_shared(self) -> bool:
        """Whether all arms have the same event."""
        return len(set(self.cells)) == 1


def merge_histories(histories: Sequence[Sequence["Row"]]) -> list[TimelineLine]:
    """The histories side by side, by time; consecutive evaluations without an action become one line."""
    texts = [_group_by_time(rows) for rows in histories]
    lines: list[TimelineLine] = []
    for time in sorted({time for history in texts for time in history}):
        simultaneous = zip_longest(*(history.get(time, []) for history in texts), fillvalue="")
        lines.extend(TimelineLine(time, cells) for cells in simultaneous)
    return lines


def _group_by_time(rows: Sequence["Row"]) -> dict[float, list[str]]:
    texts: dict[float, list[str]] = {}
    for time, text in _describe_rows(rows):
        texts.setdefault(time, []).append(text)
    return texts


def _describe_rows(rows: Sequence["Row"]) -> Iterator[tuple[float, str]]:
    for is_idle, group in groupby(rows, key=is_idle_evaluation):
        if is_idle:
            evaluations = list(group)
            yield evaluations[0].time, describe_idle_evaluations(evaluations)
        else:
            yield from ((row.time, describe_event(row)) for row in group)
