"""The first difference between the traces of two engines, with the context needed to investigate it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulation.trace.differences import find_first_difference

if TYPE_CHECKING:
    from simulation.metrics.run_results import Run
    from simulation.trace.events import Row

ROWS_BEFORE = 5
"""Number of the customer's preceding rows that are shown."""


@dataclass(frozen=True)
class TraceDifference:
    """The first row in which the traces of two engines differ.

    Attributes:
        index: Its index in the sorted trace, from 0.
        engines: Names of the two engines.
        rows: The row of each engine; None if its trace has ended.
        before: The last common rows of the customer of the earlier row.
        after: That customer's next row in each engine, after the one that differs.
        counts: Number of rows in each engine's trace.
    """

    index: int
    engines: tuple[str, str]
    rows: tuple[Row | None, Row | None]
    before: tuple[Row, ...]
    after: tuple[Row | None, Row | None]
    counts: tuple[int, int]

    def __str__(self) -> str:
        """The row and the columns that differ, on one line."""
        first, second = self.rows
        if first is None or second is None:
            ended = self.engines[0] if first is None else self.engines[1]
            return f"first difference at row {self.index}: the {ended} trace has ended"
        columns = [name for name in first._fields if getattr(first, name) != getattr(second, name)]
        differences = ", ".join(f"{name} {getattr(first, name)!r} and {getattr(second, name)!r}" for name in columns)
        where = f"day {first.time:.6g}, customer {first.customer}, {first.kind}"
        return f"first difference at row {self.index} ({where}): {differences}"

    @property
    def report(self) -> str:
        """The difference with the rows around it, on several lines."""
        lines = [str(self), f"rows in total: {_format_counts(self.engines, self.counts)}"]
        lines += [f"  common    {_format_row(row)}" for row in self.before]
        lines += [f"  {name:9} {_format_row(row)}" for name, row in zip(self.engines, self.rows, strict=True)]
        lines += [f"  then, {name}: {_format_row(row)}" for name, row in zip(self.engines, self.after, strict=True)]
        lines.append(f"state before it: {describe_state(self.before)}")
        return "\n".join(lines)


def compare_runs(first: Run, second: Run) -> TraceDifference | None:
    """The first difference between the traces of two runs, or None if they are equal."""
    assert first.trace is not None
    assert second.trace is not None
    traces = first.trace.sorted_rows(), second.trace.sorted_rows()
    difference = find_first_difference(*traces)
    if difference is None:
        return None
    index, rows = difference.index, difference.rows
    customer = min((row for row in rows if row is not None), key=lambda row: (row.time, row.customer)).customer
    return TraceDifference(
        index,
        engines=(first.engine, second.engine),
        rows=rows,
        before=tuple(row for row in traces[0][:index] if row.customer == customer)[-ROWS_BEFORE:],
        after=(_next_row(traces[0], index, customer), _next_row(traces[1], index, customer)),
        counts=(len(traces[0]), len(traces[1])),
    )


def describe_state(rows: tuple[Row, ...]) -> str:
    """A customer's stage, distress and last event, as far as the last common rows show them."""
    if not rows:
        return "the customer's first row"
    last = rows[-1]
    stage = last.to_stage if last.kind in ("move", "arrival") else last.stage
    distress_rows = [row for row in rows if row.kind in ("distress_on", "distress_off")][-1:]
    distress = next((row.label for row in distress_rows if row.kind == "distress_on"), "none seen in these rows")
    return f"in {stage} since at least day {last.time:.6g}, distress: {distress}, last event: {last.kind} {last.label}"


def _next_row(rows: list[Row], index: int, customer: int) -> Row | None:
    return next((row for row in rows[index + 1 :] if row.customer == customer), None)


def _format_counts(names: tuple[str, str], counts: tuple[int, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in zip(names, counts, strict=True))


def _format_row(row: Row | None) -> str:
    if row is None:
        return "no row"
    fields = ", ".join(f"{name}={value!r}" for name, value in row._asdict().items() if value is not None)
    return f"day {row.time!r}: {fields}"
