"""Arguments and options of the commands that read a folder of records."""

from pathlib import Path
from typing import Annotated

import typer

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
        "--journey",
        metavar="FILE",
        help="Journey file, or scenario, whose journey alone is used, with the rules in it. Default: the default "
        "journey.",
    ),
]
RulesScenarioOption = Annotated[
    str | None,
    typer.Option("--scenario", metavar="SCENARIO", help="Scenario whose journey and policy are used."),
]
RulesArmOption = Annotated[
    str | None,
    typer.Option("--arm", metavar="NAME", help="Arm of --scenario whose policy is used. Default: baseline."),
]
