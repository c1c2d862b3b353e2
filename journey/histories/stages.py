"""The stage entries and moves of a customer's history, from the log of stage entries.

An entry is preceded by the move between the two stages if the journey has exactly one. Between stages without a legal
move there is no move; where there are several moves, the event has the names of all. An entry into the stage in which
the customer already is counts only if the journey has a move from the stage to itself.

An entry whose `previous_stage` differs from the entry before it shows an entry that the log lacks. It is inferred: it
comes directly before the entry that shows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from journey.histories.event import HistoryEvent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from journey.machine import Journey
    from journey.records.model import StageEntry

DATASET = "journey_state_log"


class StageEvents:
    """Builds the events of stage entries.

    Attributes:
        moves: The names of the moves between two stages, by these stages.

    Args:
        journey: The journey.
    """

    def __init__(self, journey: Journey) -> None:
        self._stages = frozenset(journey.stages)
        self.moves: dict[tuple[str, str], tuple[str, ...]] = {}
        for move in journey.moves:
            pair = (move.source, move.destination)
            self.moves[pair] = (*self.moves.get(pair, ()), move.name)

    def build(self, entries: Iterable[StageEntry]) -> Iterator[HistoryEvent]:
        """The events of a customer's entries.

        Args:
            entries: The entries of one customer, earliest first.
        """
        current: str | None = None
        for entry in entries:
            stage, moment = entry.journey_stage, entry.state_entered_at
            record = f"{entry.customer_id}@{moment.date().isoformat()}"
            named = entry.previous_stage
            if named in self._stages and named not in (current, stage):
                current = named
                yield HistoryEvent("stage", (named,), moment, DATASET, record, is_inferred=True)
            moves = () if current is None else self.moves.get((current, stage), ())
            if stage == current and not moves:
                continue
            if moves:
                yield HistoryEvent("move", moves, moment, DATASET, record)
            yield HistoryEvent("stage", (stage,), moment, DATASET, record)
            current = stage
