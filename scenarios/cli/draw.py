"""`journey draw`: the machine as a picture."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from scenarios.cli.record_options import load_journey


class PictureFormat(StrEnum):
    """How the picture is written."""

    MERMAID = "mermaid"
    SVG = "svg"
    DOT = "dot"


def command(
    scenario: Annotated[
        str | None,
        typer.Argument(help="A built-in scenario or a scenario file (TOML); left out: the default journey."),
    ] = None,
    format_: Annotated[PictureFormat, typer.Option("--format", help="How to write it.")] = PictureFormat.MERMAID,
    out: Annotated[Path | None, typer.Option("--out", help="File to write; left out: stdout.")] = None,
) -> None:
    """Draw the journey's stages and legal moves."""
    from journey.machine import drawing
    from journey.runtime.atomic_files import write_text
    from scenarios.cli.console import print_message

    picture = {
        PictureFormat.MERMAID: drawing.to_mermaid,
        PictureFormat.SVG: drawing.to_svg,
        PictureFormat.DOT: drawing.to_dot,
    }[format_](load_journey(scenario))
    if out is None:
        typer.echo(picture.rstrip("\n"))
        return
    write_text(out, picture if picture.endswith("\n") else picture + "\n")
    print_message(f"wrote {out}")
