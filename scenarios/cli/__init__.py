"""The command line: one module per command, thin over the packages that do the work.

* `registry` names the commands; `application` turns the table into the `journey` program;
* `guard` is the one place where errors become messages and exit codes;
* `output` holds the conventions of what is printed and where.
"""

import sys

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it; the others are in `guard`."""


def main() -> None:
    """Run the `journey` command with the arguments of this process."""
    try:
        from scenarios.cli.application import app

        app()
    except KeyboardInterrupt:
        # No command had begun: for those, `guard` answers.
        print("interrupted", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None
