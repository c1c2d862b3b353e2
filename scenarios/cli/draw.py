"""`journey draw`: a diagram of the journey."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class PictureFormat(StrEnum):
    """File format of the diagram."""

    MERMAID = "mermaid"
    SVG = "svg"
    DOT = "dot"


def command(
    scenario: Annotated[
        str | None,
        typer.Argument(
            metavar="SCENARIO",
            help="Name of a built-in scenario, or a scenario or journey file (TOML). Default: the default journey.",
        ),
    ] = None,
    format_: Annotated[
        PictureFormat, typer.Option("--format", metavar="mermaid|svg|dot", help="Format of the diagram.")
    ] = PictureFormat.MERMAID,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="File to write. Default: stdout.")] = None,
) -> None:
    """Draw the stages and legal moves of a journey."""
    from journey.machine import drawing
    from journey.runtime.atomic_files import write_text
    from scenarios.cli.console import print_message
    from scenarios.operations.evaluation_rules import open_journey
    from scenarios.operations.output_paths import Output, refuse_outputs

    machine, inputs = open_journey(scenario)
    refuse_outputs([Output("--out", out)], inputs)
    picture = {
        PictureFormat.MERMAID: drawing.to_mermaid,
        PictureFormat.SVG: drawing.to_svg,
        PictureFormat.DOT: drawing.to_dot,
    }[format_](machine)
    if out is None:
        typer.echo(picture.rstrip("\n"))
        return
    write_text(out, picture if picture.endswith("\n") else picture + "\n")
    print_message(f"wrote {out}")
