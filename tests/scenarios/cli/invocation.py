"""Running the command as a user does: in this process where it is enough, as a process of its own where it is not."""

import json
import os
import subprocess
import sys

from typer.testing import CliRunner

from scenarios.cli.application import app

RUN = [sys.executable, "-c", "from scenarios.cli import main; main()"]


def invoke(*arguments, **environment):
    """The result of a command: exit_code, stdout, stderr."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env=environment)


def json_of(*arguments):
    """The one JSON value that a command prints, and nothing else."""
    result = invoke(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def process(*arguments, cwd=None, **environment):
    """The same as a process of its own."""
    return subprocess.run(
        [*RUN, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **environment},
        check=False,
    )


def broken_words(narrow, wide):
    """Words of the narrow output that are not in the wide one, where no word needs to be broken.

    Punctuation does not count, because narrow screens separate cells with signs of their own. Numbers alone do not
    count either: the time of a run differs.
    """
    return _words(narrow) - _words(wide)


def _words(text):
    words = {word.strip("(),:;.") for word in text.split()}
    return {word for word in words if any(sign.isalpha() for sign in word)}
