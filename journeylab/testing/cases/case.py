"""One case: what a test is called, what it checks, and which move it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class CaseError(AssertionError):
    """What a case found, in sentences for the user."""


class CaseSkipped(Exception):  # noqa: N818 - it is no error
    """Why a case cannot be decided."""


@dataclass(frozen=True, slots=True)
class Case:
    """A case.

    Attributes:
        name: Its name: the kind, and in brackets what it is about.
        check: Raises `CaseError` if it does not hold.
        move: The move, as (stage, name), that it makes if it holds; None if it makes none.
    """

    name: str
    check: Callable[[], None]
    move: tuple[str, str] | None = None
