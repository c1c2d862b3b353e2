"""Documents (`scenarios.reports.document`) on the terminal."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from scenarios.cli.console import styled, table
from scenarios.reports.document import Block, Code, Grid, Heading, Items, Paragraph

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from scenarios.cli.fitted_table import FittedTable

_SHELL_WORDS = re.compile(r"(?:'[^']*'|[^\s'])+")
"""Words of a command as the shell reads them, with their quotes."""


def print_document(out: "Console", blocks: Sequence[Block]) -> None:
    """Print the blocks with a blank line between them; a heading is followed by its content at once."""
    for block, following in zip(blocks, (*blocks[1:], None), strict=True):
        _print_block(out, block)
        if _needs_blank_line(block, following):
            out.print()


def _needs_blank_line(block: Block, following: Block | None) -> bool:
    if following is None or isinstance(block, Grid):
        # A table ends with a blank line of its own.
        return False
    if isinstance(block, Heading):
        return False
    return not (isinstance(block, Paragraph) and isinstance(following, Code))


def _print_block(out: "Console", block: Block) -> None:
    match block:
        case Heading(_, text):
            out.print(styled(text, "bold"))
        case Paragraph(text):
            out.print(text)
        case Items(items):
            out.print(_bullets(items))
        case Code(text):
            for line in wrap_command(text, out.width):
                out.print(line)
        case Grid():
            out.print(_grid_table(block))


def _bullets(items: Sequence[str]) -> "Table":
    from rich.table import Table

    result = Table.grid(padding=0)
    for item in items:
        result.add_row("- ", item)
    return result


def _grid_table(grid: Grid) -> "FittedTable":
    result = table("", *grid.columns, right=[grid.columns[index] for index in grid.numbers])
    for row in grid.rows:
        result.add_row(*row)
    return result


def wrap_command(command: str, width: int) -> list[str]:
    """A command on lines of at most `width`, which a shell reads as one command; a longer word keeps its line."""
    lines = [""]
    for word in _SHELL_WORDS.findall(command):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        # Room for the sign that continues the line.
        if len(longer) <= width - 2 or not lines[-1].strip():
            lines[-1] = longer
        else:
            lines[-1] += " \\"
            lines.append(f"    {word}")
    return lines
