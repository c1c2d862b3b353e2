"""The `--help` of a command: what an option takes and its default, without the types of Python."""

from collections import Counter
from enum import Enum
from typing import Any

import typer
from typer.core import TyperCommand

MAX_WIDTH = 100
"""Columns; help is wrapped at the width of the terminal, but not beyond this."""


class Command(TyperCommand):
    """A command whose help names each value as its option does: ``--limit N``, ``--policy FILE``."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the signature is typer's
        """``[OPTIONS]`` and the arguments; optional ones in brackets."""
        arguments = [_name_argument(parameter) for parameter in self.params if is_argument(parameter)]
        return ["[OPTIONS]", *arguments]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments; an option that takes one value may be given once, because the first would be lost."""
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        given = Counter(parameter.name for parameter in order if _takes_one_value(parameter))
        for parameter in order:
            if given[parameter.name] > 1:
                ctx.fail(f"{name_option(parameter)}: is given {given[parameter.name]} times; give it once")
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            # The words with which pydantic begins the message of a value that is none of the choices.
            error.message = error.message.removeprefix("Value error, ")
            raise

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write usage, description, arguments and options to the formatter."""
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)))
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(self.help or "")
        parameters = self.get_params(ctx)
        for title, rows in (
            ("Arguments", [(str(p.metavar), describe(p)) for p in parameters if is_argument(p)]),
            ("Options", [(name_option(p), describe(p)) for p in parameters if not is_argument(p)]),
        ):
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


def _takes_one_value(parameter: Any) -> bool:
    return not is_argument(parameter) and not parameter.multiple and not parameter.is_flag and not parameter.count


def is_argument(parameter: Any) -> bool:
    """Whether a parameter is an argument, as opposed to an option."""
    return bool(parameter.param_type_name == "argument")


def _name_argument(parameter: Any) -> str:
    return str(parameter.metavar) if parameter.required else f"[{parameter.metavar}]"


def name_option(parameter: Any) -> str:
    """``--limit N``, ``-h, --help``."""
    names = ", ".join(sorted(parameter.opts, key=len))
    return names if parameter.metavar is None else f"{names} {parameter.metavar}"


def describe(parameter: Any) -> str:
    """The help of an option, with its default where the text does not state one."""
    text = str(parameter.help or "")
    default = parameter.default.value if isinstance(parameter.default, Enum) else parameter.default
    if default is None or default is False or parameter.required or "Default:" in text:
        return text
    return f"{text} Default: {default}."
