"""Arguments and options of the commands that read a folder of records."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from journey.decision.policy import Policy
    from journey.machine import Journey
    from journey.records.folder import Records

BUNDLED = "the ten bundled customers"

FolderArgument = Annotated[
    Path | None, typer.Argument(metavar="FOLDER", help="Folder of records. Default: the ten bundled customers.")
]
AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of", metavar="DATE", help="Ignore records dated later. Default: the latest date in the records."
    ),
]
PolicyOption = Annotated[
    Path | None, typer.Option("--policy", metavar="FILE.toml", help="Policy file. Default: the default policy.")
]
JourneyOption = Annotated[
    str | None,
    typer.Option(
        "--journey", metavar="SCENARIO", help="Scenario whose journey the records follow. Default: the default journey."
    ),
]


def load_journey_and_policy(source: str | None, policy: Path | None) -> "tuple[Journey, Policy]":
    """The journey of a scenario and the policy of a file; the defaults where they are None.

    Raises:
        InputError: The scenario or the policy file is missing or invalid.
    """
    from journey.decision.policy import Policy, read_policy

    return load_journey(source), Policy() if policy is None else read_policy(policy)


def load_journey(source: str | None) -> "Journey":
    """The journey of a scenario; the default journey where `source` is None.

    Raises:
        InputError: The scenario is unknown or invalid.
    """
    from journey.machine import default_journey

    if source is None:
        return default_journey()
    from scenarios.files.loader import load

    return load(source).arms[0].journey


def read_records(folder: Path | None, journey: "Journey", policy: "Policy") -> "Records":
    """The records of the folder; the ten bundled customers where `folder` is None.

    Raises:
        InputError: The folder or one of its files cannot be read.
    """
    from journey.records.folder import bundled_folder, read_folder

    records = read_folder(bundled_folder() if folder is None else folder, journey=journey, policy=policy)
    if folder is None:
        # The path of the installed package is of no use to the reader.
        records.source = BUNDLED
    return records
