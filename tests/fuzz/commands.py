"""Run a command and say what is wrong with how it ended."""

import json
import re
import signal
from contextlib import contextmanager
from pathlib import Path

from tests.scenarios.cli.invocation import invoke

SECONDS = 60
"""A command that takes longer on these small inputs hangs."""

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\u202a-\u202e\u2066-\u2069]")
"""Characters that act on a terminal and must not come from input."""


class Hang(BaseException):
    """Not an Exception, so that no command can handle it."""


class UnsoundEndError(AssertionError):
    """A command ended as it must not end."""


@contextmanager
def _time_limit():
    def stop(*_):
        raise Hang

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run(*arguments, inputs: Path, written: tuple[str, ...] = ()):
    """The result of a command whose end was sound: exit code 0, 1 or 2, a message, valid JSON, inputs unchanged.

    Args:
        arguments: The arguments of `journey`.
        inputs: The folder of all inputs.
        written: Names of files in this folder that the command may change or create.

    Raises:
        UnsoundEndError: It was not.
    """
    before = snapshot(inputs)
    try:
        with _time_limit():
            done = invoke(*arguments)
    except Hang:
        raise UnsoundEndError(f"no end after {SECONDS} s: {arguments}") from None
    told = f"{' '.join(map(str, arguments))}\nexit code {done.exit_code}\n{done.stderr[-2000:]}"
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise UnsoundEndError(f"{type(done.exception).__name__}: {done.exception}\n{told}") from done.exception
    if done.exit_code not in (0, 1, 2):
        raise UnsoundEndError(f"unknown exit code\n{told}")
    # `validate --json` prints the errors as JSON too.
    lists_errors = arguments[0] == "validate" and "--json" in arguments
    if done.exit_code == 2 and (not done.stderr.strip() or (done.stdout.strip() and not lists_errors)):
        raise UnsoundEndError(f"a refusal is one message on stderr\n{told}\n{done.stdout[-500:]}")
    if CONTROL.search(done.stdout) or CONTROL.search(done.stderr):
        raise UnsoundEndError(f"control characters reach the terminal\n{told}\n{done.stdout[-500:]}")
    if "--json" in arguments and (done.exit_code != 2 or (lists_errors and done.stdout)):
        read_json(done.stdout, told)
    after = snapshot(inputs)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} - set(written)
    if changed:
        raise UnsoundEndError(f"changed or created: {sorted(changed)}\n{told}")
    return done


def snapshot(folder: Path) -> dict[str, bytes]:
    """The content of every file in a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def read_json(text: str, told: str = ""):
    """The one JSON value of a text, without NaN and infinities.

    Raises:
        UnsoundEndError: The text is not one valid JSON value.
    """

    def refuse(name):
        raise ValueError(f"{name} is not JSON")

    try:
        return json.loads(text, parse_constant=refuse)
    except ValueError as error:
        raise UnsoundEndError(f"invalid JSON: {error}\n{told}") from error
