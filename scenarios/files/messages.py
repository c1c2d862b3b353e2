"""Errors and notices of a scenario: what is wrong or outdated, with its file, line and key."""

from collections.abc import Sequence
from typing import NamedTuple

from journey.core.errors import InputError


class FileMessage(NamedTuple):
    """One error or notice.

    Attributes:
        file: The file as the user named it; or the override or option, such as ``population.size=0``.
        line: The line in the file, from 1; None where it is unknown, and for overrides and options.
        key: The dotted key, such as ``world.moves.churn.mean``; empty if the message is about the whole file.
        message: What is wrong or outdated, and what to write instead.
    """

    file: str
    line: int | None
    key: str
    message: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        is_named = self.line is None and is_override_of(self.file, self.key)
        return ": ".join(part for part in (place, "" if is_named else self.key, self.message) if part)


def is_override_of(source: str, key: str) -> bool:
    """Whether a source is an override of just this key, such as ``population.size=0``, so that it names the key."""
    return source.partition("=")[0].strip() == key


class ScenarioError(InputError):
    """A scenario with errors; the message has one line for each.

    Attributes:
        errors: All errors, in the order of the files and of the lines in each.
        notices: Keys that are accepted but outdated.
    """

    def __init__(self, errors: Sequence[FileMessage], notices: Sequence[FileMessage] = ()) -> None:
        super().__init__("\n".join(map(str, errors)))
        self.errors = tuple(errors)
        self.notices = tuple(notices)
