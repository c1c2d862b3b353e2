"""Tables that fit the terminal without a break inside a word.

Columns of numbers keep their lines whole where there is room. Where the words do not fit side by side, the rows are
stacked: the cells of a row follow each other as text, with the names of their columns.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

INDENT = 2
"""Columns by which the text of a stacked row is indented."""


class FittedTable(Table):
    """A table with a heading above, a note below, and a blank line at its end.

    Attributes:
        heading: Title, in bold; empty for none.
        note: Text under the table, in the full width; empty for none.
    """

    def __init__(self, heading: str = "") -> None:
        super().__init__(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        self.heading = heading
        self.note = ""

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        """The lines of the table, in the width of the console."""
        if self.heading:
            heading = console.render_str(self.heading)
            heading.stylize("bold")
            yield heading
        widths = self._fit(console, options)
        if widths is None:
            yield from self._stacked(console)
        else:
            for column, width in zip(self.columns, widths, strict=True):
                column.width = width
            yield from super().__rich_console__(console, options)
        if self.note:
            yield console.render_str(self.note)
        yield Text()

    def _fit(self, console: "Console", options: "ConsoleOptions") -> list[int] | None:
        """The width of each column; None where the longest words do not fit side by side."""
        separators = 3 * len(self.columns)
        available = options.max_width - separators + 1
        measured = [_measure(console, options, column) for column in self.columns]
        whole = [
            Measurement(size.maximum, size.maximum) if column.justify == "right" else size
            for column, size in zip(self.columns, measured, strict=True)
        ]
        for sizes in (whole, measured):
            if sum(size.minimum for size in sizes) <= available:
                return _share(sizes, available)
        return None

    def _stacked(self, console: "Console") -> Iterator[Padding]:
        names = [str(column.header).replace("\n", " ") for column in self.columns]
        for cells in zip(*(column.cells for column in self.columns), strict=True):
            texts = [console.render_str(cell) if isinstance(cell, str) else cell for cell in cells]
            parts = [
                Text(f"{name}: " if name else "").append_text(text)
                for name, text in zip(names, texts, strict=True)
                if isinstance(text, Text) and text.plain
            ]
            yield Padding(Text("; ").join(parts), (0, 0, 0, INDENT))


def _measure(console: "Console", options: "ConsoleOptions", column: Column) -> Measurement:
    """The widths of the longest word and of the longest line of a column."""
    unlimited = options.update_width(10_000)
    sizes = [Measurement.get(console, unlimited, cell) for cell in (column.header, *column.cells)]
    return Measurement(max(size.minimum for size in sizes), max(size.maximum for size in sizes))


def _share(sizes: Sequence[Measurement], available: int) -> list[int]:
    """Widths between minimum and maximum that use up to `available`; wide columns give way first."""
    low, high = 0, max((size.maximum for size in sizes), default=0)
    while low < high:
        limit = (low + high + 1) // 2
        if sum(_clamp(size, limit) for size in sizes) <= available:
            low = limit
        else:
            high = limit - 1
    widths = [_clamp(size, low) for size in sizes]
    spare = available - sum(widths)
    for index, size in enumerate(sizes):
        grown = min(size.maximum - widths[index], max(spare, 0))
        widths[index] += grown
        spare -= grown
    return widths


def _clamp(size: Measurement, limit: int) -> int:
    return min(size.maximum, max(size.minimum, limit))
