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

MAX_LINES = 8
"""A table in which a line of text would take more lines than this is stacked instead."""

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
        if self.note or widths is not None:
            # Stacked rows end with a blank line of their own.
            yield Text()

    def _fit(self, console: "Console", options: "ConsoleOptions") -> list[int] | None:
        """The width of each column; None where the longest words do not fit side by side."""
        separators = 3 * len(self.columns)
        available = options.max_width - separators + 1
        for whole_numbers in (True, False):
            sizes = [_measure(console, options, column, whole=whole_numbers) for column in self.columns]
            if sum(size.minimum for size in sizes) <= available:
                widths = _share(sizes, available)
                # The second attempt may not do better, but it wraps numbers to give text more room.
                if _is_readable(sizes, widths):
                    return widths
        return None

    def _stacked(self, console: "Console") -> Iterator[Padding]:
        names = [console.render_str(str(column.header)).plain.replace("\n", " ") for column in self.columns]
        for cells in zip(*(column.cells for column in self.columns), strict=True):
            texts = [console.render_str(cell) if isinstance(cell, str) else cell for cell in cells]
            parts = [
                Text(f"{name}: " if name else "").append_text(text)
                for name, text in zip(names, texts, strict=True)
                if isinstance(text, Text) and text.plain
            ]
            yield Padding(Text("; ").join(parts), (0, 0, 1, INDENT))


def _measure(console: "Console", options: "ConsoleOptions", column: Column, *, whole: bool) -> Measurement:
    """The widths of the longest word and of the longest line of a column.

    Args:
        console: The console.
        options: Its options.
        column: The column.
        whole: Whether the lines of numbers count as words; headings may wrap in any case.
    """
    unlimited = options.update_width(10_000)
    header = Measurement.get(console, unlimited, column.header)
    sizes = [Measurement.get(console, unlimited, cell) for cell in column.cells]
    longest = max((size.maximum for size in sizes), default=0)
    unbroken = longest if whole and column.justify == "right" else max((size.minimum for size in sizes), default=0)
    return Measurement(max(header.minimum, unbroken), max(header.maximum, longest))


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


def _is_readable(sizes: Sequence[Measurement], widths: Sequence[int]) -> bool:
    return all(size.maximum <= MAX_LINES * width for size, width in zip(sizes, widths, strict=True))


def _clamp(size: Measurement, limit: int) -> int:
    return min(size.maximum, max(size.minimum, limit))
