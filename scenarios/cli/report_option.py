"""The option `--report` of a command, and what becomes of it: refused before the work, written whole after it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scenarios.reports.document import Block

ReportOption = Annotated[
    Path | None, typer.Option("--report", metavar="F.md|F.html", help="Write a report to this file.")
]


def refuse_report(path: Path | None) -> None:
    """Say before the work that a report could not be written; None is no report.

    Raises:
        InputError: The ending is of no known format, or the file cannot be written there.
    """
    if path is None:
        return
    from journey.runtime.atomic_files import refuse_unwritable
    from scenarios.reports.document import refuse_unknown_format

    refuse_unknown_format(path)
    refuse_unwritable(path)


def write_report(path: Path | None, blocks: "Callable[[], Sequence[Block]]") -> None:
    """Write a report, if one was asked for, and say so.

    Args:
        path: The file, or None.
        blocks: Makes the report; called only where there is a file.

    Raises:
        InputError: The file cannot be written.
    """
    if path is None:
        return
    from journey.runtime.atomic_files import write_text
    from scenarios.cli.console import print_message
    from scenarios.reports.document import render

    write_text(path, render(blocks(), path))
    print_message(f"wrote {path}")
