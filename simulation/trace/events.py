"""The trace: one row per event.

Rows are ordered by time, then customer, then the order in which they happened. Columns are in the order of `COLUMNS`;
columns that do not apply to a kind of row are null.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from journey.core.errors import InputError
from journey.tables.export import FrameExport

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

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
EFFECT_ON = "effect_on"
EFFECT_OFF = "effect_off"

NOISE = "noise"
ORPHANED = "orphaned"
DUPLICATE = "duplicate"
RENEWAL = "renewal"
PAYMENT = "payment"
ON_MOVES = "moves"
ON_PRICE = "price"
"""Reasons that do not depend on the world."""

KINDS = (
    MOVE, SIGNAL, DECISION, REVIEW_REQUESTED, REVIEW_DECIDED, ACTION, OUTCOME, DISTRESS_ON, DISTRESS_OFF,
    ARRIVAL, VALUE_CHANGE, FUNNEL, EFFECT_ON, EFFECT_OFF,
)  # fmt: skip


class Row(NamedTuple):
    """One event.

    Attributes:
        time: Time since the start, in days.
        customer: Number of the customer.
        arm: Name of the arm.
        kind: Kind of the event.
        stage: Stage before the event.
        to_stage: Of a move or arrival, the stage after it. Of a decision, the recorded stage if it is wrong.
        label: The move, signal type, action, verdict, outcome, cause or change of value.
        reason: Of a decision, its reason code. Of a signal, the cause it is a symptom of, ``noise``, ``orphaned``
            (recorded for an unknown customer) or ``duplicate`` (a copy of another record). Of a move, ``renewal`` or
            ``payment`` if a date caused it and not a hazard. Of an effect of an action, ``moves`` or ``price``: what it
            changes.
        reviewer: Number of the reviewer.
        value: Strength of a signal, confidence of a decision, cost of an action, money at stake of a review, account
            value after a change.
        source: Of a signal: ``automated`` or ``manual``.
        dated: Of a signal that is recorded late: the day in its record.
        segment: The customer's segment.
        account_value: The customer's account value, in dollars per year, once the event has happened. Of a step of the
            funnel, null.
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
    segment: str | None = None
    account_value: float | None = None


COLUMNS = Row._fields

XES = ".xes"
FILE_SUFFIXES = (".parquet", ".csv", XES)
"""File name extensions of a trace; `Trace.write` supports all but XES."""

_BLOCK_ROWS = 200_000
"""Rows per block that is written."""


@dataclass(repr=False)
class Trace(FrameExport):
    """The rows of a trace, in the order in which the engine adds them; see `sorted_rows`.

    As a data frame it has one row per event, ordered, with the columns `COLUMNS`.
    """

    rows: list[Row] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"<trace of {len(self.rows):,} events: {', '.join(COLUMNS)}>"

    def __len__(self) -> int:
        return len(self.rows)

    def to_relation(self) -> duckdb.DuckDBPyRelation:
        """The rows as a DuckDB relation, in order."""
        from simulation.trace.columns import rows_to_columns
        from simulation.trace.files import select_rows

        return select_rows(rows_to_columns(self.sorted_rows()))

    def sorted_rows(self) -> list[Row]:
        """The rows ordered by time, then customer, then the order in which they happened."""
        return sorted(self.rows, key=lambda row: (row.time, row.customer))

    def columns(self) -> dict[str, list[Any]]:
        """The trace by column, in the order of `COLUMNS`."""
        rows = self.sorted_rows()
        return {name: [row[index] for row in rows] for index, name in enumerate(COLUMNS)}

    def write(self, path: Path) -> None:
        """Write the trace as Parquet or CSV, by the extension of `path`. The write is atomic.

        `simulation.exports.xes` writes XES, which is organised by customer.

        Raises:
            InputError: The extension is neither ``.parquet`` nor ``.csv``, or the file cannot be written.
        """
        from simulation.trace.files import open_source, trace_file

        with trace_file(path) as folder, open_source(0, folder) as take_rows:
            self.stream_to(take_rows)

    def stream_to(self, take_rows: RowSink) -> None:
        """Pass the rows to `take_rows` in order, in blocks."""
        from simulation.trace.columns import split_into_blocks

        for block in split_into_blocks(self.sorted_rows(), _BLOCK_ROWS):
            take_rows(block)


def refuse_unknown_format(path: Path) -> None:
    """Refuse an unknown file format of a trace before the run starts.

    Raises:
        InputError: The extension is none of `FILE_SUFFIXES`.
    """
    if path.suffix not in FILE_SUFFIXES:
        raise InputError(f"{path}: unknown trace format; use one of the extensions {', '.join(FILE_SUFFIXES)}")
