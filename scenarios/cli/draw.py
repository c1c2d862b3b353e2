"""`journey draw`: the machine as a picture."""

import tomllib
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from journey.errors import InputError

if TYPE_CHECKING:
    from journey.machine import Journey


class PictureFormat(StrEnum):
    """How the picture is written."""

    MERMAID = "mermaid"
    SVG = "svg"
    DOT = "dot"


def command(
    scenario: Annotated[
        str | None,
        typer.Argument(help="The path of a scenario file (TOML); left out: the default journey."),
    ] = None,
    format_: Annotated[PictureFormat, typer.Option("--format", help="How to write it.")] = PictureFormat.MERMAID,
    out: Annotated[Path | None, typer.Option("--out", help="File to write; left out: stdout.")] = None,
) -> None:
    """Draw the journey's stages and legal moves."""
    from journey.machine import drawing
    from scenarios.cli.output import say, write_atomically

    picture = {
        PictureFormat.MERMAID: drawing.to_mermaid,
        PictureFormat.SVG: drawing.to_svg,
        PictureFormat.DOT: drawing.to_dot,
    }[format_](_journey_of(scenario))
    if out is None:
        typer.echo(picture.rstrip("\n"))
        return
    write_atomically(out, picture if picture.endswith("\n") else picture + "\n")
    say(f"wrote {out}")


def _journey_of(scenario: str | None) -> "Journey":
    from journey.machine import Journey, default_journey

    if scenario is None:
        return default_journey()
    try:
        described = tomllib.loads(Path(scenario).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{scenario}: there is no such scenario file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{scenario}: is not valid TOML: {error}") from None
    journey = described.get("journey")
    return default_journey() if journey is None else Journey.from_dict(journey)
