"""The one place where what went wrong becomes a message on stderr and an exit code; never a traceback.

0 done; 1 done, and what was asked to hold did not; 2 the input or the command was wrong; 130 interrupted.
"""

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import typer

from journey.core.errors import JourneyError
from scenarios.cli import INTERRUPTED
from scenarios.text.escaping import escape_terminal

SUCCESS = 0
CHECK_FAILED = 1
WRONG_INPUT = 2


def handle_errors(command: Callable[..., None]) -> Callable[..., None]:
    """`command`, with its errors turned into messages and exit codes."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            _refuse_closed_output()
            command(*args, **kwargs)
            sys.stdout.flush()
        except JourneyError as error:
            _exit_with_error(str(error))
        except BrokenPipeError:
            exit_quietly()
        except OSError as error:
            _exit_with_error(_format_os_error(error))
        except KeyboardInterrupt:
            _exit_interrupted()
        except RuntimeError as error:
            # DuckDB takes Ctrl-C for itself while a query runs, and reports it in its own way.
            if "interrupt" not in str(error).lower():
                raise
            _exit_interrupted()

    return run


def _exit_interrupted() -> None:
    typer.echo("interrupted", err=True)
    raise typer.Exit(INTERRUPTED) from None


def _refuse_closed_output() -> None:
    """Python has no stdout at all when the caller closed it; results then have nowhere to go."""
    if sys.stdout is None:
        _exit_with_error(
            "stdout is closed, so there is nowhere to print the result; leave it open or send it to a file"
        )


def exit_quietly() -> None:
    """End the process because whoever read stdout (``| head``) has gone: that is no failure of ours."""
    # Python flushes stdout once more on its way out; pointed at nowhere, that cannot fail.
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
    raise typer.Exit(SUCCESS)


def _exit_with_error(message: str) -> None:
    typer.echo(escape_terminal(f"journey: {message}"), err=True)
    raise typer.Exit(WRONG_INPUT) from None


def _format_os_error(error: OSError) -> str:
    if error.filename is None:
        return f"the operating system refused: {error.strerror or error}"
    return f"{error.filename}: {error.strerror or error}"
