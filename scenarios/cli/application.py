"""The `journey` program: a typer application that imports the module of a command when the command is used."""

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from journey.core.suggestions import did_you_mean
from scenarios.cli.commands import COMMANDS
from scenarios.cli.error_handling import handle_errors
from scenarios.cli.help_text import MAX_WIDTH, Command
from scenarios.text.escaping import escape_terminal

_USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[1]
"""Errors of arguments and options, which typer reports."""


class LazyGroup(TyperGroup):
    """A group that imports the module of a command when the command is used."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; arguments that an error message repeats are escaped."""
        try:
            return super().invoke(ctx)
        except _USAGE_ERROR as error:
            if isinstance(message := getattr(error, "message", None), str):
                error.message = escape_terminal(message)  # type: ignore[attr-defined]
            raise

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the signature is typer's
        """Names of the commands, in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the signature is typer's
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        single = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
        single.command(cmd_name, cls=Command)(handle_errors(import_module(COMMANDS[cmd_name]).command))
        loaded = get_command(single)
        loaded.name = cmd_name
        return loaded

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command named by the first of `args`.

        An unknown name ends the program with the closest known name.
        """
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"unknown command {args[0]!r}{did_you_mean(args[0], tuple(COMMANDS))}")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=LazyGroup,
    name="journey",
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": MAX_WIDTH},
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - a typer callback
    if wanted:
        from importlib.metadata import version

        typer.echo(f"journeylab {version('journeylab')}")
        raise typer.Exit


@app.callback()
def program(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Evaluate recorded customers, simulate customer journeys and compare interventions."""
