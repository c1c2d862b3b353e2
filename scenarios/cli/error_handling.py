"""Error handling of all commands: a message on stderr and an exit code instead of a traceback.

Exit codes: 0 success; 1 completed, but a requested check failed; 2 invalid input or command; 130 interrupted; 128 and
the number of the signal, ended by a signal.
"""

import io
import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import typer

from journey.core.errors import JourneyError
from journey.runtime.address_space import refuse_small_address_space
from scenarios.cli import INTERRUPTED, WRONG_INPUT
from scenarios.cli.messages import print_message
from scenarios.cli.platform_failures import describe_failure, describe_undecodable
from scenarios.execution.interruption_errors import is_interruption
from scenarios.execution.termination import get_exit_code

SUCCESS = 0
CHECK_FAILED = 1

LEAST_BYTES = 600_000_000
"""Address space that any command needs: with less, NumPy and SciPy end the process, or loop for ever, when imported."""


def handle_errors(command: Callable[..., None]) -> Callable[..., None]:
    """`command` with errors converted to messages and exit codes."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            _refuse_closed_output()
            refuse_small_address_space("this program", LEAST_BYTES)
            _escape_unencodable_text()
            _refuse_undecodable_arguments([*args, *kwargs.values()])
            command(*args, **kwargs)
            sys.stdout.flush()
        except JourneyError as error:
            _exit_with_error(str(error))
        except BrokenPipeError:
            exit_quietly()
        except KeyboardInterrupt:
            _exit_interrupted()
        except Exception as error:
            if is_interruption(error):
                _exit_interrupted()
            message = describe_failure(error)
            if message is None:
                raise
            _exit_with_error(message)

    return run


def _exit_interrupted() -> None:
    print_message("interrupted")
    raise typer.Exit(get_exit_code() or INTERRUPTED) from None


def _refuse_undecodable_arguments(values: list[Any]) -> None:
    """Refuse names and texts that are not UTF-8 before anything is computed: the database cannot use them."""
    message = describe_undecodable(values)
    if message is not None:
        _exit_with_error(message)


def _refuse_closed_output() -> None:
    """Refuse to run when the caller closed stdout: `sys.stdout` is None then."""
    if sys.stdout is None:
        _exit_with_error("stdout is closed, so the result cannot be printed; keep it open or redirect it to a file")


def _escape_unencodable_text() -> None:
    r"""Print characters that the encoding of stdout or stderr lacks as codes such as ``\xeb``, not as an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def exit_quietly() -> None:
    """End the process with code 0, because the reader of stdout (``| head``) has closed the pipe."""
    # Python flushes stdout at exit; redirected to the null device, the flush cannot fail.
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
    raise typer.Exit(SUCCESS)


def _exit_with_error(message: str) -> None:
    print_message(f"journey: {message}")
    raise typer.Exit(WRONG_INPUT) from None
