"""`journey init`: a new project that runs as it is."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from scenarios.cli.common_options import JsonOption


class Template(StrEnum):
    """The template of a project."""

    SUBSCRIPTION = "subscription"
    TRIAL = "trial"
    SUPPORT = "support"
    BLANK = "blank"


_HELP = (
    "What to start from: a subscription with onboarding and support; a free trial that is paid for later; support "
    "tickets and escalations; or the smallest project."
)


def command(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder to create; it must be new or empty.")],
    *,
    template: Annotated[
        Template, typer.Option("--template", metavar="subscription|trial|support|blank", help=_HELP)
    ] = Template.SUBSCRIPTION,
    json_: JsonOption = False,
) -> None:
    """Create a project that runs as it is.

    Its files are a journey, a policy, a scenario, invented records, and a page with five commands to try.
    """
    from scenarios.cli.console import console, print_json
    from scenarios.operations.project import TEMPLATES, create_project

    files = create_project(folder, template)
    if json_:
        print_json({"folder": str(folder), "template": template.value, "files": [str(file) for file in files]})
        return
    out = console()
    out.print(f"wrote {len(files)} files to {folder} (template {template.value}: {TEMPLATES[template]})")
    for file in files:
        out.print(f"- {file}")
    out.print(f"To begin: read {folder / 'README.md'}, or run in {folder}: journey compare scenario.toml")
