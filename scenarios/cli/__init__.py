"""The command line: one module per command, thin over the packages that do the work.

* `registry` names the commands; `application` turns the table into the `journey` program;
* `guard` is the one place where errors become messages and exit codes;
* `output` holds the conventions of what is printed and where.
"""


def main() -> None:
    """Run the `journey` command with the arguments of this process."""
    from scenarios.cli.application import app

    app()
