"""The command line: one module per command; the work is in other packages.

* `commands` lists the commands; `application` builds the `journey` program from the list;
* `error_handling` turns errors into messages and exit codes;
* `help_text` formats `--help`;
* `console` prints results to stdout and messages to stderr.
"""

import os
import sys
import warnings

from journey.core.errors import OldKeyWarning
from scenarios.cli.messages import print_message
from scenarios.execution.termination import unwind_on_termination

WRONG_INPUT = 2
INTERRUPTED = 130
"""Exit code after Ctrl-C, as in shells; the others are in `error_handling`."""


def _print_warning(message: Warning | str, *_position: object, **_more: object) -> None:
    """Print a warning as one line, without the position in the source code."""
    print_message(f"notice: {message}" if isinstance(message, OldKeyWarning) else f"journey: warning: {message}")


def _restart_in_utf8() -> None:
    """Start again in Python's UTF-8 mode where the locale, such as C, cannot read an argument that is UTF-8."""
    if sys.flags.utf8_mode or sys.getfilesystemencoding() == "utf-8":
        return
    if any("\ud800" <= character <= "\udfff" for argument in sys.argv for character in argument):
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606 - no shell


def main() -> None:
    """Run the `journey` command with the arguments of this process."""
    _restart_in_utf8()
    try:
        from scenarios.cli.application import app

        warnings.showwarning = _print_warning
        unwind_on_termination()
        app()
    except KeyboardInterrupt:
        # Interrupted before a command started; afterwards `error_handling` handles it.
        print_message("interrupted")
        raise SystemExit(INTERRUPTED) from None
    except OSError as error:
        # From `--help` and `--version`, which print outside of a command.
        print_message(f"journey: stdout cannot be written: {error.strerror or error}")
        raise SystemExit(WRONG_INPUT) from None
