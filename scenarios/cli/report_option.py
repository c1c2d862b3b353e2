"""The option `--report`: the path is checked before the work, and the report is written after it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scenarios.reports.document import Block

ReportOption = Annotated[
    Path | None, typer.Option("--report", metavar="FILE.md|FILE.html", help="Write a report to this file.")
]


def refuse_report(path: Path | None) -> None:
    """Refuse a path that is no report; None is accepted. `scenarios.operations.output_paths` checks the rest.

    Raises:
        InputError: The file extension is unknown.
    """
    if path is None:
        return
    from scenarios.reports.document import refuse_unknown_format

    refuse_unknown_format(path)


def write_report(path: Path | None, blocks: "Callable[[], Sequence[Block]]") -> None:
    """Write a report and print its path; do nothing where `path` is None.

    Args:
        path: The file, or None.
        blocks: Builds the report; called only where there is a file.

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
