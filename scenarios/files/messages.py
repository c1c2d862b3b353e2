"""Errors and notices of a scenario: what is wrong or outdated, with its file, line and key."""

from typing import NamedTuple


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
        return ": ".join(part for part in (place, self.key, self.message) if part)
