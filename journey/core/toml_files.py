"""TOML files of users: read in one place, so that each is refused with the same messages.

A file is refused if it is larger than any scenario or policy, and if its tables and arrays are nested more deeply than
any key needs: both would end in an error of the interpreter instead of a message.
"""

import os
import stat
import tomllib
from pathlib import Path
from typing import Any

from journey.core.errors import InputError

MAX_BYTES = 4 * 1024 * 1024
"""Largest file that is read, in bytes. The largest built-in scenario has a few thousand."""

MAX_DEPTH = 50
"""Largest number of tables and arrays within each other."""


def read_toml(path: Path, name: str, kind: str) -> dict[str, Any]:
    """The content of a TOML file in UTF-8.

    Args:
        path: The file.
        name: The file as the user named it, for messages.
        kind: The kind of file, for messages, such as ``scenario``.

    Raises:
        InputError: The file does not exist, cannot be read, is too large, or is not valid TOML.
    """
    try:
        data = _read_start(path)
    except FileNotFoundError:
        raise InputError(f"{name}: the {kind} file does not exist") from None
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror or error}") from None
    if len(data) > MAX_BYTES:
        raise InputError(f"{name}: is larger than {MAX_BYTES // 1024**2} MB, so it is not a {kind} file")
    try:
        return parse_toml(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise InputError(f"{name}: not UTF-8 text; save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        # tomllib's message for a key or table that occurs twice.
        reason = str(error).replace("Cannot overwrite a value", "a key is given twice")
        raise InputError(f"{name}: not valid TOML: {reason}") from None


def read_again(path: Path) -> str | None:
    """The text of a TOML file that has been read before, or None if it cannot be read again, as with a pipe."""
    try:
        return path.read_bytes().decode("utf-8-sig") if path.is_file() else None
    except (OSError, UnicodeDecodeError):
        return None


def _read_start(path: Path) -> bytes:
    """Up to one byte more than the largest file: a device such as /dev/zero has no end."""
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags)
    with os.fdopen(descriptor, "rb") as file:
        start = _read_pipe(descriptor) if stat.S_ISFIFO(os.fstat(descriptor).st_mode) else b""
        if hasattr(os, "O_NONBLOCK"):
            os.set_blocking(descriptor, True)
        return start + file.read(MAX_BYTES + 1 - len(start))


def _read_pipe(descriptor: int) -> bytes:
    """What is in a pipe now, such as that of ``<(command)`` in a shell.

    Raises:
        OSError: Nothing writes to it: reading would wait for ever.
    """
    try:
        start = os.read(descriptor, MAX_BYTES)
    except BlockingIOError:
        # A program is about to write.
        return b""
    if not start:
        raise OSError("it is a pipe to which no program writes")
    return start


def parse_toml(text: str) -> dict[str, Any]:
    """The content of a TOML text.

    Raises:
        TOMLDecodeError: The text is not valid TOML, or is nested too deeply.
    """
    too_deep = f"tables and arrays are nested more than {MAX_DEPTH} deep"
    try:
        parsed = tomllib.loads(text)
    except RecursionError:
        raise tomllib.TOMLDecodeError(too_deep) from None
    except tomllib.TOMLDecodeError:
        raise
    except ValueError as error:
        # An integer with thousands of digits.
        raise tomllib.TOMLDecodeError(str(error)) from None
    if _measure_depth(parsed) > MAX_DEPTH:
        raise tomllib.TOMLDecodeError(too_deep)
    return parsed


def _measure_depth(value: Any) -> int:
    """The number of tables and arrays within each other, without recursion."""
    depth, level = 0, [value]
    while level := [part for part in level if isinstance(part, dict | list)]:
        depth += 1
        level = [inner for part in level for inner in (part.values() if isinstance(part, dict) else part)]
    return depth
