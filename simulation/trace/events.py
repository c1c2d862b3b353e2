"""The trace: everything that happened, one row an event, by column.

Rows are ordered by time, then customer, then the order in which they happened. Columns stand in the order of
`COLUMNS`; what does not apply to a kind of row is null.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from journey.core.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from simulation.trace.columns import RowSink

MOVE = "move"
SIGNAL = "signal"
DECISION = "decision"
REVIEW_REQUESTED = "review_requested"
REVIEW_DECIDED = "review_decided"
ACTION = "action"
OUTCOME = "outcome"
DISTRESS_ON = "distress_on"
DISTRESS_OFF = "distress_off"
ARRIVAL = "arrival"
VALUE_CHANGE = "value_change"
FUNNEL = "funnel"

NOISE = "noise"
ORPHANED = "orphaned"
DUPLICATE = "duplicate"
RENEWAL = "renewal"
PAYMENT = "payment"
"""Reasons that are the same in every world."""

KINDS = (
    MOVE, SIGNAL, DECISION, REVIEW_REQUESTED, REVIEW_DECIDED, ACTION, OUTCOME, DISTRESS_ON, DISTRESS_OFF,
    ARRIVAL, VALUE_CHANGE, FUNNEL,
)  # fmt: skip


class Row(NamedTuple):
    """One event.

    Attributes:
        time: In days since the start.
        customer: Number of the customer.
        arm: Name of the arm.
        kind: One of `KINDS`.
        stage: Stage before the event.
        to_stage: Stage after it, of a move or arrival; of a decision, the stage that the records say the customer is
            in, where they are wrong.
        label: The move, signal type, action, verdict, outcome, cause or change of value.
        reason: Why a decision came out as it did; of a signal, the cause it is a symptom of, ``noise``, ``orphaned``
            (nobody knows whose it is) or ``duplicate`` (it was known already); of a move, ``renewal`` or ``payment``
            where it came of a date and not of a hazard.
        reviewer: Number of the reviewer.
        value: Strength of a signal, confidence of a decision, cost of an action, money at stake of a review, account
            value after a change.
        source: Of a signal: ``automated`` or ``manual``. (Not one of the contract's columns, so it stands behind them.)
        dated: Of a signal that is known late: the day that its record bears.
    """

    time: float
    customer: int
    arm: str
    kind: str
    stage: str
    to_stage: str | None
    label: str
    reason: str | None
    reviewer: int | None
    value: float | None
    source: str | None = None
    dated: float | None = None


COLUMNS = Row._fields

XES = ".xes"
FILE_SUFFIXES = (".parquet", ".csv", XES)
"""How the file of a trace may end; `Trace.write` writes all but XES."""

_BLOCK_ROWS = 200_000
"""Rows that are written at a time."""


@dataclass
class Trace:
    """Rows as they happen; in order once `sorted_rows` is asked for."""

    rows: list[Row] = field(default_factory=list)

    def sorted_rows(self) -> list[Row]:
        """The rows ordered by time, then customer, then the order in which they happened."""
        return sorted(self.rows, key=lambda row: (row.time, row.customer))

    def columns(self) -> dict[str, list[Any]]:
        """The trace by column, in the order of `COLUMNS`."""
        rows = self.sorted_rows()
        return {name: [row[place] for row in rows] for place, name in enumerate(COLUMNS)}

    def write(self, path: Path) -> None:
        """Write the trace as Parquet or CSV, by the ending of `path`; the file appears whole or not at all.

        (XES tells of customers, not of rows: see `simulation.exports.xes`.)

        Raises:
            InputError: The ending is neither ``.parquet`` nor ``.csv``, or the file cannot be written.
        """
        from simulation.trace.files import open_source, trace_file

        with trace_file(path) as folder, open_source(0, folder) as take_rows:
            self.stream_to(take_rows)

    def stream_to(self, take_rows: RowSink) -> None:
        """Give the rows, in order, some at a time."""
        from simulation.trace.columns import split_into_blocks

        for block in split_into_blocks(self.sorted_rows(), _BLOCK_ROWS):
            take_rows(block)


def refuse_unknown_format(path: Path) -> None:
    """Say so before a run, not after it, when a trace could not be written as asked.

    Raises:
        InputError: The ending is none of `FILE_SUFFIXES`.
    """
    if path.suffix not in FILE_SUFFIXES:
        raise InputError(f"{path}: a trace is written as {', '.join(FILE_SUFFIXES)}; give one of these endings")
