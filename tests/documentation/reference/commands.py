"""The commands and their options, from the program itself."""

from typing import Any

import typer.main

from scenarios.cli.application import app
from scenarios.cli.commands import COMMANDS
from scenarios.cli.help_text import Command, describe, is_argument, name_option
from tests.documentation.reference.markdown import build_page, build_table, code

INTRO = """`journey COMMAND --help` prints the same in a terminal.

Results go to stdout; progress, warnings and the names of written files go to stderr. `--json` prints one JSON value
and nothing else to stdout ([JSON](json.md)). Output to a pipe or a file has no colour, and `NO_COLOR` removes it in
a terminal.

| exit code | meaning |
| --- | --- |
| 0 | The command is done. |
| 1 | The command is done, and the check that it was asked for failed, for example `check --strict` with errors. |
| 2 | The input or the command is wrong. The message states what is wrong and how to correct it. |
| 130 | The command was interrupted. |
| 128 + N | The command was ended by signal N, for example 143 by SIGTERM. Temporary files are removed. |"""


def build_commands() -> str:
    """The page of all commands."""
    group: Any = typer.main.get_command(app)
    context = typer.Context(group)
    return build_page("Commands", INTRO, *(_build_command(name, group.get_command(context, name)) for name in COMMANDS))


def _build_command(name: str, command: Command) -> str:
    context = typer.Context(command, info_name=f"journey {name}")
    usage = " ".join([f"journey {name}", *command.collect_usage_pieces(context)])
    parameters = [parameter for parameter in command.get_params(context) if "--help" not in parameter.opts]
    arguments = [(code(p.metavar), describe(p)) for p in parameters if is_argument(p)]
    options = [(code(name_option(p)), describe(p)) for p in parameters if not is_argument(p)]
    return "\n\n".join(
        [
            f"## journey {name}",
            " ".join((command.help or "").split()),
            f"```text\n{usage}\n```",
            *([build_table(("argument", "meaning"), arguments)] if arguments else []),
            *([build_table(("option", "meaning"), options)] if options else []),
        ]
    )
