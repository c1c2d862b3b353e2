"""Line numbers of the keys in a TOML text, for messages; `tomllib` reads the values without line numbers."""

import re
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_INLINE_BLANK = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]+")


def find_lines(text: str) -> dict[Path, int]:
    """The line number of every key, table and array item in a valid TOML text, by path.

    Args:
        text: A text that `tomllib` accepts; for any other text the result is incomplete.

    Returns:
        Line numbers from 1. A path consists of names of keys and positions in arrays, from 0, such as
        ``("journey", "moves", 2, "source")``. A table has the line where it first occurs.
    """
    scanner = _Scanner(text.replace("\r\n", "\n"))
    with suppress(_UnexpectedError):
        scanner.scan()
    return scanner.lines


class _UnexpectedError(Exception):
    """The text is not valid TOML here."""


class _Header(NamedTuple):
    """The header of a table: ``[a.b]``, or ``[[a.b]]`` for the next table of an array."""

    names: tuple[str, ...]
    is_array: bool


class _Scanner:
    """Reads keys and values in order, and records the line of each."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {}
        self._text = text
        self._position = 0
        self._line = 1
        self._array_lengths: dict[Path, int] = {}

    def scan(self) -> None:
        table: Path = ()
        self._skip(_BLANK)
        while self._position < len(self._text):
            if self._next_is("["):
                line = self._line
                table = self._enter(self._read_header(), line)
            else:
                self._read_pair(table)
            self._skip(_BLANK)

    def _enter(self, header: _Header, line: int) -> Path:
        """The path of the table that a header begins."""
        path: Path = ()
        for name in header.names[:-1]:
            path = self._latest((*path, name), line)
        path = (*path, header.names[-1])
        self._keep(path, line)
        if not header.is_array:
            return path
        index = self._array_lengths.get(path, 0)
        self._array_lengths[path] = index + 1
        self._keep((*path, index), line)
        return (*path, index)

    def _latest(self, path: Path, line: int) -> Path:
        """A table, or the last table of an array of tables."""
        self._keep(path, line)
        length = self._array_lengths.get(path)
        return path if length is None else (*path, length - 1)

    def _read_header(self) -> _Header:
        self._take("[")
        is_array = self._next_is("[")
        if is_array:
            self._take("[")
        names = self._read_key()
        self._take("]]" if is_array else "]")
        return _Header(names, is_array)

    def _read_pair(self, table: Path) -> None:
        line = self._line
        names = self._read_key()
        path = table
        for name in names:
            path = (*path, name)
            self._keep(path, line)
        self._take("=")
        self._skip(_INLINE_BLANK)
        self._read_value(path)

    def _read_key(self) -> tuple[str, ...]:
        names: list[str] = []
        while True:
            self._skip(_INLINE_BLANK)
            string = _STRING.match(self._text, self._position)
            if string is not None:
                names.append(_parse_string(self._advance(string)))
            else:
                names.append(self._advance(_BARE_KEY.match(self._text, self._position)))
            self._skip(_INLINE_BLANK)
            if not self._next_is("."):
                return tuple(names)
            self._take(".")

    def _read_value(self, path: Path) -> None:
        if self._next_is("["):
            self._read_array(path)
        elif self._next_is("{"):
            self._read_inline_table(path)
        else:
            string = _STRING.match(self._text, self._position)
            self._advance(string or _SCALAR.match(self._text, self._position))

    def _read_array(self, path: Path) -> None:
        for index in self._enumerate_items("[", "]"):
            self._keep((*path, index), self._line)
            self._read_value((*path, index))

    def _read_inline_table(self, path: Path) -> None:
        for _ in self._enumerate_items("{", "}"):
            self._read_pair(path)

    def _enumerate_items(self, opening: str, closing: str) -> Iterator[int]:
        """The indices of items that are separated by commas; the caller reads each item before it asks for the next."""
        self._take(opening)
        self._skip(_BLANK)
        index = 0
        while not self._next_is(closing):
            yield index
            index += 1
            self._skip(_BLANK)
            if self._next_is(","):
                self._take(",")
                self._skip(_BLANK)
            elif not self._next_is(closing):
                raise _UnexpectedError
        self._take(closing)

    def _keep(self, path: Path, line: int) -> None:
        self.lines.setdefault(path, line)

    def _next_is(self, text: str) -> bool:
        return self._text.startswith(text, self._position)

    def _take(self, text: str) -> None:
        if not self._next_is(text):
            raise _UnexpectedError
        self._position += len(text)

    def _skip(self, pattern: re.Pattern[str]) -> None:
        self._advance(pattern.match(self._text, self._position))

    def _advance(self, found: re.Match[str] | None) -> str:
        if found is None:
            raise _UnexpectedError
        self._position = found.end()
        self._line += found[0].count("\n")
        return found[0]


def _parse_string(quoted: str) -> str:
    """The name that a quoted key means."""
    try:
        return str(tomllib.loads(f"name = {quoted}")["name"])
    except tomllib.TOMLDecodeError:
        raise _UnexpectedError from None
