"""Where two engines' traces of one run part, told so that the difference can be looked into."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulation.metrics.run_results import Run
    from simulation.trace.events import Row

ROWS_BEFORE = 5
"""Rows of the customer that are shown before the one that differs."""


@dataclass(frozen=True)
class TraceDifference:
    """The first row that two engines do not share.

    Attributes:
        place: Its place in the sorted trace.
        engines: Names of the two engines.
        rows: The row of each; None where its trace has ended.
        before: The last rows, shared by both, of the customer that the earlier row is of.
        after: The next row of that customer in each engine, after the one that differs.
        counts: Rows of each engine's trace.
    """

    place: int
    engines: tuple[str, str]
    rows: tuple[Row | None, Row | None]
    before: tuple[Row, ...]
    after: tuple[Row | None, Row | None]
    counts: tuple[int, int]

    def __str__(self) -> str:
        """In one line: which row, and what differs in it."""
        one, other = self.rows
        if one is None or other is None:
            missing = self.engines[0] if one is None else self.engines[1]
            return f"they part at row {self.place}: the {missing} trace has ended"
        columns = [name for name in one._fields if getattr(one, name) != getattr(other, name)]
        differences = ", ".join(f"{name} {getattr(one, name)!r} and {getattr(other, name)!r}" for name in columns)
        return f"they part at row {self.place} (day {one.time:.6g}, customer {one.customer}, {one.kind}): {differences}"

    @property
    def report(self) -> str:
        """All of it, on several lines."""
        lines = [str(self), f"rows in all: {_format_counts(self.engines, self.counts)}"]
        lines += [f"  shared    {_format_row(row)}" for row in self.before]
        lines += [f"  {name:9} {_format_row(row)}" for name, row in zip(self.engines, self.rows, strict=True)]
        lines += [f"  then, {name}: {_format_row(row)}" for name, row in zip(self.engines, self.after, strict=True)]
        lines.append(f"state before it: {describe_state(self.before)}")
        return "\n".join(lines)


def find_first_difference(run: Run, other: Run) -> TraceDifference | None:
    """Where two runs with traces part; None where they do not."""
    assert run.trace is not None
    assert other.trace is not None
    ours, theirs = run.trace.sorted_rows(), other.trace.sorted_rows()
    for place, pair in enumerate(zip_longest(ours, theirs)):
        if pair[0] == pair[1]:
            continue
        customer = min((row for row in pair if row is not None), key=lambda row: (row.time, row.customer)).customer
        before = tuple(row for row in ours[:place] if row.customer == customer)[-ROWS_BEFORE:]
        after = (_next_row(ours, place, customer), _next_row(theirs, place, customer))
        return TraceDifference(place, (run.engine, other.engine), pair, before, after, (len(ours), len(theirs)))
    return None


def describe_state(rows: tuple[Row, ...]) -> str:
    """What the last shared rows of a customer say of stage, distress and what is under way."""
    if not rows:
        return "the customer's first row"
    last = rows[-1]
    stage = last.to_stage if last.kind in ("move", "arrival") else last.stage
    distress_rows = [row for row in rows if row.kind in ("distress_on", "distress_off")][-1:]
    distress = next((row.label for row in distress_rows if row.kind == "distress_on"), "none seen in these rows")
    return f"in {stage} since at least day {last.time:.6g}, distress: {distress}, last event: {last.kind} {last.label}"


def _next_row(rows: list[Row], place: int, customer: int) -> Row | None:
    return next((row for row in rows[place + 1 :] if row.customer == customer), None)


def _format_counts(names: tuple[str, str], counts: tuple[int, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in zip(names, counts, strict=True))


def _format_row(row: Row | None) -> str:
    if row is None:
        return "no row"
    fields = ", ".join(f"{name}={value!r}" for name, value in row._asdict().items() if value is not None)
    return f"day {row.time!r}: {fields}"
