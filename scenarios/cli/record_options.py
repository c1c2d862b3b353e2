"""Arguments and options of the commands that read a folder of records, and what they mean."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from journey.decision.policy import Policy
    from journey.machine import Journey
    from journey.records.folder import Records

BUNDLED = "the bundled ten customers"

FolderArgument = Annotated[
    Path | None, typer.Argument(metavar="[FOLDER]", help="Folder of records; left out: the bundled ten customers.")
]
AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DATE", help="Use nothing dated later; left out: the latest date in the records."),
]
PolicyOption = Annotated[Path | None, typer.Option("--policy", metavar="F.toml", help="A policy file.")]
JourneyOption = Annotated[
    str | None,
    typer.Option("--journey", metavar="SCENARIO", help="The scenario whose journey holds; left out: the default one."),
]


def load_journey_and_policy(source: str | None, policy: Path | None) -> "tuple[Journey, Policy]":
    """The journey of that scenario or the default one, and the policy of that file or the default one.

    Raises:
        InputError: Scenario or policy file is missing or says something impossible.
    """
    from journey.decision.policy import Policy, read_policy

    return load_journey(source), Policy() if policy is None else read_policy(policy)


def load_journey(source: str | None) -> "Journey":
    """The journey of a scenario, the default one where none is named.

    Raises:
        InputError: There is no such scenario, or it says something impossible.
    """
    from journey.machine import default_journey

    if source is None:
        return default_journey()
    from scenarios.files.loader import load

    return load(source).arms[0].journey


def read_records(folder: Path | None, journey: "Journey", policy: "Policy") -> "Records":
    """The records of the folder, or the bundled ten customers.

    Raises:
        InputError: The folder or one of its files cannot be read.
    """
    from journey.records.folder import bundled_folder, read_folder

    records = read_folder(bundled_folder() if folder is None else folder, journey=journey, policy=policy)
    if folder is None:
        # Where the package happens to be installed tells the reader nothing.
        records.source = BUNDLED
    return records
